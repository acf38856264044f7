package tui

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

const open03 = "03-reverse-proxy"

func (s *show) ready() { s.play(s.house.stage.boot, s.house.stage.ready) }

func (s *show) firstMet() {
	s.ready()
	s.solved()
	s.play(s.house.stage.drop)
}

// TestHelpIsTrue holds every key that is listed anywhere to its word: it is explained in both languages, it is the
// only one of its name, it does something, and keys that are not listed do nothing.
func TestHelpIsTrue(t *testing.T) {
	for _, sc := range scenes() {
		t.Run(sc.name, func(t *testing.T) {
			s := newShow(t, locale.English, 100, 30, open03)
			sc.play(s)
			seen := map[string]string{}
			for _, b := range s.a.bindings() {
				if !b.on {
					continue
				}
				if b.help == "" && b.show != "" || b.help != "" && !locale.Has("tui.key."+b.help) {
					t.Errorf("%v is not explained: tui.key.%s", b.keys, b.help)
				}
				for _, k := range b.keys {
					if other, twice := seen[k]; twice {
						t.Errorf("%s is both %q and %q", k, other, b.help)
					}
					seen[k] = b.help
				}
				if b.foot && b.help == "" {
					t.Errorf("%v is in the footer without a word", b.keys)
				}
			}
			if t2, ok := s.a.top().(typist); ok && t2.Typing() {
				return // all other keys are text
			}
			before := s.frame()
			s.requests() // those of the scene itself
			for _, k := range strings.Split("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;-+#'", "") {
				if _, listed := seen[k]; listed {
					continue
				}
				s.key(k)
				if s.frame() != before || s.quit || len(s.requests()) > 0 {
					t.Fatalf("%s is not listed, but does something", k)
				}
			}
		})
	}
}

// TestWords keeps every key of a word in the sources in the catalogue.
func TestWords(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	word := regexp.MustCompile(`(?:\.say\(|headKey: |heading\(\w+, )"([a-z-]+)"[,)]`)
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range word.FindAllStringSubmatch(string(data), -1) {
			if !locale.Has("tui." + m[1]) {
				t.Errorf("%s says tui.%s, which has no words", name, m[1])
			}
		}
	}
	for _, prefix := range []string{"solve", "reset"} {
		for _, suffix := range []string{"-title", "-ask", "-confirm"} {
			if !locale.Has("tui." + prefix + suffix) {
				t.Errorf("tui.%s has no words", prefix+suffix)
			}
		}
	}
}

// TestMetStepWaits: a met step never moves on by itself, and n asks for the next one.
func TestMetStepWaits(t *testing.T) {
	s := newShow(t, locale.English, 100, 30, open03)
	s.firstMet()
	if got := s.requests(); len(got) > 0 {
		t.Fatalf("the screen asked for %v by itself", got)
	}
	s.key("n")
	if got := s.requests(); !slices.Equal(got, []session.RequestKind{session.RequestNext}) {
		t.Errorf("n asked for %v", got)
	}
}

// TestSavedForTheNextStep: a step that was met and is not any more still leads on, and is a met one once it is left.
func TestSavedForTheNextStep(t *testing.T) {
	s := newShow(t, locale.English, 100, 30, open03)
	s.firstMet()
	s.play(s.house.stage.stillUpgraded)
	if f := s.frame(); !strings.Contains(f, "met already") || !strings.Contains(f, "✗ 1") || strings.Contains(f, "+20 XP") {
		t.Errorf("want the way on, the verdict, and no celebration:\n%s", f)
	}
	s.key("n")
	if got := s.requests(); !slices.Equal(got, []session.RequestKind{session.RequestNext}) {
		t.Errorf("n asked for %v", got)
	}
	s.play(s.house.stage.next)
	if f := s.frame(); !strings.Contains(f, "✓ 1") {
		t.Errorf("the step that was left is not met:\n%s", f)
	}
}

