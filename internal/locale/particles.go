package locale

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// pairs matches a particle choice written as {with-final/without-final}: {이/가}, {을/를}, {은/는}, {과/와}, {으로/로}.
var pairs = regexp.MustCompile(`\{(이|을|은|과|으로|이라|이에|아)/(가|를|는|와|로|라|예|야)\}`)

// Particles replaces each particle pair in s by the member that fits the sound before it, which may be Hangul,
// a digit as it is read in Korean, or a Latin letter as Koreans say the word, or its name where letters are said one by
// one.
func Particles(s string) string {
	var b strings.Builder
	last := 0
	for _, m := range pairs.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(s[last:m[0]])
		final, rieul := finalConsonant(s[:m[0]])
		with, without := s[m[2]:m[3]], s[m[4]:m[5]]
		if final && !(with == "으로" && rieul) {
			b.WriteString(with)
		} else {
			b.WriteString(without)
		}
		last = m[1]
	}
	b.WriteString(s[last:])
	return b.String()
}

// plural matches an English noun after its number, written as %d finding{s}.
var plural = regexp.MustCompile(`\b\d+( [a-z ]+)\{s\}`)

// Plurals writes 1 finding and 2 findings where s has {s} after an English noun that follows its number.
func Plurals(s string) string {
	if !strings.Contains(s, "{s}") {
		return s
	}
	return plural.ReplaceAllStringFunc(s, func(counted string) string {
		counted = strings.TrimSuffix(counted, "{s}")
		if strings.HasPrefix(counted, "1 ") {
			return counted
		}
		return counted + "s"
	})
}

// finalConsonant tells whether the last sound of s is a consonant, and whether that is ㄹ. Closing quotes and
// brackets are looked through.
func finalConsonant(s string) (final, rieul bool) {
	s = strings.TrimRight(s, "\"'`)]}»”’ ")
	r, _ := utf8.DecodeLastRuneInString(s)
	switch {
	case r >= 0xAC00 && r <= 0xD7A3:
		jong := (r - 0xAC00) % 28
		return jong != 0, jong == 8
	case r >= '0' && r <= '9':
		return strings.ContainsRune("013678", r), strings.ContainsRune("178", r)
	}
	return latinFinal(lastLetters(s))
}

// lastLetters returns the Latin letters at the end of s, back to whatever else is before them.
func lastLetters(s string) string {
	before := strings.LastIndexFunc(s, func(r rune) bool { return !('a' <= r|0x20 && r|0x20 <= 'z') })
	if before < 0 {
		return s
	}
	_, width := utf8.DecodeRuneInString(s[before:])
	return s[before+width:]
}

// closed matches the ends of words that Koreans close with a consonant: 셸, 엔진, 소켓, 타임아웃. After another consonant
// or a long vowel a stop is said with a vowel of its own: 클라이언트, 네트워크, 하트비트.
var closed = regexp.MustCompile(`[lmn]$|ck$|(^|[^aeiou])[aeiouy][bckpt]$|ou[bckpt]$`)

// latinFinal is finalConsonant for Latin letters. HTTP, b and http, which has no vowel, are said letter by letter:
// 에이치티티피, 비. Of the letters' names 엘, 엠, 엔 and 알 alone end in a consonant. Everything else is said as a word.
func latinFinal(letters string) (final, rieul bool) {
	if letters == "" {
		return false, false
	}
	last := letters[len(letters)-1]
	lower := strings.ToLower(letters)
	spelled := 'A' <= last && last <= 'Z' || !strings.ContainsAny(lower, "aeiouy")
	switch {
	case !spelled:
		return closed.MatchString(lower), last == 'l'
	case strings.HasSuffix(lower, "er") || strings.HasSuffix(lower, "or"):
		return false, false // EDITOR, USER: said as words all the same, 에디터
	}
	last |= 0x20
	return strings.IndexByte("lmnr", last) >= 0, last == 'l' || last == 'r'
}
