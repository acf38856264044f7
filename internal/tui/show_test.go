package tui

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/session"
)

// show is the program without a terminal: messages go in, commands run at once and in order, frames come out.
type show struct {
	t     testing.TB
	a     *app
	house *theatre
	said  []tea.Msg // messages of the runtime's own: clipboards, quits
	quit  bool
}

func newShow(t testing.TB, lang locale.Lang, w, h int, open string) *show {
	t.Helper()
	house, c, err := newTheatre(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Lang: lang, Back: Dark, Motion: true, Course: c, Open: open, Backend: house}
	d := newDesk(context.Background(), o, &keeper{}, newInbox())
	d.now = func() time.Time { return house.stage.now }
	d.soon = func(cmd tea.Cmd) tea.Cmd { return cmd }
	d.after = func(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil }
	s := &show{t: t, a: newApp(d, o), house: house}
	s.run(s.a.Init())
	s.send(tea.WindowSizeMsg{Width: w, Height: h})
	return s
}

// send hands a message to the program, and then those that its commands answer.
func (s *show) send(msg tea.Msg) {
	_, cmd := s.a.Update(msg)
	s.a.View() // as the runtime does after every message
	s.run(cmd)
}

func (s *show) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	msg := cmd()
	if v := reflect.ValueOf(msg); v.IsValid() && v.Kind() == reflect.Slice && v.Type().Elem() == reflect.TypeFor[tea.Cmd]() {
		for i := range v.Len() {
			s.run(v.Index(i).Interface().(tea.Cmd))
		}
		return
	}
	switch m := msg.(type) {
	case nil:
	case tea.QuitMsg:
		s.quit = true
	default:
		if !strings.HasPrefix(reflect.TypeOf(m).PkgPath(), "github.com/cwk-stream") {
			s.said = append(s.said, m)
			return
		}
		s.send(m)
	}
}

// events delivers what the session has said meanwhile.
func (s *show) events() {
	s.a.d.box.mu.Lock()
	waits := s.a.d.box.waits
	s.a.d.box.waits = nil
	s.a.d.box.mu.Unlock()
	for _, m := range waits {
		s.send(m)
	}
}

// play runs parts of the script, delivering after each.
func (s *show) play(parts ...func()) {
	for _, p := range parts {
		p()
		s.events()
	}
}

// solved writes the solution of the current step into the student's file, as a student would.
func (s *show) solved() {
	st := s.house.stage
	files, err := st.lab.Solution(st.step().ID)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := newFolder(s.house.live.Files.Dir(), files); err != nil {
		s.t.Fatal(err)
	}
}

func (s *show) key(keys ...string) {
	for _, k := range keys {
		s.send(press1(k))
	}
}

// press1 makes a key press of a name.
func press1(name string) tea.KeyPressMsg {
	special := map[string]tea.Key{
		"esc": {Code: tea.KeyEscape}, "enter": {Code: tea.KeyEnter}, "tab": {Code: tea.KeyTab}, "up": {Code: tea.KeyUp},
		"down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight},
		"home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd}, "pgup": {Code: tea.KeyPgUp}, "pgdown": {Code: tea.KeyPgDown},
		"shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift}, "space": {Code: tea.KeySpace, Text: " "},
	}
	if k, ok := special[name]; ok {
		return tea.KeyPressMsg(k)
	}
	if letter, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: []rune(letter)[0], Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// requests are what the session was asked meanwhile.
func (s *show) requests() []session.RequestKind {
	var out []session.RequestKind
	for {
		select {
		case r := <-s.house.requests:
			out = append(out, r.Kind)
		default:
			return out
		}
	}
}

// frame is the screen as text.
func (s *show) frame() string { return ansi.Strip(s.a.content()) }
