// Package printable makes text from outside fit for a terminal: files, lessons, labs, logs, servers' and engines'
// answers. It is the one place that says which characters a terminal would obey rather than show.
//
// It does not know where a text comes from, nor how it is laid out.
package printable

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Mark stands in the place of each character that was not passed on, so that nothing is hidden.
const Mark = '�'

// Obeyed tells whether a terminal, or a reader of lines, may act on r rather than show it: the controls C0 (newline and
// tab included), DEL and C1; those that change the direction of writing (Unicode's property Bidi_Control) or how it is
// shaped (U+206A to U+206F); the separators of lines and paragraphs (U+2028, U+2029); and the anchors of interlinear
// annotations (U+FFF9 to U+FFFB).
func Obeyed(r rune) bool {
	switch {
	case r < 0x20 || r >= 0x7f && r < 0xa0:
		return true
	case r < 0x600:
		return false
	case r == 0x2028 || r == 0x2029, r >= 0x206a && r <= 0x206f, r >= 0xfff9 && r <= 0xfffb:
		return true
	}
	return unicode.Is(unicode.Bidi_Control, r)
}

// Line is s as one line of valid UTF-8: newlines and tabs become spaces, what a terminal would obey a Mark.
func Line(s string) string {
	if fit(s, false) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return visible(r)
	}, valid(s))
}

// Text is s as lines of valid UTF-8: newlines and tabs stay, "\r\n" becomes a newline, what a terminal would obey a Mark.
func Text(s string) string {
	if fit(s, true) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return visible(r)
	}, valid(s))
}

// Uncoloured is one line of what a program wrote for a terminal: its escape sequences go, the rest is as in Line.
func Uncoloured(s string) string { return strings.TrimSpace(Line(ansi.Strip(valid(s)))) }

// reference matches a character reference of Markdown and HTML (CommonMark 0.31, section 2.5).
var reference = regexp.MustCompile(`&(?:#[0-9]{1,10}|#[xX][0-9a-fA-F]{1,8}|[a-zA-Z][a-zA-Z0-9]{1,31});`)

// Markdown is Text, with a Mark in the place of character references that stand for what a terminal would obey, such as
// "&#27;" and "&rlm;": whoever renders the text would make that character of them.
func Markdown(s string) string {
	s = Text(s)
	if !strings.Contains(s, "&") {
		return s
	}
	return reference.ReplaceAllStringFunc(s, func(m string) string {
		for _, r := range html.UnescapeString(m) {
			if Obeyed(r) && r != '\n' && r != '\t' || numbersControl(m) {
				return string(Mark)
			}
		}
		return m
	})
}

// c1 matches numeric references to the controls of C1, which HTML reads as the letters of Windows-1252, and CommonMark
// as they are.
var c1 = regexp.MustCompile(`^&#(?:0*(?:12[789]|1[345][0-9])|[xX]0*(?:7[fF]|[89][0-9a-fA-F]));$`)

func numbersControl(m string) bool { return c1.MatchString(m) }

// Styled is text that a renderer of this program has styled for a terminal: colours (SGR) and hyperlinks (OSC 8) stay,
// any other sequence or character that a terminal would obey becomes a Mark.
func Styled(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return Obeyed(r) && r != '\n' && r != '\x1b' || r == utf8.RuneError }) &&
		strings.Count(s, "\x1b") == len(colour.FindAllStringIndex(s, -1)) {
		return s
	}
	var b strings.Builder
	p := ansi.NewParser()
	for state := byte(0); len(s) > 0; {
		seq, _, n, next := ansi.DecodeSequence(s, state, p)
		state = next
		if n <= 0 {
			break
		}
		s = s[n:]
		switch {
		case seq == "\n", colour.MatchString(seq) && len(colour.FindString(seq)) == len(seq), hyperlink(seq):
			b.WriteString(seq)
		case len(seq) > 0 && (seq[0] == 0x1b || seq[0] >= 0x80 && seq[0] < 0xa0):
			b.WriteRune(Mark)
		default:
			b.WriteString(strings.Map(visible, valid(seq)))
		}
	}
	return b.String()
}

// colour matches a sequence that selects colours and the like (ECMA-48, section 8.3.117, SGR).
var colour = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// hyperlink tells whether a whole sequence begins or ends a hyperlink, and has nothing else in it.
func hyperlink(seq string) bool {
	body, ok := strings.CutPrefix(seq, "\x1b]8;")
	if !ok {
		return false
	}
	end := strings.IndexAny(body, "\a\x1b")
	if end < 0 || body[end:] != "\a" && body[end:] != "\x1b\\" {
		return false
	}
	body = body[:end]
	return !strings.ContainsFunc(body, Obeyed) && utf8.ValidString(body)
}

func valid(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, string(Mark)), "\r\n", "\n")
}

func visible(r rune) rune {
	if Obeyed(r) {
		return Mark
	}
	return r
}

// fit tells whether s can stay as it is; most texts can.
func fit(s string, lines bool) bool {
	for i, r := range s {
		if (r == '\n' || r == '\t') && lines {
			continue
		}
		if Obeyed(r) || r == utf8.RuneError && s[i] != "\uFFFD"[0] {
			return false
		}
	}
	return utf8.ValidString(s)
}
