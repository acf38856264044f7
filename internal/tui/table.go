package tui

import (
	"regexp"
	"strings"
)

// Glamour cuts the headings of a table that is wider than its column, so tables are drawn here: every cell wraps.

// tableRule matches the line under a table's headings (GitHub Flavored Markdown 0.29, section 4.10).
var tableRule = regexp.MustCompile(`^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$`)

// cutTables takes the tables out of a stretch of Markdown without fenced code.
func cutTables(text string) []part {
	lines := strings.SplitAfter(text, "\n")
	var out []part
	var rest strings.Builder
	for i := 0; i < len(lines); i++ {
		if i+1 >= len(lines) || !strings.Contains(lines[i], "|") || !strings.Contains(lines[i+1], "|") ||
			strings.HasPrefix(lines[i], " ") || !tableRule.MatchString(strings.TrimRight(lines[i+1], "\n")) {
			rest.WriteString(lines[i])
			continue
		}
		end := i + 2
		for end < len(lines) && strings.Contains(lines[end], "|") {
			end++
		}
		out = append(out, part{text: rest.String()}, part{table: true, text: strings.Join(lines[i:end], "")})
		rest.Reset()
		i = end - 1
	}
	return append(out, part{text: rest.String()})
}

// cellsOf splits a row of a table; \| is a bar inside a cell.
func cellsOf(line string) []string {
	line = strings.ReplaceAll(strings.TrimSpace(line), `\|`, "\x00")
	line = strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")
	cells := strings.Split(line, "|")
	for i := range cells {
		cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), "\x00", "|")
	}
	return cells
}

// addTable draws a table in w cells.
func (p *page) addTable(text string, w int, th *theme) {
	rows := th.table(text)
	widths := columnWidths(rows, w-3*(len(rows[0])-1))
	bar := th.Rule.Render(" │ ")
	for i, row := range rows {
		p.lines = append(p.lines, tableRow(row, widths, bar)...)
		if i > 0 && i+1 < len(rows) {
			continue
		}
		if i == 0 {
			var dashes []string
			for _, n := range widths {
				dashes = append(dashes, strings.Repeat("─", n))
			}
			p.lines = append(p.lines, th.Rule.Render(strings.Join(dashes, "─┼─")))
		}
	}
	p.lines = append(p.lines, "")
}

// table gives the styled cells of a table, row by row.
func (t *theme) table(text string) [][]string {
	key := "\x03" + text
	if have, ok := t.parts.Load(key); ok {
		return have.([][]string)
	}
	var rows [][]string
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if i == 1 {
			continue
		}
		cells := cellsOf(line)
		for j := range cells {
			cells[j] = t.span(cells[j], i == 0)
		}
		rows = append(rows, cells)
	}
	t.parts.Store(key, rows)
	return rows
}

// columnWidths gives each column what it wants, or if that is too much, takes from the widest until it fits.
func columnWidths(rows [][]string, room int) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for j := range min(len(row), len(widths)) {
			widths[j] = max(widths[j], width(row[j]), 1)
		}
	}
	for {
		sum, widest := 0, 0
		for j, n := range widths {
			sum += n
			if n > widths[widest] {
				widest = j
			}
		}
		if sum <= room || widths[widest] <= 3 {
			return widths
		}
		widths[widest]--
	}
}

func tableRow(row []string, widths []int, bar string) []string {
	height := 1
	cells := make([][]string, len(widths))
	for j, n := range widths {
		if j < len(row) {
			cells[j] = wrap(row[j], n)
		}
		height = max(height, len(cells[j]))
	}
	var out []string
	for y := range height {
		line := make([]string, len(widths))
		for j, n := range widths {
			if y < len(cells[j]) {
				line[j] = fit(cells[j][y], n)
			} else {
				line[j] = spaces(n)
			}
		}
		out = append(out, strings.TrimRight(strings.Join(line, bar), " "))
	}
	return out
}

var (
	strongSpan = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	emphSpan   = regexp.MustCompile(`\*([^*\s][^*]*)\*`)
	linkSpan   = regexp.MustCompile(`\[([^\]]+)\]\(#\)`)
)

// span styles the inline marks of a table's cell.
func (t *theme) span(text string, strong bool) string {
	plain := t.Text
	if strong {
		plain = t.Strong
	}
	var b strings.Builder
	for i, piece := range strings.Split(text, "`") {
		switch {
		case piece == "":
		case i%2 == 1 && !t.colours:
			b.WriteString("`" + piece + "`")
		case i%2 == 1:
			b.WriteString(t.Accent.Render(piece))
		default:
			piece = linkSpan.ReplaceAllString(piece, "$1")
			if !strong {
				piece = strongSpan.ReplaceAllStringFunc(piece, func(m string) string { return t.Strong.Render(strings.Trim(m, "*")) })
			}
			piece = emphSpan.ReplaceAllString(strings.ReplaceAll(piece, "**", ""), "$1")
			b.WriteString(plain.Render(piece))
		}
	}
	return b.String()
}
