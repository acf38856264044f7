package tui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
)

// labScreen is a lesson, and its lab beside it.
type labScreen struct {
	d      *desk
	lesson course.Lesson
	run    int
	w, h   int

	live     *Live // nil until it has begun
	progress session.Progress
	failed   error // the lab could not begin

	focus paneName
	zoom  bool
	aside *aside // what stands in place of the lesson, nil for the lesson itself

	reading *readingPane
	file    *filePane
	wire    *wirePane
	steps   scroll

	clock    int
	slow     bool     // the clock runs at one tick a second
	standing Standing // as the lab began; for what it gained
	knows    bool     // standing is known
	ending   bool
}

// paneName names a pane, in the order of the tabs.
type paneName int

const (
	paneLesson paneName = iota
	paneSteps
	paneFile
	paneWire
	panes
)

func newLabScreen(d *desk, lesson course.Lesson) (*labScreen, tea.Cmd) {
	s := &labScreen{d: d, lesson: lesson, run: d.next(), standing: d.standing, knows: d.knows}
	s.reading = newReadingPane(d, lesson)
	s.file = &filePane{d: d}
	s.wire = newWirePane(d)
	if lesson.Lab == "" {
		return s, s.tick() // for the time that it is read
	}
	d.engine = engineState{phase: session.PhaseIdle}
	run, ctx, backend, box, labs := s.run, d.ctx, d.backend, d.box, d.labs
	begin := func() tea.Msg {
		live, err := labs.begin(func() (*Live, error) { return backend.Begin(ctx, lesson, box.observer(run)) })
		return begunMsg{run, live, err}
	}
	return s, tea.Batch(begin, s.tick())
}

// Leave gives up the lab.
func (s *labScreen) Leave() tea.Cmd {
	s.d.engine = engineState{}
	if s.live == nil || s.ending {
		return nil
	}
	s.ending = true
	run, live, labs := s.run, s.live, s.d.labs
	return func() tea.Msg { return endedMsg{run, labs.end(live)} }
}

// Update takes in what happened.
func (s *labScreen) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case sizeMsg:
		s.w, s.h = m.w, m.h
		return s.lay()
	case langMsg:
		s.aside = s.aside.again(s)
		return s.lay()
	case sheetMsg:
		s.reading.take(m)
	case begunMsg:
		if m.run == s.run {
			return s.begun(m)
		}
	case sessionMsg:
		if m.run == s.run {
			return s.session(m)
		}
	case standingMsg:
		if !s.knows && m.err == nil {
			s.standing, s.knows = m.standing, true
		}
	case brokeMsg:
		if m.run == s.run && m.err != nil && !s.ending {
			s.failed = m.err
		}
	case filesMsg:
		if m.run == s.run {
			s.file.take(m)
		}
	case editedMsg:
		if m.err != nil {
			return notice(bad, s.d.say("editor-failed", m.err.Error()))
		}
		return s.look()
	case requestMsg:
		return s.ask(m.request)
	case tickMsg:
		if m.gen == s.clock {
			return tea.Batch(s.tick(), s.readSoFar())
		}
	case tea.MouseClickMsg:
		return s.click(m.X, m.Y)
	case tea.MouseWheelMsg:
		return s.wheel(m)
	}
	return nil
}

func (s *labScreen) begun(m begunMsg) tea.Cmd {
	if m.err != nil {
		s.failed = m.err
		return nil
	}
	s.live = m.live
	if s.progress.Phase == "" {
		s.progress = m.live.Progress
	}
	s.d.engine = engineState{name: m.live.Engine, phase: s.progress.Phase}
	s.wire.setParties(m.live.Lab)
	s.file.setFiles(m.live.Lab)
	cmds := []tea.Cmd{s.look(), s.watch()}
	if why := m.live.Why.in(s.d.lang); why != "" {
		cmds = append(cmds, notice(quiet, clean(m.live.Engine)+" · "+why))
	}
	return tea.Batch(cmds...)
}

// watch waits for the session to end by itself.
func (s *labScreen) watch() tea.Cmd {
	if s.live.Done == nil {
		return nil
	}
	ctx, run, done := s.d.ctx, s.run, s.live.Done
	return func() tea.Msg {
		select {
		case err := <-done:
			return brokeMsg{run, err}
		case <-ctx.Done():
			return nil
		}
	}
}

