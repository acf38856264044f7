package locale

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// pairs matches a particle choice written as {with-final/without-final}: {이/가}, {을/를}, {은/는}, {과/와}, {으로/로}.
var pairs = regexp.MustCompile(`\{(이|을|은|과|으로|이라|이에|아)/(가|를|는|와|로|라|예|야)\}`)

// Particles replaces each particle pair in s by the member that fits the sound before it, which may be Hangul,
// a digit as it is read in Korean, or a Latin letter as Koreans say the word.
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
	if r >= 'A' && r <= 'Z' {
		r += 'a' - 'A'
	}
	return strings.ContainsRune("bcklmnpt", r), r == 'l'
}
