package tui

import (
	"image/color"
	"sync"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// mood is what a piece of text means; every mood has a colour and, where it is drawn, a symbol and a word.
type mood int

const (
	plain  mood = iota
	good        // met, accepted, ready
	warn        // waiting, cannot tell
	bad         // not met, refused, broken
	quiet       // secondary
	accent      // where the student is
)

// theme is the colours, by meaning. It is built once for a background and a terminal and never changed;
// codes only remembers.
type theme struct {
	dark    bool
	colours bool // false where text goes without any escape sequence
	hexes   map[mood]string
	// renderers are glamour's, which take long to make and serve one text at a time.
	renderers *sync.Pool
	parts     *sync.Map // the parts of lessons, styled: what takes longest, and does not depend on the width

	codeEdge, codeOn string // what stands before a line of code, and before what it is broken into

	Text, Strong, Accent, Good, Warn, Bad, Quiet, Rule lipgloss.Style
	Comment, Keyword, Value, Literal                   lipgloss.Style // code
	Added, Removed                                     lipgloss.Style
	Title                                              lipgloss.Style
}

// newTheme builds the colours. They keep apart for the common kinds of colour blindness: blue for the accent, a bluish
// green, an amber and a vermilion, each of another brightness. With 16 colours the terminal's own are taken.
func newTheme(dark bool, profile colorprofile.Profile) theme {
	pick := lipgloss.LightDark(dark)
	c := func(light, dark string, basic color.Color) color.Color {
		if profile == colorprofile.ANSI {
			return basic
		}
		return pick(lipgloss.Color(light), lipgloss.Color(dark))
	}
	fg := func(light, dark string, basic color.Color) lipgloss.Style {
		return lipgloss.NewStyle().Foreground(c(light, dark, basic))
	}
	t := theme{dark: dark, colours: true, hexes: map[mood]string{}, parts: &sync.Map{}, renderers: &sync.Pool{}}
	for m, pair := range map[mood][2]string{
		accent: {"#0A5DB8", "#6CB6FF"}, good: {"#00735A", "#4EC9A0"}, warn: {"#8A5A00", "#E8B04A"},
		bad: {"#B23A12", "#FF8562"}, quiet: {"#626262", "#949494"},
	} {
		t.hexes[m] = pair[1]
		if !dark {
			t.hexes[m] = pair[0]
		}
	}
	if profile == colorprofile.ANSI {
		t.hexes = map[mood]string{accent: "4", good: "2", warn: "3", bad: "1", quiet: "8"}
		if dark {
			t.hexes[accent], t.hexes[quiet] = "14", "7"
		}
	}
	t.Text = lipgloss.NewStyle()
	t.Strong = lipgloss.NewStyle().Bold(true)
	t.Accent = fg("#0A5DB8", "#6CB6FF", basic(dark, lipgloss.BrightCyan, lipgloss.Blue))
	t.Title = t.Accent.Bold(true)
	t.Good = fg("#00735A", "#4EC9A0", lipgloss.Green)
	t.Warn = fg("#8A5A00", "#E8B04A", lipgloss.Yellow)
	t.Bad = fg("#B23A12", "#FF8562", lipgloss.Red)
	t.Quiet = fg("#626262", "#949494", basic(dark, lipgloss.White, lipgloss.BrightBlack))
	t.Rule = fg("#C3CAD1", "#3D444D", lipgloss.BrightBlack)
	t.Comment = t.Quiet.Italic(true)
	t.Keyword = fg("#0A5DB8", "#79C0FF", basic(dark, lipgloss.BrightCyan, lipgloss.Blue))
	t.Value = fg("#7A3E9D", "#D2A8FF", lipgloss.Magenta)
	t.Literal = fg("#00735A", "#7EDCC0", lipgloss.Green)
	t.Added, t.Removed = t.Good, t.Bad
	t.codeEdge = t.Rule.Render("▏") + " "
	t.codeOn = t.Rule.Render("▏") + t.Quiet.Render(" ↪ ")
	return t
}

func basic(dark bool, onDark, onLight color.Color) color.Color {
	if dark {
		return onDark
	}
	return onLight
}

// of gives the style of a mood.
func (t *theme) of(m mood) lipgloss.Style {
	switch m {
	case good:
		return t.Good
	case warn:
		return t.Warn
	case bad:
		return t.Bad
	case quiet:
		return t.Quiet
	case accent:
		return t.Accent
	}
	return t.Text
}
