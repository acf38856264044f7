package tui

import (
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	gansi "charm.land/glamour/v2/ansi"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/printable"
)

// The width of a line of reading. Shorter ones tire, longer ones lose the eye on its way back.
const (
	minMeasure = 20
	maxMeasure = 76
)

// page is a Markdown text laid out for one width.
type page struct {
	lines []string
	codes []codeBlock
	links []course.Link // in order of appearance; the numbers in the text are their places, from 1
}

// codeBlock is a fenced block of code and where it is on its page.
type codeBlock struct {
	line, height int
	text         string
}

// pageKey is what a page depends on. Pages are cached by it.
type pageKey struct {
	name  string // lesson and language, or whatever else the text is
	width int
	dark  bool
}

// RenderMarkdown lays markdown out for a terminal of so many columns. Lines are at most 76 cells; code is wrapped
// rather than cut, tables fit, the links are listed at the end. Without color there are no escape sequences at all.
func RenderMarkdown(markdown string, columns int, dark, color bool) string {
	th := newTheme(dark, colorprofile.TrueColor)
	th.colours = color
	p := layOut(markdown, nil, columns, &th, "", func() bool { return false })
	text := strings.Join(p.lines, "\n") + "\n"
	if !color {
		return ansi.Strip(text)
	}
	return text
}

// layOut renders a text, and lists its links and the further ones at the end, under heading; with no heading, just the
// list. Code and tables are drawn here rather than by glamour, which neither wraps them nor says where they are. Once
// stale says so, the rest is left out.
func layOut(markdown string, further []course.Link, columns int, th *theme, heading string, stale func() bool) page {
	w := min(max(columns, minMeasure), maxMeasure)
	parts, links := th.cut(markdown)
	p := page{links: slices.Clone(links)}
	for _, l := range further {
		p.link(l)
	}
	for _, piece := range layOutParts(parts, w, th, stale) {
		for _, c := range piece.codes {
			c.line += len(p.lines)
			p.codes = append(p.codes, c)
		}
		p.lines = append(p.lines, piece.lines...)
	}
	p.addLinks(w, th, heading)
	for len(p.lines) > 0 && p.lines[len(p.lines)-1] == "" {
		p.lines = p.lines[:len(p.lines)-1]
	}
	return p
}

// cut gives the parts of a text, and its links, whose numbers are in the parts.
func (t *theme) cut(markdown string) ([]part, []course.Link) {
	type pieces struct {
		parts []part
		links []course.Link
	}
	key := "\x02" + markdown
	if have, ok := t.parts.Load(key); ok {
		return have.(pieces).parts, have.(pieces).links
	}
	p, parts := page{}, split(printable.Markdown(cleanText(markdown)))
	for i := range parts {
		if !parts[i].fenced {
			parts[i].text = p.number(parts[i].text)
		}
	}
	t.parts.Store(key, pieces{parts, p.links})
	return parts, p.links
}

// layOutParts renders parts side by side where there are many: the longest lesson must keep up with a window that is
// being dragged.
func layOutParts(parts []part, w int, th *theme, stale func() bool) []page {
	pages := make([]page, len(parts))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 4, len(parts)/8+1) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(parts) && !stale(); i = int(next.Add(1)) - 1 {
				pages[i].addSafely(parts[i], w, th)
			}
		})
	}
	workers.Wait()
	return pages
}

func (p *page) add(part part, w int, th *theme) {
	switch {
	case part.fenced:
		p.addCode(part, w, th)
	case part.table:
		p.addTable(part.text, w, th)
	case strings.TrimSpace(part.text) != "":
		for _, line := range th.prose(part.text) {
			p.lines = append(p.lines, flow(line, w)...)
		}
		if n := len(p.lines); n > 0 {
			p.lines = append(p.lines, "")
		}
	}
}

// part is a stretch of Markdown: one fenced code block, one table, or what is between them.
type part struct {
	fenced, table bool
	info, text    string
}

