package tui

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

// tooMuchToColour is the size of code, in bytes, beyond which colours are not worth their time.
const tooMuchToColour = 64 << 10

// highlight colours code and gives it line by line. A language that is not known stays plain.
func (t *theme) highlight(language, code string) []string {
	lexer := lexers.Get(language)
	if lexer == nil || !t.colours || len(code) > tooMuchToColour {
		return strings.Split(code, "\n")
	}
	tokens, err := chroma.Coalesce(lexer).Tokenise(nil, code)
	if err != nil {
		return strings.Split(code, "\n")
	}
	var out []string
	var line strings.Builder
	for token := tokens(); token != chroma.EOF; token = tokens() {
		style, coloured := t.token(token.Type)
		for i, piece := range strings.Split(token.Value, "\n") {
			if i > 0 {
				out = append(out, line.String())
				line.Reset()
			}
			switch {
			case piece == "":
			case coloured && strings.TrimSpace(piece) != "":
				line.WriteString(style.Render(piece))
			default:
				line.WriteString(piece)
			}
		}
	}
	if line.Len() > 0 {
		out = append(out, line.String())
	}
	for len(out) < strings.Count(code, "\n")+1 {
		out = append(out, "")
	}
	return out[:strings.Count(code, "\n")+1]
}

// codeBlock is highlight for the blocks of a lesson, which are laid out again at every width.
func (t *theme) codeBlock(language, code string) []string {
	key := language + "\x00" + code
	if have, ok := t.parts.Load(key); ok {
		return have.([]string)
	}
	lines := t.highlight(language, code)
	t.parts.Store(key, lines)
	return lines
}

func (t *theme) token(kind chroma.TokenType) (style lipgloss.Style, coloured bool) {
	switch {
	case kind.InCategory(chroma.Comment):
		return t.Comment, true
	case kind.InCategory(chroma.Keyword), kind == chroma.NameTag, kind == chroma.NameDecorator:
		return t.Keyword, true
	case kind.InSubCategory(chroma.LiteralNumber), kind.InSubCategory(chroma.NameVariable), kind == chroma.NameBuiltin:
		return t.Value, true
	case kind.InSubCategory(chroma.LiteralString):
		return t.Literal, true
	case kind == chroma.GenericInserted:
		return t.Added, true
	case kind == chroma.GenericDeleted:
		return t.Removed, true
	}
	return t.Text, false
}

// languageOf names the language of a file by its name.
func languageOf(name string) string {
	switch {
	case strings.HasSuffix(name, ".conf"):
		return "nginx"
	case strings.HasPrefix(name, "Caddyfile"):
		return "caddyfile"
	case strings.HasSuffix(name, ".py"):
		return "python"
	}
	if l := lexers.Match(name); l != nil {
		return l.Config().Name
	}
	return ""
}
