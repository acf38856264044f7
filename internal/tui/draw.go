package tui

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// width is how many cells s takes.
func width(s string) int { return ansi.StringWidth(s) }

// fit makes s exactly w cells wide: cut with an ellipsis, or filled with spaces.
func fit(s string, w int) string {
	if w <= 0 {
		return ""
	}
	n := width(s)
	if n > w {
		s = ansi.Truncate(s, w, "…")
		n = width(s)
	}
	return s + spaces(w-n)
}

// tail keeps the end of a path that is longer than w cells.
func tail(path string, w int) string {
	if n := width(path); n > w {
		return ansi.TruncateLeft(path, n-w+1, "…")
	}
	return path
}

// fitRight is fit with the text at the right.
func fitRight(s string, w int) string {
	if n := width(s); n < w {
		return spaces(w-n) + s
	}
	return fit(s, w)
}

// blank is a long line of spaces; spaces cuts from it.
const blank = "                                                                                                    " +
	"                                                                                                    "

func spaces(n int) string {
	switch {
	case n <= 0:
		return ""
	case n <= len(blank):
		return blank[:n]
	}
	return strings.Repeat(" ", n)
}

// spread puts left and right at the two ends of a line of w cells. Where both do not fit, left is cut.
func spread(left, right string, w int) string {
	r := width(right)
	if r == 0 {
		return fit(left, w)
	}
	if r+2 > w {
		return fit(right, w)
	}
	return fit(left, w-r) + right
}

// wrap breaks s at spaces into lines of at most w cells; a word that is longer is broken where it must be. A hyphen is
// no place to break, as the libraries would have it: an option such as --ws-ping-interval is one word.
func wrap(s string, w int) []string {
	if w <= 0 || s == "" {
		return nil
	}
	s = strings.ReplaceAll(s, "-", unbroken)
	if strings.Contains(s, "\x1b") { // a style has to be carried over into the next line
		s = lipgloss.Wrap(s, w, "")
	} else {
		s = ansi.Wrap(s, w, "")
	}
	return strings.Split(strings.ReplaceAll(s, unbroken, "-"), "\n")
}

const unbroken = "\u2011" // NON-BREAKING HYPHEN, of one cell as well

// hang wraps s behind a first prefix, with the lines that follow indented as far.
func hang(prefix, s string, w int) []string {
	indent := width(prefix)
	var out []string
	for i, line := range wrap(s, max(w-indent, 1)) {
		if i == 0 {
			out = append(out, prefix+line)
		} else {
			out = append(out, spaces(indent)+line)
		}
	}
	return out
}

// column makes lines exactly h lines of w cells, from line top on.
func column(lines []string, top, w, h int) []string {
	out := make([]string, 0, max(h, 0))
	for i := top; i < top+h; i++ {
		if i >= 0 && i < len(lines) {
			out = append(out, fit(lines[i], w))
		} else {
			out = append(out, spaces(w))
		}
	}
	return out
}

// bar is a bar of n cells, part of it full; full and empty are one cell each.
func bar(n int, part float64, full, empty string) string {
	f := min(max(int(part*float64(n)+0.5), 0), n)
	if f == n && part < 1 {
		f = n - 1 // full means done
	}
	return strings.Repeat(full, f) + strings.Repeat(empty, n-f)
}

// scroll is a window onto a text.
type scroll struct{ top int }

// by moves the window, keeping it on a text of n lines when h are shown.
func (s *scroll) by(delta, n, h int) { s.to(s.top+delta, n, h) }

func (s *scroll) to(top, n, h int) { s.top = min(max(top, 0), max(n-h, 0)) }

// show moves the window as little as needed to have lines from to until in it.
func (s *scroll) show(from, until, n, h int) {
	if from < s.top {
		s.to(from, n, h)
	} else if until > s.top+h {
		s.to(until-h, n, h)
	}
}

// percent is how much of n lines has been seen when h are shown.
func (s scroll) percent(n, h int) int {
	if n <= h {
		return 100
	}
	return min(100, (s.top+h)*100/n)
}

// cutLeft takes n cells off the beginning of a styled line.
func cutLeft(s string, n int) string { return ansi.TruncateLeft(s, n, "") }
