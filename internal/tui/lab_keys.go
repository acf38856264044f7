package tui

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/cwk-stream/lab/internal/session"
)

// Bindings are what the keys do in the lab just now.
func (s *labScreen) Bindings() []binding {
	step, at, ok := s.step()
	live := s.live != nil && !s.ending && s.failed == nil // a session that ended by itself answers no key
	next, recap := s.onward()
	_, code := s.reading.visibleCode()
	request := func(k session.RequestKind) func() tea.Cmd {
		return func() tea.Cmd { return s.ask(session.Request{Kind: k}) }
	}
	do := func(f func()) func() tea.Cmd { return func() tea.Cmd { f(); return nil } }
	out := []binding{
		{keys: []string{"n"}, show: "n", help: "next", foot: true, on: live && next, do: request(session.RequestNext)},
		{keys: []string{"n", "v"}, show: "n", help: "recap", foot: true, on: live && recap, do: s.recap},
		{keys: []string{"e"}, show: "e", help: "edit", foot: true, on: live && s.file.files != nil, do: s.edit},
		{keys: []string{"c"}, show: "c", help: "check", foot: true, on: live && s.ready(), do: request(session.RequestCheck)},
		{keys: []string{"x"}, show: "x", help: "cancel", foot: true, on: live && s.progress.Phase == session.PhaseChecking, do: request(session.RequestCancel)},
		{keys: []string{"R"}, show: "R", help: "retry", foot: true, on: live && s.progress.Phase == session.PhaseFailed, do: request(session.RequestBoot)},
		{keys: []string{"h"}, show: "h", help: "hint", foot: true, on: live && ok && len(step.Hints) > 0, do: s.hint},
		{keys: []string{"s"}, show: "s", help: "solve", foot: true, on: live && ok, do: func() tea.Cmd { return s.offer(true) }},
		{keys: []string{"tab"}, show: "tab", help: "pane", foot: true, on: s.lesson.Lab != "", do: do(func() { s.focusOn(s.focus + 1) })},
		{keys: []string{"d"}, show: "d", help: "diff", foot: true, on: live && s.file.files != nil, do: s.showDiff},
		{keys: []string{"r"}, show: "r", help: "reset", on: live && ok, do: func() tea.Cmd { return s.offer(false) }},
		{keys: []string{"i"}, show: "i", help: "details", foot: at.Outcome != "" && at.Outcome != "met", on: live && ok && len(at.Verdicts) > 0, do: do(s.toggleDetails)},
		{keys: []string{"esc"}, show: "esc", help: "close", foot: true, on: s.aside != nil, do: do(func() { s.aside = nil })},
		{keys: []string{"shift+tab"}, show: "⇧tab", help: "pane-back", on: s.lesson.Lab != "", do: do(func() { s.focusOn(s.focus + panes - 1) })},
		{keys: []string{"z"}, show: "z", help: "zoom", on: s.w >= splitWidth && s.lesson.Lab != "", do: func() tea.Cmd { s.zoom = !s.zoom; return s.lay() }},
		{keys: []string{"f"}, show: "f", help: "file", on: len(s.file.names) > 1, do: do(s.nextFile)},
		{keys: []string{"y"}, show: "y", help: "copy", on: code, do: s.copyCode},
		{keys: []string{"o"}, show: "o", help: "links", on: len(s.reading.links()) > 0, do: s.openLinks},
		{keys: []string{"right"}, show: "← →", help: "sideways", on: s.sideways(), do: do(func() { s.shift(8) })},
		{keys: []string{"left"}, on: s.sideways(), do: do(func() { s.shift(-8) })},
		{keys: []string{"esc"}, show: "esc", help: "course", foot: s.lesson.Lab == "", on: s.aside == nil, do: func() tea.Cmd { return say(popMsg{}) }},
	}
	out = append(out, s.visits(live)...)
	for p := range panes {
		out = append(out, binding{keys: []string{fmt.Sprint(int(p) + 1)}, show: fmt.Sprint(int(p) + 1), help: "pane-" + paneKeys[p],
			on: s.hasPane(p) && s.lesson.Lab != "", do: do(func() { s.focusOn(p) })})
	}
	for _, b := range scrolling(s.move, s.paneHeight(), s.ends) {
		scroll := b.do
		b.do = func() tea.Cmd { return tea.Batch(scroll(), s.readSoFar()) }
		out = append(out, b)
	}
	return out
}

var paneKeys = [panes]string{"lesson", "steps", "file", "wire"}

// visits are the keys that go to other steps without a word about them being met.
func (s *labScreen) visits(live bool) []binding {
	to := func(delta int) func() tea.Cmd {
		return func() tea.Cmd {
			return s.ask(session.Request{Kind: session.RequestGoto, Step: s.progress.Steps[s.progress.Current+delta].ID})
		}
	}
	n := len(s.progress.Steps)
	return []binding{
		{keys: []string{"["}, show: "[", help: "step-before", on: live && s.progress.Current > 0, do: to(-1)},
		{keys: []string{"]"}, show: "]", help: "step-after", on: live && s.progress.Current+1 < n, do: to(1)},
	}
}

// ready tells whether a check can be asked for.
func (s *labScreen) ready() bool {
	switch s.progress.Phase {
	case session.PhaseReady, session.PhaseApplying, session.PhaseChecking:
		return true
	}
	return false
}

// move scrolls the pane that has the focus.
func (s *labScreen) move(delta int) {
	switch {
	case s.focus == paneSteps:
		s.steps.by(delta, len(s.stepsLines(s.layout().steps.w)), s.layout().steps.h)
	case s.focus == paneFile:
		s.file.move(delta)
	case s.focus == paneWire:
		s.wire.move(delta)
	case s.aside != nil:
		s.aside.top = max(s.aside.top+delta, 0)
	default:
		s.reading.move(delta)
	}
}

