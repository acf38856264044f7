package printable

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLineAndText(t *testing.T) {
	for _, tt := range []struct{ in, line, text string }{
		{"plain", "plain", "plain"},
		{"한글 👩‍💻 é", "한글 👩‍💻 é", "한글 👩‍💻 é"},
		{"a\nb\r\nc\td", "a b c d", "a\nb\nc\td"},
		{"a\rb", "a�b", "a�b"},
		{"\x1b[31mred\x1b[0m", "�[31mred�[0m", "�[31mred�[0m"},
		{"\x1b]52;c;QUFB\a", "�]52;c;QUFB�", "�]52;c;QUFB�"},
		{"c1 \u009b31m\u0085", "c1 �31m�", "c1 �31m�"},
		{"del \x7f nul \x00", "del � nul �", "del � nul �"},
		{"\u202eabc\u2066\u200f\u061c", "�abc���", "�abc���"},
		{"a\u2028b\u2029c", "a�b�c", "a�b�c"},
		{"\u206a\ufff9", "��", "��"},
		{"bytes \xff\xfe", "bytes �", "bytes �"},
		{"already \uFFFD", "already \uFFFD", "already \uFFFD"},
	} {
		if got := Line(tt.in); got != tt.line {
			t.Errorf("Line(%q) = %q, want %q", tt.in, got, tt.line)
		}
		if got := Text(tt.in); got != tt.text {
			t.Errorf("Text(%q) = %q, want %q", tt.in, got, tt.text)
		}
	}
}

func TestUncoloured(t *testing.T) {
	for in, want := range map[string]string{
		"\x1b[31mE:\x1b[0m no package\r\n": "E: no package",
		"\x1b]0;title\atext":               "text",
		"  \u009b1mbold":                   "�1mbold",
		"a\u202eb":                         "a�b",
	} {
		if got := Uncoloured(in); got != want {
			t.Errorf("Uncoloured(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"a &amp; b &lt;c&gt; &copy; &#44032;": "a &amp; b &lt;c&gt; &copy; &#44032;",
		"&#8238;x &#x202E;x &#X202e;x":        "�x �x �x",
		"&#8232;x&#8233;x":                    "�x�x",
		"&rlm;&lrm;":                          "��",
		"&#27;[2J &#x1b;[2J &#0000027;[2J":    "�[2J �[2J �[2J",
		"&#155;2J &#x9b;2J &#127;":            "�2J �2J �",
		"&#9;tab &#10;line &Tab; &NewLine;":   "&#9;tab &#10;line &Tab; &NewLine;",
		"&nosuch; & &#; &#xg;":                "&nosuch; & &#; &#xg;",
	} {
		if got := Markdown(in); got != want {
			t.Errorf("Markdown(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestStyled(t *testing.T) {
	for in, want := range map[string]string{
		"plain\n가나":                              "plain\n가나",
		"\x1b[1;38;2;1;2;3mbold\x1b[m":           "\x1b[1;38;2;1;2;3mbold\x1b[m",
		"\x1b]8;;https://x\x1b\\x\x1b]8;;\x1b\\": "\x1b]8;;https://x\x1b\\x\x1b]8;;\x1b\\",
		"\x1b]8;;https://x\ax\x1b]8;;\a":         "\x1b]8;;https://x\ax\x1b]8;;\a",
		"a\x1b[2Jb":                              "a�b",
		"a\x1b]52;c;QUFB\ab\x1b[mc":              "a�b\x1b[mc",
		"a\x1bP+q\x1b\\b":                        "a�b",
		"a\u202eb\u2028c":                        "a�b�c",
		"a\rb\tc":                                "a�b�c",
		"\x1b]8;;https://\u202ex\x1b\\x":         "�x",
		"\x1b[31":                                "�",
		"emoji 👩‍💻 \x1b[1mé\x1b[m \x07":          "emoji 👩‍💻 \x1b[1mé\x1b[m �",
	} {
		if got := Styled(in); got != want {
			t.Errorf("Styled(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestEveryRune: nothing that Unicode calls a control, a separator of lines or a mark of direction gets through.
func TestEveryRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		want := unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
		if want && !Obeyed(r) {
			t.Errorf("%U is passed on", r)
		}
		if Obeyed(r) && (unicode.IsPrint(r) || r == '\u200d') {
			t.Errorf("%U is kept back", r)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"a", "\x1b[31mx\x1b[m", "\x1b]8;;u\x1b\\", "&#27;", "\xff\u009b", "\u202e", "\x1b]52;\x1b[m", "\x1b\x1b[m", "\x1b[\xff"} {
		f.Add(s)
	}
	bad := func(keep string) func(rune) bool {
		return func(r rune) bool { return Obeyed(r) && !strings.ContainsRune(keep, r) }
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, got := range map[string]string{"Line": Line(s), "Uncoloured": Uncoloured(s)} {
			if strings.ContainsFunc(got, Obeyed) || !utf8.ValidString(got) {
				t.Errorf("%s(%q) = %q", name, s, got)
			}
		}
		for name, got := range map[string]string{"Text": Text(s), "Markdown": Markdown(s)} {
			if strings.ContainsFunc(got, bad("\n\t")) || !utf8.ValidString(got) {
				t.Errorf("%s(%q) = %q", name, s, got)
			}
		}
		got := Styled(s)
		if strings.ContainsFunc(got, bad("\n\x1b\a")) || !utf8.ValidString(got) {
			t.Errorf("Styled(%q) = %q", s, got)
		}
		rest := colour.ReplaceAllString(got, "")
		for strings.Contains(rest, "\x1b") {
			i := strings.Index(rest, "\x1b]8;")
			if i < 0 || strings.Index(rest, "\x1b") < i {
				t.Fatalf("Styled(%q) = %q", s, got)
			}
			end := strings.IndexAny(rest[i+1:], "\a\x1b")
			if end < 0 {
				t.Fatalf("Styled(%q) = %q", s, got)
			}
			rest = strings.TrimPrefix(rest[i+1+end+1:], "\\")
		}
	})
}

func ExampleLine() {
	fmt.Println(Line("upstream said \x1b[2Jhello\nworld"))
	// Output: upstream said �[2Jhello world
}
