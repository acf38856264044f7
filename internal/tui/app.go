package tui

import (
	"errors"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/cwk-stream/lab/internal/course"
)

// The smallest window that the screens are made for.
const (
	minWidth  = 60
	minHeight = 16
)

// screen fills the window between the header and the line of keys.
type screen interface {
	Update(msg tea.Msg) tea.Cmd
	View(w, h int) string   // h lines of w cells
	Bindings() []binding    // what the keys do just now
	Status() (string, mood) // for the line above the keys; "" for nothing
}

// typist is a screen in which the student may be typing text; keys then belong to the text.
type typist interface {
	Typing() bool
	Cursor() (x, y int, ok bool) // in the screen's own cells
}

// leaver is a screen that has something to give up when it is left.
type leaver interface{ Leave() tea.Cmd }

// app is the root: it routes messages to screens and frames what they draw. It decides nothing.
type app struct {
	d           *desk
	open        string         // lesson to open first
	visit       *course.Lesson // the same, of no course
	ask         bool           // ask the terminal for its background
	w, h        int
	stack       []screen
	notice      noticeMsg
	notices     int
	leaving     bool
	interrupted bool  // by Ctrl-C
	crash       error // the first bug that was met
	trouble     error // what could not be removed while it left
	quitting    int   // labs that are still ending
}

func newApp(d *desk, o Options) *app {
	return &app{d: d, open: o.Open, visit: o.Visit, ask: o.Back == Auto, stack: []screen{newCourseScreen(d)}}
}

// Init asks the terminal and the backend for what the first frame can do without.
func (a *app) Init() tea.Cmd {
	work := []tea.Cmd{a.d.loadStanding()}
	switch {
	case a.visit != nil:
		work = append(work, a.show(*a.visit))
	case a.open != "":
		work = append(work, a.enter(a.open))
	}
	cmds := []tea.Cmd{a.d.soon(tea.Batch(work...))}
	if a.ask {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	return tea.Batch(cmds...)
}

func (a *app) top() screen { return a.stack[len(a.stack)-1] }

// route hands a message to those whom it concerns.
func (a *app) route(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case tea.WindowSizeMsg:
		first := a.w == 0
		a.w, a.h = m.Width, m.Height
		if first {
			return a.broadcast(sizeMsg{a.w, a.inner()})
		}
		// The terminal has moved what was on it about, also where quick changes of size come to none in the end: the
		// renderer, which writes differences, has to begin anew.
		return tea.Batch(tea.ClearScreen, a.broadcast(sizeMsg{a.w, a.inner()}))
	case tea.BackgroundColorMsg:
		return a.repaint(m.IsDark(), a.d.profile)
	case tea.ColorProfileMsg:
		return a.repaint(a.d.dark, m.Profile)
	case tea.KeyPressMsg:
		return a.key(m)
	case tea.MouseMsg:
		return a.mouse(m)
	case tea.PasteMsg:
		return a.top().Update(m)
	case standingMsg:
		return a.stands(m)
	case openMsg:
		return a.enter(m.lesson)
	case pushMsg:
		a.stack = append(a.stack, m.screen)
		return m.screen.Update(sizeMsg{a.w, a.inner()})
	case popMsg:
		return a.pop()
	case langMsg:
		return a.broadcast(m)
	case noticeMsg:
		return a.note(m)
	case noticeOverMsg:
		if m.n == a.notices {
			a.notice = noticeMsg{}
		}
		return nil
	case crashMsg:
		return a.crashed(m.err)
	case suspendMsg:
		return a.suspend()
	case resumedMsg:
		return a.resume(m)
	case inOrderMsg:
		var cmds []tea.Cmd
		for _, each := range m {
			cmds = append(cmds, a.route(each))
		}
		return tea.Batch(cmds...)
	case endedMsg:
		return a.ended(m)
	case begunMsg:
		return a.begun(m)
	}
	return a.broadcast(msg)
}

// stands takes in where the student stands.
func (a *app) stands(m standingMsg) tea.Cmd {
	if m.err == nil {
		a.d.standing, a.d.knows = m.standing, true
		return a.broadcast(m)
	}
	return tea.Batch(a.broadcast(m), notice(bad, errorWords(a.d, m.err)))
}