func (s *labScreen) ends(end bool) {
	if end {
		s.move(1 << 30)
	} else {
		s.move(-1 << 30)
	}
}

func (s *labScreen) paneHeight() int {
	at := s.layout()
	return []rect{at.lesson, at.steps, at.file, at.wire}[s.focus].h
}

func (s *labScreen) focusOn(p paneName) { s.focus = p % panes }

func (s *labScreen) sideways() bool {
	return s.focus == paneFile && s.file.files != nil || s.focus == paneWire && len(s.wire.rows) > 0
}

func (s *labScreen) shift(cells int) {
	if s.focus == paneFile {
		s.file.side = min(max(s.file.side+cells, 0), 400)
	} else {
		s.wire.side = min(max(s.wire.side+cells, 0), 4000)
	}
}

func (s *labScreen) nextFile() {
	s.file.shown = (s.file.shown + 1) % len(s.file.names)
	s.file.top, s.file.side, s.file.drift = 0, 0, false
}

// click gives a pane the focus, or picks a tab.
func (s *labScreen) click(x, y int) tea.Cmd {
	at := s.layout()
	if at.split {
		for p, r := range []rect{at.lesson, at.steps, at.file, at.wire} {
			if r.has(x, y) {
				s.focusOn(paneName(p))
			}
		}
		return nil
	}
	if !at.tabs.has(x, y) {
		return nil
	}
	from := 1
	for p := range panes {
		until := from + width(s.tab(p)) + 3
		if x >= from && x < until && s.hasPane(p) {
			s.focusOn(p)
		}
		from = until
	}
	return nil
}

// wheel scrolls the pane under the pointer.
func (s *labScreen) wheel(m tea.MouseWheelMsg) tea.Cmd {
	delta := 3
	switch m.Button {
	case tea.MouseWheelUp:
		delta = -3
	case tea.MouseWheelDown:
	default:
		return nil
	}
	was := s.focus
	at := s.layout()
	if at.split {
		for p, r := range []rect{at.lesson, at.steps, at.file, at.wire} {
			if r.has(m.X, m.Y) {
				s.focus = paneName(p)
			}
		}
	}
	s.move(delta)
	s.focus = was
	return s.readSoFar()
}

// editorEnd is how long an editor may take to end with the program, and to keep what was not saved.
const editorEnd = time.Second

// edit opens the file in the student's editor, at the line that was refused, or else in the built-in one.
func (s *labScreen) edit() tea.Cmd {
	name := s.file.name()
	path := s.live.Files.Path(name)
	if len(s.d.editor) == 0 {
		e, ok := newEditorScreen(s.d, s.live.Files, name, s.file.files, s.file.target())
		if !ok {
			return notice(warn, s.d.say("editor-unfit", name))
		}
		return say(pushMsg{e})
	}
	args := slices.Clone(s.d.editor[1:])
	switch filepath.Base(s.d.editor[0]) {
	case "vi", "vim", "nvim", "nano", "emacs", "micro", "kak", "pico":
		if line := s.file.target(); line > 0 {
			args = append(args, fmt.Sprintf("+%d", line))
		}
	}
	cmd := exec.CommandContext(s.d.ctx, s.d.editor[0], append(args, path)...) //nolint:gosec // the student's own choice
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGTERM) }, editorEnd
	if s.d.in != nil && s.d.out != nil { // themselves: an editor wants a terminal, not a pipe to one
		cmd.Stdin, cmd.Stdout = s.d.in, s.d.out
	}
	return tea.ExecProcess(cmd, func(err error) tea.Msg { return editedMsg{err} })
}

// target is the line that an editor should open at: the refused one, or the first that changed.
func (p *filePane) target() int {
	if p.wrong > 0 && p.wrongFile == p.name() {
		return p.wrong
	}
	for _, r := range p.rows[p.name()] {
		if r.mark != ' ' {
			return r.number
		}
	}
	return 0
}

// copyCode puts the code on the screen into the terminal's clipboard (OSC 52).
func (s *labScreen) copyCode() tea.Cmd {
	code, _ := s.reading.visibleCode()
	return tea.Batch(tea.SetClipboard(code), notice(good, s.d.say("copied", countLines(code))))
}

func (s *labScreen) openLinks() tea.Cmd { return say(pushMsg{newLinksScreen(s.d, s.reading.links())}) }

// hint shows the hints so far; asked again, one more.
func (s *labScreen) hint() tea.Cmd {
	step, at, _ := s.step()
	shown := s.aside != nil && s.aside.kind == asideHints
	if (at.Hints == 0 || shown) && at.Hints < len(step.Hints) {
		return s.ask(session.Request{Kind: session.RequestHint})
	}
	if shown {
		return notice(quiet, s.d.say("no-more-hints"))
	}
	s.showHints()
	return nil
}

// readSoFar marks the lesson as read once there was time to read it and its end is on the screen.
func (s *labScreen) readSoFar() tea.Cmd {
	if !s.reading.finished(s.aside == nil && (s.layout().split || s.focus == paneLesson)) {
		return nil
	}
	ctx, backend, id := s.d.ctx, s.d.backend, s.lesson.ID
	return func() tea.Msg {
		if err := backend.MarkRead(ctx, id); err != nil {
			return noticeMsg{text: clean(err.Error()), mood: bad}
		}
		standing, err := backend.Standing(ctx)
		return standingMsg{standing, err}
	}
}
