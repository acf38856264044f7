package report

import (
	"io"
	"regexp"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Fold gives a writer that breaks lines between words so that none is wider than a terminal is just then: width is asked
// anew for each write, and gives its cells. Continued lines stand two cells further in than an indented line began. A
// word that is wider than the terminal, such as a path, stays whole, to be copied; wide letters, which are written
// without spaces, break anywhere. A write is taken to begin a line.
func Fold(w io.Writer, width func() int) io.Writer { return &folder{w, width} }

type folder struct {
	w     io.Writer
	width func() int
}

// Write writes p, folded.
func (f *folder) Write(p []byte) (int, error) {
	width := f.width() - 1 // in the last cell some terminals begin a line of their own
	lines := strings.Split(string(p), "\n")
	for i, l := range lines {
		lines[i] = fold(l, width)
	}
	if _, err := io.WriteString(f.w, strings.Join(lines, "\n")); err != nil {
		return 0, err
	}
	return len(p), nil
}

// narrowest is the width below which folding makes nothing more readable, in cells.
const narrowest = 20

// fold breaks one line.
func fold(line string, width int) string {
	if width < narrowest || ansi.StringWidth(line) <= width {
		return line
	}
	text := strings.TrimLeft(line, " ")
	indent := line[:len(line)-len(text)]
	next := indent
	if m := item.FindString(text); indent != "" || m != "" {
		next += strings.Repeat(" ", max(2, len(m)))
	}
	if len(next) > width/2 {
		next = ""
	}
	var out strings.Builder
	out.WriteString(indent)
	at, gap := len(indent), ""
	for text != "" {
		word := text[:len(text)-len(strings.TrimLeft(text, " "))]
		text = text[len(word):]
		gap += word
		word, _, _ = strings.Cut(text, " ")
		text = text[len(word):]
		for word != "" {
			head, tail := piece(word, width-len(next))
			word = tail
			cells := ansi.StringWidth(head)
			if at+len(gap)+cells > width && at > len(next) {
				out.WriteString("\n" + next)
				at, gap = len(next), ""
			}
			out.WriteString(gap + head)
			at, gap = at+len(gap)+cells, ""
		}
	}
	return out.String() + gap // a prompt ends in a space
}

// item matches what begins an item of a list.
var item = regexp.MustCompile(`^(?:[*-]|\d+\.) `)

// piece cuts off a word what fits into a line: all of it, or, beside a wide letter, what does.
func piece(word string, cells int) (head, tail string) {
	if ansi.StringWidth(word) <= cells {
		return word, ""
	}
	at, end, wasWide := 0, 0, false
	for i, r := range word {
		w := ansi.StringWidth(string(r))
		if i > 0 && w > 0 && (wasWide || w > 1) {
			end = i
		}
		if at+w > cells {
			break
		}
		at += w
		wasWide = w > 1 || wasWide && w == 0
	}
	if end == 0 {
		return word, ""
	}
	return word[:end], word[end:]
}

// block matches the lines of Markdown that stand for themselves: headings, tables, quotations.
var block = regexp.MustCompile(`^(?:#|\||>|<)`)

// Flow joins the lines of each paragraph and of each item of a Markdown text, for whoever folds it anew. Code stays as
// it is.
func Flow(markdown string) string {
	var out []string
	open, code := false, false // a paragraph is open, code is
	for _, line := range strings.Split(markdown, "\n") {
		text := strings.TrimLeft(line, " ")
		fence := strings.HasPrefix(text, "```") || strings.HasPrefix(text, "~~~")
		switch {
		case fence:
			code = !code
			fallthrough
		case code, text == "", block.MatchString(text):
			out, open = append(out, line), false
		case open && !item.MatchString(text):
			out[len(out)-1] += " " + strings.TrimRight(text, " ")
		default:
			out, open = append(out, strings.TrimRight(line, " ")), true
		}
	}
	return strings.Join(out, "\n")
}
