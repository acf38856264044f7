package tui

import (
	"errors"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// broken is a screen that cannot be drawn, and that a key breaks, too.
type broken struct{}

func (broken) View(int, int) string { panic("no way to draw this") }

func (broken) Status() (string, mood) { return "", quiet }

func (broken) Bindings() []binding { return nil }

func (broken) Update(msg tea.Msg) tea.Cmd {
	if _, ok := msg.(tea.PasteMsg); ok {
		panic("no way to take this in")
	}
	return nil
}

// TestPanicCostsNoProgram: a panic while drawing or while taking in a message is told, and the program goes on; the first
// one is kept for the end.
func TestPanicCostsNoProgram(t *testing.T) {
	house, c, err := newTheatre(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Course: c, Backend: house, Back: Dark}
	a := newApp(newDesk(t.Context(), o, &keeper{}, newInbox()), o)
	_, _ = a.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	a.stack = append(a.stack, broken{})
	if got := a.content(); !strings.Contains(got, "no way to draw this") || !strings.Contains(got, "cannot be drawn") {
		t.Errorf("it shows:\n%s", got)
	}
	_, cmd := a.Update(tea.PasteMsg{})
	if cmd == nil {
		t.Fatal("nothing is said")
	}
	if m, ok := cmd().(noticeMsg); !ok || !strings.Contains(m.text, "no way to take this in") {
		t.Errorf("it says %v", m)
	}
	if !errors.Is(a.crash, errBug) || !strings.Contains(a.crash.Error(), "no way to draw this (") {
		t.Errorf("it keeps %v", a.crash)
	}
	if a.leaving {
		t.Error("it leaves")
	}
}

// TestPartThatCannotBeLaidOut: a part of a lesson that is too much for the renderer stands as it was written.
func TestPartThatCannotBeLaidOut(t *testing.T) {
	pages := layOutParts([]part{{text: "One *sentence*."}}, 40, nil, func() bool { return false })
	if got := strings.Join(pages[0].lines, "\n"); got != "One *sentence*.\n" {
		t.Errorf("got %q", got)
	}
}