// begun hands a lab to the screen that asked for it; if the student has left that meanwhile, the lab ends.
func (a *app) begun(m begunMsg) tea.Cmd {
	for _, s := range a.stack {
		if l, ok := s.(*labScreen); ok && l.run == m.run {
			return s.Update(m)
		}
	}
	if m.live == nil {
		return nil
	}
	labs := a.d.labs
	return func() tea.Msg { return endedMsg{m.run, labs.end(m.live)} }
}

// sizeMsg tells a screen the cells that it has.
type sizeMsg struct{ w, h int }

// inner is the height that is left for a screen: the header, the status and the keys take a line each.
func (a *app) inner() int { return max(a.h-3, 0) }

func (a *app) tooSmall() bool { return a.w < minWidth || a.h < minHeight }

func (a *app) broadcast(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for _, s := range a.stack {
		cmds = append(cmds, s.Update(msg))
	}
	return tea.Batch(cmds...)
}

func (a *app) repaint(dark bool, profile colorprofile.Profile) tea.Cmd {
	if a.d.dark == dark && a.d.profile == profile {
		return nil
	}
	a.d.dark, a.d.profile = dark, profile
	a.d.repaint()
	return a.broadcast(sizeMsg{a.w, a.inner()})
}

func (a *app) key(m tea.KeyPressMsg) tea.Cmd {
	name := keyName(m)
	switch name { // these work even where a text is being typed
	case "ctrl+c":
		a.interrupted = true
		return a.quit()
	case "ctrl+d":
		// The end of the input: what stands between a closed terminal and this one may know no other word. In a text
		// that is being typed it is an editor's key.
		if t, ok := a.top().(typist); !ok || !t.Typing() {
			return a.quit()
		}
	case "ctrl+z":
		return a.suspend()
	case "ctrl+l":
		return tea.ClearScreen
	}
	if a.tooSmall() || a.leaving {
		if name == "q" {
			return a.quit()
		}
		return nil
	}
	if t, ok := a.top().(typist); ok && t.Typing() {
		return a.top().Update(m)
	}
	cmd, _ := press(a.bindings(), name)
	return cmd
}

// bindings are the topmost screen's, then those that work everywhere.
func (a *app) bindings() []binding {
	_, help := a.top().(*helpScreen)
	suspend := binding{keys: []string{"ctrl+z"}, show: "^Z", help: "suspend", on: canSuspend, do: a.suspend}
	redraw := binding{keys: []string{"ctrl+l"}, show: "^L", help: "redraw", on: true, do: func() tea.Cmd { return tea.ClearScreen }}
	if t, ok := a.top().(typist); ok && t.Typing() {
		return append(a.top().Bindings(), redraw, suspend,
			binding{keys: []string{"ctrl+c"}, show: "^C", help: "quit", foot: true, on: true, do: a.quit})
	}
	return append(a.top().Bindings(),
		binding{keys: []string{"?"}, show: "?", help: "help", foot: true, on: !help, do: func() tea.Cmd {
			return say(pushMsg{newHelpScreen(a.d, a.bindings())})
		}},
		binding{keys: []string{"l"}, show: "l", help: "language", on: true, do: a.speak},
		redraw,
		suspend,
		binding{keys: []string{"q", "ctrl+c"}, show: "q", help: "quit", foot: true, on: true, do: a.quit},
	)
}

// suspend stops the program until the shell wakes it, the terminal given back meanwhile.
func (a *app) suspend() tea.Cmd {
	if a.leaving {
		return nil
	}
	return suspend(a.d.stopped)
}

// resume draws anew what was on the screen before the program was stopped.
func (a *app) resume(m resumedMsg) tea.Cmd {
	if m.err != nil {
		return tea.Batch(tea.ClearScreen, notice(warn, a.d.say("no-suspend")))
	}
	return tea.ClearScreen
}

