package tui

import (
	"regexp"
	"strings"

	"charm.land/glamour/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/cwk-stream/lab/internal/printable"
)

// prose is a stretch of Markdown without its code blocks and tables as styled lines that are not wrapped yet: a line is
// a paragraph, a heading or an item of a list. Parsing and styling takes longest and does not depend on the width, so
// that a window that is being dragged only costs the wrapping.
func (t *theme) prose(text string) []string {
	key := "\x01" + text
	if have, ok := t.parts.Load(key); ok {
		return have.([]string)
	}
	lines := t.style(text)
	t.parts.Store(key, lines)
	return lines
}

func (t *theme) style(text string) []string {
	styled := text
	renderer, _ := t.renderers.Get().(*glamour.TermRenderer)
	if renderer == nil {
		renderer, _ = glamour.NewTermRenderer(glamour.WithStyles(t.markdown()), glamour.WithWordWrap(0))
	}
	if renderer != nil {
		if out, err := renderer.Render(mend(text)); err == nil {
			styled = printable.Styled(strings.ReplaceAll(out, joiner, ""))
		}
		t.renderers.Put(renderer)
	}
	var lines []string
	for _, line := range strings.Split(styled, "\n") {
		line = strings.TrimRight(trimStyled(line), " ")
		if line == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, line)
	}
	if n := len(lines); n > 0 && lines[n-1] == "" {
		lines = lines[:n-1]
	}
	return lines
}

// lead matches what stands before a line's text: the bars of quotes, what indents it, the mark of a list's item.
var lead = regexp.MustCompile(`^(?:│ )* *(?:• |\[[ x]\] |\d+\. )?`)

// flow wraps one line of prose. Those that follow are indented as far as its first word, and quoted like it.
func flow(line string, w int) []string {
	if line == "" || width(line) <= w {
		return []string{line}
	}
	plain := ansi.Strip(line)
	first := lead.FindString(plain)
	if first == "" || width(first) > w/2 {
		return wrap(line, w)
	}
	quotes := strings.Repeat("│ ", strings.Count(first, "│ "))
	rest := quotes + spaces(width(first)-width(quotes))
	out := wrap(ansi.TruncateLeft(line, width(first), ""), w-width(first))
	for i := range out {
		out[i] = rest + out[i]
	}
	if len(out) > 0 {
		out[0] = first + strings.TrimPrefix(out[0], rest)
	}
	return out
}

var trailing = regexp.MustCompile(`(?:\x1b\[[0-9;]*m| )+$`)

// trimStyled takes the padding off a line that glamour has filled up with styled spaces.
func trimStyled(line string) string {
	tail := trailing.FindString(line)
	if !strings.Contains(tail, " ") {
		return line
	}
	line = strings.TrimSuffix(line, tail)
	if strings.Contains(line, "\x1b[") {
		line += "\x1b[m"
	}
	return line
}
