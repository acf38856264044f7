package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/cwk-stream/lab/internal/hint"
)

// A panic, of a renderer, say, to which an author's text was too much, costs what it was about and not the program: the
// student is told, and the report comes once more when the screen is gone, to be sent. Left to the runtime it would be
// handled in a command's goroutine, and the terminal given back while the loop still uses it.

// bug is a panic as an error: what was wrong, and where in this program. It is called while the panic is recovered.
func bug(panicked any) error {
	report := hint.Report(panicked)
	return hint.With(fmt.Errorf("%w: %s", errBug, report), "bug", report)
}

// guard makes a message of a panic in a command.
func guard(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = crashMsg{bug(r)}
			}
		}()
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = guard(batch[i])
			}
		}
		return msg
	}
}

// Update takes in one message.
func (a *app) Update(msg tea.Msg) (_ tea.Model, cmd tea.Cmd) {
	defer func() {
		if r := recover(); r != nil {
			cmd = guard(a.crashed(bug(r)))
		}
	}()
	return a, guard(a.route(msg))
}

// crashed tells the student of a panic and remembers the first for the end.
func (a *app) crashed(err error) tea.Cmd {
	if a.crash == nil {
		a.crash = err
	}
	return notice(bad, errorWords(a.d, err))
}

// content is what the window shows; where that cannot be drawn, why.
func (a *app) content() (text string) {
	defer func() {
		if r := recover(); r != nil {
			err := bug(r)
			if a.crash == nil {
				a.crash = err
			}
			w := max(a.w, 1)
			lines := append(wrap(errorWords(a.d, err), w), "")
			text = strings.Join(append(lines, wrap(a.d.say("cannot-draw"), w)...), "\n")
		}
	}()
	return a.draw()
}

// addSafely adds a part of a lesson; one that cannot be laid out stands as its author wrote it.
func (p *page) addSafely(part part, w int, th *theme) {
	was := len(p.lines)
	defer func() {
		if recover() != nil {
			p.lines = p.lines[:was]
			for line := range strings.Lines(part.text) {
				p.lines = append(p.lines, wrap(clean(strings.TrimRight(line, "\n")), w)...)
			}
			p.lines = append(p.lines, "")
		}
	}()
	p.add(part, w, th)
}