func (a *app) speak() tea.Cmd {
	a.d.lang = otherLang(a.d.lang)
	return tea.Batch(a.broadcast(langMsg{}), notice(quiet, a.d.say("language-now")))
}

// mouse tells the topmost screen where something was clicked or turned, in its own cells.
func (a *app) mouse(m tea.MouseMsg) tea.Cmd {
	if a.tooSmall() || a.leaving {
		return nil
	}
	at := m.Mouse()
	at.Y--
	switch m.(type) {
	case tea.MouseClickMsg:
		if at.Y >= 0 && at.Y < a.inner() {
			return a.top().Update(tea.MouseClickMsg(at))
		}
	case tea.MouseWheelMsg:
		return a.top().Update(tea.MouseWheelMsg(at))
	}
	return nil
}

func (a *app) enter(id string) tea.Cmd {
	l, ok := a.d.lesson(id)
	if !ok {
		return notice(bad, a.d.say("no-lesson", id))
	}
	return a.show(l)
}

// show opens a lesson, with its lab if it has one.
func (a *app) show(l course.Lesson) tea.Cmd {
	s, cmd := newLabScreen(a.d, l)
	a.stack = append(a.stack[:1], s)
	return tea.Batch(cmd, s.Update(sizeMsg{a.w, a.inner()}))
}

func (a *app) pop() tea.Cmd {
	if len(a.stack) == 1 {
		return nil
	}
	var cmd tea.Cmd
	if l, ok := a.top().(leaver); ok {
		cmd = l.Leave()
	}
	a.stack = a.stack[:len(a.stack)-1]
	return tea.Batch(cmd, a.d.loadStanding())
}

func (a *app) note(m noticeMsg) tea.Cmd {
	a.notices++
	a.notice = m
	n := a.notices
	return a.d.after(noticeTime, func(time.Time) tea.Msg { return noticeOverMsg{n} })
}

// quit gives up what runs, says so meanwhile, and leaves. Asked twice, it leaves at once: Run then does the rest.
func (a *app) quit() tea.Cmd {
	if a.leaving {
		return tea.Quit
	}
	a.leaving = true
	var cmds []tea.Cmd
	for _, s := range a.stack {
		if l, ok := s.(leaver); ok {
			if cmd := l.Leave(); cmd != nil {
				a.quitting++
				cmds = append(cmds, cmd)
			}
		}
	}
	if a.quitting == 0 {
		return tea.Quit
	}
	return tea.Batch(cmds...)
}

func (a *app) ended(m endedMsg) tea.Cmd {
	if a.leaving {
		a.trouble = errors.Join(a.trouble, m.err)
		if a.quitting--; a.quitting <= 0 {
			return tea.Quit
		}
		return nil
	}
	if m.err != nil {
		return notice(bad, a.d.say("end-trouble", m.err.Error()))
	}
	return nil
}

// View frames the topmost screen.
func (a *app) View() tea.View {
	v := tea.NewView(a.content())
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle = "lab"
	if t, ok := a.top().(typist); ok && t.Typing() && !a.tooSmall() {
		if x, y, on := t.Cursor(); on {
			v.Cursor = tea.NewCursor(x, y+1)
		}
	}
	return v
}

// draw puts the window together.
func (a *app) draw() string {
	if a.w == 0 || a.h == 0 {
		return ""
	}
	if a.tooSmall() {
		return a.refusal()
	}
	lines := []string{
		a.header(a.w),
		a.top().View(a.w, a.inner()),
		a.statusLine(a.w),
		footer(a.d, a.bindings(), a.w),
	}
	return strings.Join(lines, "\n")
}

// refusal says that the window is too small, in as much room as there is.
func (a *app) refusal() string {
	text := wrap(a.d.say("too-small", minWidth, minHeight, a.w, a.h), a.w)
	return strings.Join(column(text, 0, a.w, a.h), "\n")
}

func (a *app) statusLine(w int) string {
	text, m := a.top().Status()
	if a.notice.text != "" {
		text, m = a.notice.text, a.notice.mood
	}
	if a.leaving {
		text, m = a.d.say("leaving"), warn
	}
	return rule(a.d, text, a.d.th.of(m), "", w)
}