// session takes in a bundle of events.
func (s *labScreen) session(m sessionMsg) tea.Cmd {
	s.progress = m.progress
	if s.live != nil || m.progress.Engine != "" {
		s.d.engine = engineState{name: m.progress.Engine, phase: m.progress.Phase}
	}
	var cmds []tea.Cmd
	for _, e := range m.events {
		s.wire.add(e)
		cmds = append(cmds, s.react(e))
	}
	if s.slow == s.moving() { // a countdown began or ended: another pace from now on
		cmds = append(cmds, s.tick())
	}
	return tea.Batch(cmds...)
}

// react says what the screen does on one event, beyond drawing what it folds into.
func (s *labScreen) react(e session.Event) tea.Cmd {
	switch e.Kind {
	case session.Saved:
		s.file.saved = e.Time
		return s.look()
	case session.AppliedOK:
		s.file.wrong = 0
		return s.look()
	case session.Rejected:
		s.file.reject(e)
		return s.look()
	case session.SolvedFor:
		s.file.saved = e.Time
		return tea.Batch(s.look(), s.backup("solved-done", e))
	case session.Moved, session.Reset:
		s.aside = nil
		s.steps.top = 0
		if e.Kind == session.Moved {
			s.file.saved, s.file.base = time.Time{}, s.file.files // what is saved from now on belongs to the new step
			return tea.Batch(s.look(), notice(plain, ""))
		}
		s.file.base = nil
		return tea.Batch(s.look(), s.backup("reset-done", e))
	case session.StepMet:
		s.aside = s.aside.unless(asideHints)
		return tea.Batch(notice(good, s.celebration(e)), s.d.loadStanding())
	case session.StepUnmet:
		return notice(plain, "") // what was celebrated is over
	case session.Hinted:
		s.showHints()
	case session.Completed:
		return s.d.loadStanding()
	}
	return nil
}

// backup says where the files went that were replaced, if any were.
func (s *labScreen) backup(key string, e session.Event) tea.Cmd {
	if e.Message == "" {
		return nil
	}
	return notice(quiet, s.d.say(key, tail(e.Message, max(s.w-60, 16))))
}

// look reads the student's files.
func (s *labScreen) look() tea.Cmd {
	if s.live == nil {
		return nil
	}
	return s.file.look(s.run, s.live, s.progress.Current, s.d.th)
}

// ask hands a request to the session, from a command: a session that is busy takes its time.
func (s *labScreen) ask(r session.Request) tea.Cmd {
	if s.live == nil || s.ending {
		return nil
	}
	ctx, requests, busy := s.d.ctx, s.live.Requests, s.d.say("busy")
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		select {
		case requests <- r:
			return nil
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return noticeMsg{text: busy, mood: warn}
			}
			return nil
		}
	}
}

// moving tells whether something on the screen changes by the tenth of a second.
func (s *labScreen) moving() bool {
	r := s.progress.Running
	return s.progress.Phase == session.PhaseBooting && s.d.motion || r != nil && r.Expect > 0
}

// tick starts a new clock; the earlier one's next tick is stale.
func (s *labScreen) tick() tea.Cmd {
	s.clock = s.d.next()
	s.slow = !s.moving()
	pace := 100 * time.Millisecond
	if s.slow {
		pace = time.Second
	} else if !s.d.motion {
		pace = 500 * time.Millisecond
	}
	gen := s.clock
	return s.d.after(pace, func(time.Time) tea.Msg { return tickMsg{gen} })
}

// step gives the current step as written and as it stands; ok is false without one.
func (s *labScreen) step() (course.Step, session.StepProgress, bool) {
	at, ok := s.progress.Step()
	if !ok || s.live == nil || s.progress.Current >= len(s.live.Lab.Steps) {
		return course.Step{}, session.StepProgress{}, false
	}
	return s.live.Lab.Steps[s.progress.Current], at, true
}

// lay has the lesson laid out for the width that its pane has now.
func (s *labScreen) lay() tea.Cmd {
	if s.w == 0 {
		return nil
	}
	return s.reading.lay(s.layout().lesson.w - 2)
}