// split cuts Markdown at its top-level fenced code blocks (CommonMark 0.31, section 4.5). One inside a list or a quote
// stays with its text.
func split(markdown string) []part {
	var out []part
	var text, code strings.Builder
	fence, info := "", ""
	for line := range strings.Lines(markdown) {
		bare := strings.TrimRight(line, " \n")
		switch {
		case fence == "" && (strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~")):
			fence = bare[:len(bare)-len(strings.TrimLeft(bare, bare[:1]))]
			info = strings.TrimSpace(bare[len(fence):])
			out = append(out, cutTables(text.String())...)
			text.Reset()
		case fence != "" && strings.HasPrefix(bare, fence) && strings.Trim(bare, fence[:1]) == "":
			out = append(out, part{fenced: true, info: info, text: code.String()})
			code.Reset()
			fence = ""
		case fence != "":
			code.WriteString(line)
		default:
			text.WriteString(line)
		}
	}
	if fence != "" {
		out = append(out, part{fenced: true, info: info, text: code.String()})
	}
	return append(out, cutTables(text.String())...)
}

func (p *page) addCode(c part, w int, th *theme) {
	lang, title, _ := strings.Cut(c.info, " ")
	text := strings.TrimSuffix(c.text, "\n")
	label := lang
	if title = strings.Trim(title, `"'{}`); title != "" {
		label = strings.TrimPrefix(strings.TrimPrefix(title, "title="), `"`)
	}
	if label != "" {
		p.lines = append(p.lines, th.Quiet.Render(fit("  "+label, min(width(label)+2, w))))
	}
	start := len(p.lines)
	for _, line := range th.codeBlock(lang, text) {
		head := th.codeEdge
		for _, piece := range breakCode(line, w-2) {
			p.lines = append(p.lines, head+piece)
			head = th.codeOn
		}
	}
	p.codes = append(p.codes, codeBlock{line: start, height: len(p.lines) - start, text: text + "\n"})
	p.lines = append(p.lines, "")
}

// breakCode breaks one styled line of code into pieces; those after the first are two cells shorter, for their mark.
func breakCode(line string, w int) []string {
	if width(line) <= w {
		return []string{line}
	}
	head := lipgloss.Wrap(line, w, " ")
	first, _, _ := strings.Cut(head, "\n")
	out := []string{first}
	rest := strings.TrimLeft(ansi.TruncateLeft(line, width(first), ""), " ")
	return append(out, strings.Split(lipgloss.Wrap(rest, max(w-2, 1), " "), "\n")...)
}

func (p *page) addLinks(w int, th *theme, heading string) {
	if len(p.links) == 0 {
		return
	}
	if heading != "" {
		p.lines = append(p.lines, th.Title.Render(heading), "")
	}
	for i, l := range p.links {
		number := fmt.Sprintf("%2d  ", i+1)
		if l.Title != "" && l.Title != l.URL {
			p.lines = append(p.lines, hang(number, l.Title, w)...)
			number = "    "
		}
		for j, piece := range strings.Split(ansi.Hardwrap(l.URL, w-4, true), "\n") {
			if j > 0 {
				number = "    "
			}
			p.lines = append(p.lines, number+th.hyperlink(l.URL, piece))
		}
	}
}

// hyperlink is a piece of an address that terminals can open as a whole (OSC 8), however it was broken.
func (t *theme) hyperlink(url, piece string) string {
	if !t.colours {
		return piece
	}
	return ansi.SetHyperlink(url) + t.Accent.Render(piece) + ansi.ResetHyperlink()
}

// link gives the number of a link on the page.
func (p *page) link(l course.Link) int {
	for i, have := range p.links {
		if have.URL == l.URL {
			return i + 1
		}
	}
	p.links = append(p.links, course.Link{Title: clean(l.Title), URL: clean(l.URL)})
	return len(p.links)
}

// code matches code spans; inline matches a link such as [text](https://address "title").
var (
	codeSpan = regexp.MustCompile("`[^`\n]+`")
	inline   = regexp.MustCompile(`(!?)\[([^\]\n]+)\]\((https?://[^\s)]+)(?:\s+"[^"]*")?\)`)
)

// number replaces the address of each link by its place in the list at the end: an address in the middle of a
// sentence is hard to read, and harder in a narrow pane.
func (p *page) number(text string) string {
	if !strings.Contains(text, "](http") {
		return text
	}
	return outsideCode(text, func(s string) string {
		return inline.ReplaceAllStringFunc(s, func(m string) string {
			part := inline.FindStringSubmatch(m)
			n := p.link(course.Link{Title: plainInline(part[2]), URL: part[3]})
			return fmt.Sprintf("[%s%s](#)", part[2], superscript(n))
		})
	})
}

func plainInline(s string) string { return strings.NewReplacer("**", "", "`", "", "*", "").Replace(s) }

func superscript(n int) string {
	return strings.Map(func(r rune) rune { return []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")[r-'0'] }, fmt.Sprint(n))
}

// outsideCode changes what is not in a code span.
func outsideCode(text string, change func(string) string) string {
	var b strings.Builder
	last := 0
	for _, at := range codeSpan.FindAllStringIndex(text, -1) {
		b.WriteString(change(text[last:at[0]]))
		b.WriteString(text[at[0]:at[1]])
		last = at[1]
	}
	b.WriteString(change(text[last:]))
	return b.String()
}

// joiner is U+2060, the word joiner: no cell wide, neither a space nor punctuation.
const joiner = "\u2060"

var emphasis = regexp.MustCompile(`(\*{1,3})([^\s*](?:[^*]*?[^\s*])?)(\*{1,3})`)

// mend makes emphasis close before a Hangul particle. By CommonMark's flanking rule (section 6.2), ** after a closing
// bracket and before a letter does not close, so **프록시(Proxy)**는 would show its asterisks. A joiner on the inner side
// of the marks satisfies the rule; it is taken out again afterwards.
func mend(text string) string {
	return emphasis.ReplaceAllStringFunc(text, func(m string) string {
		part := emphasis.FindStringSubmatch(m)
		if part[1] != part[3] || strings.Contains(part[2], "\n\n") {
			return m
		}
		return part[1] + joiner + part[2] + joiner + part[3]
	})
}

// markdown is glamour's style sheet in our colours.
func (t *theme) markdown() gansi.StyleConfig {
	yes, none, two := true, uint(0), uint(2)
	text := func(s string) *string { return &s }
	colour := func(m mood) *string { return text(t.hexes[m]) }
	c := gansi.StyleConfig{}
	c.Document.Margin = &none
	c.Heading.StylePrimitive = gansi.StylePrimitive{Bold: &yes, Color: colour(accent)}
	c.H3.StylePrimitive = gansi.StylePrimitive{Bold: &yes}
	c.BlockQuote.Indent, c.BlockQuote.IndentToken = uintp(1), text("│ ")
	c.BlockQuote.StylePrimitive = gansi.StylePrimitive{Color: colour(quiet)}
	c.List.LevelIndent = 2
	c.Item.BlockPrefix = "• "
	c.Enumeration.BlockPrefix = ". "
	c.Task.Ticked, c.Task.Unticked = "[x] ", "[ ] "
	c.Emph.Italic, c.Strong.Bold, c.Strikethrough.CrossedOut = &yes, &yes, &yes
	c.HorizontalRule = gansi.StylePrimitive{Format: "\n────────\n", Color: colour(quiet)}
	c.Link = gansi.StylePrimitive{Underline: &yes, Color: colour(accent)}
	c.LinkText = gansi.StylePrimitive{Underline: &yes}
	c.Code.Color = colour(accent)
	if !t.colours {
		c.Code.Prefix, c.Code.Suffix = "`", "`"
	}
	c.CodeBlock.Margin = &two
	c.DefinitionTerm.Bold = &yes
	c.DefinitionDescription.BlockPrefix = "\n  "
	return c
}

func uintp(n uint) *uint { return &n }
