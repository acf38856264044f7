package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// TestRenderMarkdown looks at lessons as text, at widths from narrow to wide.
func TestRenderMarkdown(t *testing.T) {
	for _, lang := range []string{"en", "ko"} {
		data, err := os.ReadFile("testdata/lesson." + lang + ".md")
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []int{24, 40, 60, 76, 140} {
			t.Run(fmt.Sprintf("%s-%d", lang, w), func(t *testing.T) {
				text := RenderMarkdown(string(data), w, true, false)
				for i, l := range strings.Split(text, "\n") {
					if n := width(l); n > min(w, maxMeasure) {
						t.Errorf("line %d is %d cells wide: %q", i+1, n, l)
					}
				}
				if strings.Contains(text, "\x1b") {
					t.Error("there are escape sequences in a text without colours")
				}
				colours := RenderMarkdown(string(data), w, false, true)
				if !strings.Contains(colours, "\x1b[") || strings.Contains(ansi.Strip(colours), "\x1b") {
					t.Error("the coloured text is not what it should be")
				}
				golden(t, filepath.Join("testdata", "markdown", fmt.Sprintf("%s-%d.txt", lang, w)), text)
			})
		}
	}
}

// TestInline holds what Korean and terminals need of single sentences.
func TestInline(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"strong before a particle", "**프록시(Proxy)**는 중계한다", "프록시(Proxy)는 중계한다"},
		{"strong after a syllable", "이것은**(강조)**이다", "이것은(강조)이다"},
		{"emphasis before a particle", "*다른 것(프로토콜)*이 된다", "다른 것(프로토콜)이 된다"},
		{"strong in quotes", "**\"업그레이드\"**를 청한다", "\"업그레이드\"를 청한다"},
		{"asterisks in code", "`a ** b` 와 `c ** d`", "`a ** b` 와 `c ** d`"},
		{"a lone asterisk", "2 * 3 = 6", "2 * 3 = 6"},
		{"escape sequences", "a\x1b[31mb\x1b]0;x\x07c", "a�[31mb�]0;x�c"},
		{"carriage return", "one\r\ntwo", "one two"},
		{"reordering marks", "a\u202eb", "a�b"},
		{"references to what reorders or breaks lines", "a&#8238;b&#x2028;c&rlm;d", "a�b�c�d"},
		{"a reference to the escape character", "a&#27;[2Jb&#x9b;2J", "a�[2Jb�2J"},
		{"the same in a link's text and title", "[a&#8238;b](https://x.test \"&#8238;\")", "a�b¹\n\n 1  a�b\n    https://x.test"},
		{"the same in a table", "| a&#8238; |\n|---|\n| b&#8232; |", "a�\n──\nb�"},
		{"a backslash does not hide one", "a\\&#8238;b", "a\\�b"},
		{"brackets in code", "`[a](https://b)`", "`[a](https://b)`"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.TrimSpace(RenderMarkdown(tt.in, 60, true, false)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestCodeNeverOverflows: code is wrapped with nothing of it lost, tabs and wide letters included.
func TestCodeNeverOverflows(t *testing.T) {
	code := "\tproxy_set_header  X-Forwarded-For $proxy_add_x_forwarded_for; # 아주 긴 설명이 뒤에 붙은 줄\n" +
		strings.Repeat("x", 300) + "\n"
	for _, lang := range []string{"nginx", "python", "", "no-such-language"} {
		text := RenderMarkdown("```"+lang+"\n"+code+"```\n", 40, true, false)
		for _, l := range strings.Split(text, "\n") {
			if width(l) > 40 {
				t.Errorf("%s: %q is %d cells wide", lang, l, width(l))
			}
		}
		flat := strings.NewReplacer("\n", "", "▏", "", "↪", "", " ", "", lang+"\n", "").Replace(text)
		want := strings.NewReplacer("\n", "", "\t", "", " ", "").Replace(code)
		if !strings.Contains(flat, want) {
			t.Errorf("%s: something of the code is lost:\n%s", lang, text)
		}
	}
}

// TestHighlightKeepsLines: colours never change how many lines there are, nor their text.
func TestHighlightKeepsLines(t *testing.T) {
	th := newTheme(true, 0)
	for _, code := range []string{"", "a", "a\n", "\n\na\n\n", "listen 80;\n", "\"\"\"open\nstring"} {
		for _, lang := range []string{"nginx", "python", "json", "nope"} {
			got := ansi.Strip(strings.Join(th.highlight(lang, code), "\n"))
			if got != code {
				t.Errorf("%s: %q became %q", lang, code, got)
			}
		}
	}
}
