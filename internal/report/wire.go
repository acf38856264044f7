package report

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/probe"
)

// wireLines puts exchanges into lines like those of a sequence diagram, "you → proxy  GET /ws  Upgrade: websocket",
// with the parties in a column.
func wireLines(lang locale.Lang, exchanges []probe.Exchange) []string {
	widest := 0
	for _, x := range exchanges {
		widest = max(widest, ansi.StringWidth(parties(lang, x)))
	}
	var lines []string
	for _, x := range exchanges {
		lines = append(lines, wireLine(lang, x, widest))
	}
	return lines
}

// wireLine is one exchange, its parties padded to width cells.
func wireLine(lang locale.Lang, x probe.Exchange, width int) string {
	who := parties(lang, x)
	line := who + strings.Repeat(" ", max(0, width-ansi.StringWidth(who))) + "  " + wireWords(lang, x)
	for i, n := range x.Notes {
		if i == 0 && (x.Kind == probe.WireClose || x.Kind == probe.WireOpen) && (n == "idle" || n == "control") {
			continue // which of two connections it is; the time that follows tells
		}
		line += "  " + printable.Line(readable(n))
	}
	return strings.TrimRight(line, " ")
}

// parties says who told whom. You are always on the left.
func parties(lang locale.Lang, x probe.Exchange) string {
	name := func(who string) string {
		if who == "you" {
			return lang.Say("wire.you")
		}
		return printable.Line(who)
	}
	switch {
	case x.To == "":
		return name(x.From) + " " + lang.Say("wire.log")
	case x.To == "you":
		return name(x.To) + " ← " + name(x.From)
	}
	return name(x.From) + " → " + name(x.To)
}

func wireWords(lang locale.Lang, x probe.Exchange) string {
	text := printable.Line(x.Text)
	switch x.Kind {
	case probe.WireLog:
		return printable.Line(readable(x.Text))
	case probe.WireOpen:
		if key := "wire.open." + x.Text; locale.Has(key) {
			return lang.Say(key)
		}
	case probe.WireClose:
		return lang.Say("wire.close", text)
	case probe.WireAction:
		if key := "wire.action." + x.Text; locale.Has(key) {
			return lang.Say(key)
		}
	case probe.WireRefused:
		return lang.Say("wire.refused", text)
	case probe.WireMessage:
		return "“" + text + "”"
	}
	return text
}

// describe says what a check does.
func describe(lang locale.Lang, c course.Check) string {
	key := "check." + string(c.Kind)
	switch {
	case c.Handshake != nil:
		return lang.Say(key, c.Handshake.Path, c.Handshake.Via)
	case c.Echo != nil:
		return lang.Say(key, c.Echo.Send, c.Echo.Path, c.Echo.Via)
	case c.Received != nil:
		return lang.Say(key, c.Received.Header, c.Received.By)
	case c.Idle != nil:
		return lang.Say(key, c.Idle.Path, c.Idle.Via)
	case c.Effective != nil:
		return lang.Say(key, c.Effective.Directive, c.Effective.Service)
	case c.HTTP != nil:
		method := c.HTTP.Method
		if method == "" {
			method = "GET"
		}
		return lang.Say(key, method, c.HTTP.Path, c.HTTP.Via)
	case c.Log != nil:
		return lang.Say(key, c.Log.Service)
	case c.Exec != nil:
		return lang.Say(key, c.Exec.Service)
	}
	if locale.Has(key) {
		return lang.Say(key)
	}
	return string(c.Kind)
}
