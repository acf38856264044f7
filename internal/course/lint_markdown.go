package course

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

const (
	maxCode = 76 // cells of a line of code: a lesson's column, whatever the window
	maxRun  = 60 // cells without a place to break a line
)

// prose looks at one Markdown text.
type prose struct {
	source   []byte
	anchors  map[string]bool
	there    func(link string) bool
	problems Problems
}

// lintMarkdown reports what a terminal's reader would stumble over. Problems have lines, and no file. there is as in
// LintLesson; nil: there are no relative links.
func lintMarkdown(markdown string, there func(string) bool) Problems {
	p := &prose{source: []byte(markdown), anchors: map[string]bool{}, there: there}
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID())).
		Parser().Parse(text.NewReader(p.source))
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if h, ok := n.(*ast.Heading); ok && entering {
			if id, ok := h.AttributeString("id"); ok {
				p.anchors[string(id.([]byte))] = true
			}
		}
		return ast.WalkContinue, nil
	})
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		return p.look(n), nil
	})
	return p.problems
}

func (p *prose) look(n ast.Node) ast.WalkStatus {
	switch n := n.(type) {
	case *ast.FencedCodeBlock:
		p.code(n.Lines())
		return ast.WalkSkipChildren
	case *ast.CodeBlock:
		p.code(n.Lines())
		return ast.WalkSkipChildren
	case *ast.CodeSpan:
		if t, ok := n.FirstChild().(*ast.Text); ok {
			p.run(t)
		}
		return ast.WalkSkipChildren
	case *ast.Link:
		p.link(n, string(n.Destination))
	case *ast.AutoLink:
		return ast.WalkSkipChildren
	case *ast.HTMLBlock, *ast.RawHTML:
		p.say(p.offset(n), "HTML is not shown on a terminal", "")
	case *ast.Text:
		p.emphasis(n)
		p.run(n)
	}
	return ast.WalkContinue
}

func (p *prose) say(offset int, message, hint string) {
	before := string(p.source[:offset])
	p.problems = append(p.problems, Problem{Line: strings.Count(before, "\n") + 1,
		Column: len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1, Message: message, Hint: hint})
}

// offset is where a node begins, as far as it is known.
func (p *prose) offset(n ast.Node) int {
	for ; n != nil; n = n.Parent() {
		if n.Type() == ast.TypeBlock && n.Lines() != nil && n.Lines().Len() > 0 {
			return n.Lines().At(0).Start
		}
		if t, ok := n.FirstChild().(*ast.Text); ok {
			return t.Segment.Start
		}
	}
	return 0
}

func (p *prose) code(lines *text.Segments) {
	for i := range lines.Len() {
		s := lines.At(i)
		line := strings.ReplaceAll(strings.TrimRight(string(s.Value(p.source)), "\n"), "\t", "    ")
		if w := ansi.StringWidth(line); w > maxCode {
			p.say(s.Start, fmt.Sprintf("code is %d cells wide; a terminal shows %d", w, maxCode), "break the line")
		}
	}
}

// emphasis finds stars that are shown as stars. CommonMark closes ** only where a letter does not follow punctuation
// and stars at once, which Korean particles do: **프록시(Proxy)**는.
func (p *prose) emphasis(t *ast.Text) {
	value := string(t.Segment.Value(p.source))
	at := strings.Index(value, "**")
	if at < 0 {
		at = loneStar(value)
	}
	line := strings.Count(string(p.source[:t.Segment.Start]), "\n") + 1
	if n := len(p.problems); n > 0 && p.problems[n-1].Line == line && strings.HasPrefix(p.problems[n-1].Message, "emphasis") {
		return // the other end of it
	}
	if at >= 0 {
		p.say(t.Segment.Start+at, "emphasis that does not close: the stars are shown as they are",
			"put the punctuation outside the stars: **프록시**(Proxy)는; or leave the emphasis out")
	}
}

// loneStar finds a star that was meant for emphasis: letters right beside it, without space.
func loneStar(value string) int {
	runes, offset := []rune(value), 0
	for i, r := range runes {
		if r == '*' && i > 0 && i+1 < len(runes) && unicode.Is(unicode.Hangul, runes[i+1]) && !unicode.IsSpace(runes[i-1]) {
			return offset
		}
		offset += len(string(r))
	}
	return -1
}

// run finds words that are wider than a narrow pane.
func (p *prose) run(t *ast.Text) {
	value := string(t.Segment.Value(p.source))
	for _, word := range strings.Fields(value) {
		if w := ansi.StringWidth(word); w > maxRun {
			p.say(t.Segment.Start+strings.Index(value, word),
				fmt.Sprintf("%d cells without a space; lines break at spaces, and a pane may have %d", w, maxRun), "")
		}
	}
}

func (p *prose) link(n ast.Node, to string) {
	u, err := url.Parse(to)
	switch {
	case err != nil:
		p.say(p.offset(n), fmt.Sprintf("the link %q is no address", to), "")
	case u.Scheme == "http", u.Scheme == "https":
	case u.Scheme != "" || strings.HasPrefix(to, "/") || strings.Contains(to, `\`):
		p.say(p.offset(n), fmt.Sprintf("the link %q leads neither into the course nor to https://", to), "")
	case strings.HasPrefix(to, "#"):
		if !p.anchors[to[1:]] {
			p.say(p.offset(n), fmt.Sprintf("the link %q leads to no heading", to), "")
		}
	case p.there == nil || !p.there(u.Path):
		p.say(p.offset(n), fmt.Sprintf("the link %q leads nowhere", to), "")
	}
}