// TestRequests presses the keys that ask something of the session.
func TestRequests(t *testing.T) {
	tests := []struct {
		keys string
		want []session.RequestKind
	}{
		{"c", []session.RequestKind{session.RequestCheck}},
		{"h", []session.RequestKind{session.RequestHint}},
		{"]", []session.RequestKind{session.RequestGoto}},
		{"n", nil}, // nothing is met yet
		{"s", nil}, // the solution is shown first
		{"s y", []session.RequestKind{session.RequestSolve}},
		{"s esc", nil},
		{"r y", []session.RequestKind{session.RequestReset}},
		{"r esc", nil},
		{"x", nil}, // nothing is being checked
		{"R", nil}, // nothing is broken
		{"ㅊ", []session.RequestKind{session.RequestCheck}}, // c, with a Korean input method on
	}
	for _, tt := range tests {
		t.Run(tt.keys, func(t *testing.T) {
			s := newShow(t, locale.English, 100, 30, open03)
			s.ready()
			s.key(strings.Fields(tt.keys)...)
			if got := s.requests(); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestQuitEndsTheLab: whatever the way out, a lab ends exactly once.
func TestQuitEndsTheLab(t *testing.T) {
	tests := map[string][]string{"q": {"q"}, "ctrl+c": {"ctrl+c"}, "back and q": {"esc", "q"}, "from a sheet": {"?", "q"},
		"while the editor is open": {"e", "ctrl+c"}}
	for name, keys := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShow(t, locale.English, 100, 30, open03)
			s.ready()
			s.key(keys...)
			if !s.quit || s.house.ended != 1 {
				t.Errorf("quit %v, lab ended %d times", s.quit, s.house.ended)
			}
			if err := s.a.d.labs.endAll(); err != nil || s.house.ended != 1 {
				t.Errorf("ending all afterwards: %v, lab ended %d times", err, s.house.ended)
			}
		})
	}
}

// TestLateLab: a lab that begins after its screen was left is ended.
func TestLateLab(t *testing.T) {
	s := newShow(t, locale.English, 100, 30, "")
	live, err := s.a.d.labs.begin(func() (*Live, error) { return s.house.live, nil })
	if err != nil {
		t.Fatal(err)
	}
	s.send(begunMsg{run: 99, live: live})
	if s.house.ended != 1 {
		t.Errorf("the lab ended %d times", s.house.ended)
	}
}

// TestLabThatCannotBegin says why, in the steps' place, and the lesson can still be read.
func TestLabThatCannotBegin(t *testing.T) {
	house := newShow(t, locale.English, 100, 30, "")
	house.house.err = errors.New("docker: permission denied")
	house.key("enter")
	if got := house.frame(); !strings.Contains(got, "permission denied") || !strings.Contains(got, "A proxy treats") {
		t.Errorf("the screen:\n%s", got)
	}
}

// TestLanguage switches the interface and the lesson, at the same place.
func TestLanguage(t *testing.T) {
	s := newShow(t, locale.English, 80, 24, open03)
	s.ready()
	s.key("l")
	if got := s.frame(); !strings.Contains(got, "프록시는 따로") || !strings.Contains(got, "편집") {
		t.Errorf("not in Korean:\n%s", got)
	}
	s.key("l")
	if got := s.frame(); !strings.Contains(got, "A proxy treats") {
		t.Errorf("not back in English:\n%s", got)
	}
}

// TestPoison: nothing that comes from outside reaches the terminal as anything but text.
func TestPoison(t *testing.T) {
	const poison = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\rX"
	s := newShow(t, locale.English, 120, 40, open03)
	s.ready()
	path := s.house.live.Files.Path("websocket.conf")
	if err := os.WriteFile(path, []byte("# "+poison+"\nserver {\t}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	st := s.house.stage
	s.play(st.save, func() {
		st.emit(session.Event{Kind: session.Rejected, File: "websocket.conf", Line: 1, Message: "nginx: " + poison})
	}, func() {
		st.checking(1, "handshake", 0)
		st.see(probe.Exchange{From: "you" + poison, To: "proxy", Kind: probe.WireLog, Text: poison, Notes: []string{poison}})
		st.judge(1, "handshake", probe.NotMet, probe.NewFact("odd", poison), probe.NewFact("trouble", poison), poison, 0.1)
	})
	for _, key := range []string{"2", "3", "4", "i", "d"} {
		s.key(key)
		frame := s.a.content()
		checkFrame(t, frame, 120, 40)
		for _, bad := range []string{"\x1b]0", "\x1b[2J", "\x9b", "\u202e", "\r", "\t", "\x07X"} {
			if strings.Contains(frame, bad) {
				t.Errorf("after %s the frame contains %q", key, bad)
			}
		}
	}
}

// TestBigPaste: a megabyte is refused in the editor, cut in the search, and ignored elsewhere.
func TestBigPaste(t *testing.T) {
	big := tea.PasteMsg{Content: strings.Repeat("0123456789abcdef\n", 1<<16)}
	for _, keys := range [][]string{{"e"}, {"esc", "/"}, {}, {"?"}} {
		s := newShow(t, locale.English, 100, 30, open03)
		s.ready()
		s.key(keys...)
		s.send(big)
		checkFrame(t, s.a.content(), 100, 30)
		if strings.Contains(s.frame(), "0123456789abcdef") {
			t.Errorf("after %v the paste was taken", keys)
		}
	}
}

// TestResizeStorm sizes the window to everything, the impossible included.
func TestResizeStorm(t *testing.T) {
	s := newShow(t, locale.Korean, 100, 30, open03)
	s.firstMet()
	for _, keys := range [][]string{{"1"}, {"4"}, {"i"}, {"esc", "d"}, {"esc", "e"}} {
		s.key(keys...)
		for w := 1; w <= 210; w += 29 {
			for h := 1; h <= 60; h += 9 {
				s.send(tea.WindowSizeMsg{Width: w, Height: h})
				checkFrame(t, s.a.content(), w, h)
			}
		}
		s.send(tea.WindowSizeMsg{Width: 100, Height: 30})
	}
}

// TestMouse clicks on tabs, panes and lessons, and turns the wheel.
func TestMouse(t *testing.T) {
	s := newShow(t, locale.English, 80, 24, open03)
	s.firstMet()
	lab := s.a.top().(*labScreen)
	s.send(tea.MouseClickMsg{X: 14, Y: 2, Button: tea.MouseLeft})
	if lab.focus != paneSteps {
		t.Errorf("a click on the second tab went to pane %d", lab.focus)
	}
	s.send(tea.WindowSizeMsg{Width: 100, Height: 30})
	s.send(tea.MouseClickMsg{X: 80, Y: 26, Button: tea.MouseLeft})
	if lab.focus != paneWire {
		t.Errorf("a click on the wire went to pane %d", lab.focus)
	}
	s.send(tea.MouseWheelMsg{X: 5, Y: 10, Button: tea.MouseWheelDown})
	if lab.reading.top != 3 || lab.focus != paneWire {
		t.Errorf("the wheel over the lesson scrolled it to %d, focus %d", lab.reading.top, lab.focus)
	}
	s.key("esc")
	s.send(tea.MouseClickMsg{X: 5, Y: 6, Button: tea.MouseLeft})
	s.send(tea.MouseClickMsg{X: 5, Y: 6, Button: tea.MouseLeft})
	if l, ok := s.a.top().(*labScreen); !ok || l.lesson.Number != 4 {
		t.Error("two clicks on the second lesson did not open it")
	}
}

// TestCopy puts the code block in view into the terminal's clipboard.
func TestCopy(t *testing.T) {
	s := newShow(t, locale.English, 100, 30, open03)
	s.key("y")
	if got := fmt.Sprint(s.said); !strings.Contains(got, "GET /ws HTTP/1.1\nUpgrade: websocket\nConnection: Upgrade\n") {
		t.Errorf("copied %s", got)
	}
	s.said = nil
	s.key("o", "2")
	if got := fmt.Sprint(s.said); !strings.Contains(got, "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1") {
		t.Errorf("the second link copied %s", got)
	}
}

// TestExport writes the recap beside the student's files.
func TestExport(t *testing.T) {
	s := newShow(t, locale.Korean, 100, 30, open03)
	all := scenes()
	all[slices.IndexFunc(all, func(sc scene) bool { return sc.name == "recap" })].play(s)
	s.key("w")
	data, err := os.ReadFile(filepath.Join(s.house.live.Files.Dir(), "recap.ko.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# 웹소켓 프록시를", "## 3. 죽는 것 보기", "1006", "30.006"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the recap lacks %q:\n%s", want, data)
		}
	}
}

// TestStaleLayout: while a window is being dragged, only the newest width is laid out.
func TestStaleLayout(t *testing.T) {
	s := newShow(t, locale.English, 100, 30, open03)
	lab := s.a.top().(*labScreen)
	first, second := lab.reading.lay(31), lab.reading.lay(33)
	if msg := first(); msg != nil {
		t.Errorf("the earlier width was laid out: %T", msg)
	}
	s.run(second)
	if got := lab.reading.want.width; got != 33 || len(lab.reading.page.lines) == 0 {
		t.Errorf("the pane shows %d lines for width %d", len(lab.reading.page.lines), got)
	}
}

// TestChangesOfTheNewStep: what is saved right after n, before the files were read again, is shown as a change of the
// new step; and a look that took long does not bring back what it saw.
func TestChangesOfTheNewStep(t *testing.T) {
	s := newShow(t, locale.English, 100, 30, open03)
	s.ready()
	s.solved()
	s.play(s.house.stage.drop)
	lab := s.a.top().(*labScreen)
	late := lab.look()() // of the step before
	s.house.stage.next()
	s.solved()
	s.events()
	if got := lab.file.changes(); got != "+1" {
		t.Errorf("changes: got %q, want +1", got)
	}
	s.send(late)
	if got := lab.file.changes(); got != "+1" {
		t.Errorf("changes after a late look: got %q, want +1", got)
	}
}

// TestChecksSideBySide: of checks that wait together, each outcome stands over its own check, whichever ends first.
func TestChecksSideBySide(t *testing.T) {
	s := newShow(t, locale.English, 120, 40, open03)
	s.ready()
	stage := s.house.stage
	s.play(func() {
		stage.checking(1, course.KindIdle, 30)
		stage.checking(2, course.KindHandshake, 5)
		stage.judge(1, course.KindIdle, probe.Met, probe.Fact{}, probe.Fact{}, "", 30)
		stage.judge(2, course.KindHandshake, probe.NotMet, probe.Fact{}, probe.Fact{}, "", 31)
	})
	var heads []string
	for _, r := range s.a.top().(*labScreen).wire.rows {
		heads = append(heads, fmt.Sprint(r.headKey, r.headArgs[0]))
	}
	if got := strings.Join(heads, " "); got != "wire-met1 wire-not-met2" {
		t.Errorf("got %s", got)
	}
}
