package course

import (
	"fmt"
	"regexp/syntax"
	"strings"
)

// Bounds of a lesson's Markdown, far above what one reads: what is nested deeper, or goes on longer without an empty line,
// costs a parser the square of its length.
const (
	maxMarkers   = 20       // of quotations and lists that one line opens
	maxParagraph = 16 << 10 // bytes without an empty line
	maxPattern   = 1_000    // bytes of an author's pattern
	maxStates    = 20_000   // that a pattern is compiled into, about
)

// hostileMarkdown finds what would make a parser of Markdown use up the machine.
func hostileMarkdown(text string) (line int, message string) {
	paragraph := 0
	for i, l := range strings.Split(text, "\n") {
		if strings.TrimSpace(l) == "" {
			paragraph = 0
			continue
		}
		if paragraph += len(l); paragraph > maxParagraph {
			return i + 1, fmt.Sprintf("is a paragraph of more than %d KiB: put an empty line into it", maxParagraph>>10)
		}
		if markers(l) > maxMarkers {
			return i + 1, fmt.Sprintf("opens more than %d quotations and lists", maxMarkers)
		}
	}
	return 0, ""
}

// markers counts the marks of quotations and lists with which a line begins.
func markers(line string) int {
	n := 0
	for {
		line = strings.TrimLeft(line, " \t")
		digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
		switch {
		case strings.HasPrefix(line, ">"):
			line = line[1:]
		case strings.HasPrefix(line, "- "), strings.HasPrefix(line, "* "), strings.HasPrefix(line, "+ "),
			strings.HasPrefix(line, "-\t"), strings.HasPrefix(line, "*\t"), strings.HasPrefix(line, "+\t"):
			line = line[2:]
		case digits > 0 && digits < len(line) && (line[digits] == '.' || line[digits] == ')'):
			line = line[digits+1:]
		default:
			return n
		}
		n++
	}
}

// states is about how many states a pattern is compiled into; repetitions in repetitions multiply.
func states(re *syntax.Regexp) int {
	n := 1
	for _, sub := range re.Sub {
		n = min(n+states(sub), maxStates+1)
	}
	switch re.Op {
	case syntax.OpLiteral:
		n += len(re.Rune)
	case syntax.OpCharClass:
		n += len(re.Rune) / 2
	case syntax.OpRepeat:
		n *= max(re.Max, re.Min, 1)
	}
	return min(n, maxStates+1)
}
