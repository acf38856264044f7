package main

import (
	"context"
	"errors"
	"strings"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/reward"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/tui"
)

// screen runs the full-screen program, at a lesson or, with "", at the course.
func (a *app) screen(ctx context.Context, name string, o startOptions) error {
	c, err := a.course()
	if err != nil {
		return err
	}
	b := &backend{app: a, course: c, engine: o.engine, takeOver: o.takeOver}
	shows := tui.Options{
		Lang: a.lang(), Course: *c, Motion: a.getenv("LAB_MOTION") != "0",
		Backend: b, Editor: a.editor(), Opener: a.opener(),
	}
	switch {
	case isPath(name) || o.proxy != "" || o.from != "": // what is wrong with them is said before there is a screen
		if b.named, err = a.find(name, o.proxy); err != nil {
			return err
		}
		if b.from, err = stepID(b.named.lab, o.from); err != nil {
			return err
		}
		shows.Open = b.named.lesson.ID
		if b.named.folder != "" {
			shows.Open, shows.Visit = "", &b.named.lesson
		}
	case name != "":
		l, err := c.Find(name)
		if err != nil {
			return err
		}
		shows.Open = l.ID
	}
	if err := b.agree(ctx, name); err != nil {
		return err
	}
	a.watchTerminal(ctx, a.in)
	defer a.holdTerminal(tui.Leave)()
	a.tty.fullScreen.Store(true)
	defer a.tty.fullScreen.Store(false)
	return tui.Run(ctx, shows)
}

// agree asks about the builds of the lab that the command names, before there is a screen in the way. Of a lab that is
// opened there, its engine is not yet known here: its start says what to do.
func (b *backend) agree(ctx context.Context, name string) error {
	lab := b.named.lab
	if lab.ID == "" && name != "" {
		l, err := b.course.Find(name)
		if err != nil || l.Lab == "" {
			return err
		}
		if lab, err = b.course.Lab(l.Lab, ""); err != nil {
			return nil // the screen shows what is wrong
		}
	}
	if builds, err := b.app.foreignBuilds(lab); err != nil || len(builds) == 0 || b.engine == engineEmbedded {
		return err
	}
	e, _, err := b.app.engine(ctx, b.engine, lab)
	if err != nil {
		return nil // the screen shows what is missing, and goes on with the lesson
	}
	return b.app.consent(ctx, e, lab)
}

// opener is the command that opens an address in a browser, empty where there is none to be sure of.
func (a *app) opener() []string {
	switch {
	case strings.HasPrefix(platform, "darwin"):
		return []string{"open"}
	case strings.HasPrefix(platform, "windows"):
		return []string{"rundll32", "url.dll,FileProtocolHandler"}
	case a.getenv("DISPLAY") != "" || a.getenv("WAYLAND_DISPLAY") != "":
		return []string{"xdg-open"}
	}
	return nil
}

// backend is what the screens need from the rest of the house.
type backend struct {
	app      *app
	course   *course.Course
	engine   string
	takeOver bool

	// The lab that the command chose a variant or a step of, or that is no part of the course. All other labs begin where
	// their student is, in their first variant.
	named target // the zero target for none
	from  string // id of the step that named begins with when it is opened first; "" for the first that is not met
}

var _ tui.Backend = (*backend)(nil)

// Begin starts a lesson's lab.
func (b *backend) Begin(ctx context.Context, lesson course.Lesson, observe session.Observer) (*tui.Live, error) {
	t, err := b.target(lesson)
	if err != nil {
		return nil, err
	}
	p := plan{target: t, engine: b.engine, live: true, takeOver: b.takeOver}
	if lesson.ID == b.named.lesson.ID {
		p.from = b.from
	}
	r, err := b.app.begin(ctx, p, observe)
	if err != nil {
		return nil, b.app.explain(err)
	}
	if p.from != "" {
		b.from = "" // whoever comes back goes on where they are
	}
	live := begun(ctx, r)
	return &tui.Live{
		Lab: t.lab, Progress: r.Progress(), Files: r.Files, Requests: live.requests, Engine: r.Engine.Name(),
		Why: tui.Note{Key: r.Why.key, Args: r.Why.args}, Done: live.broken,
		End: func() error { return b.app.end(ctx, r, live.end()) },
	}, nil
}

// target loads the lab of a lesson that the screens show.
func (b *backend) target(lesson course.Lesson) (target, error) {
	if lesson.ID == b.named.lesson.ID {
		return b.named, nil
	}
	lab, err := b.course.Lab(lesson.Lab, "")
	return target{lesson: lesson, lab: lab}, err
}

// visits tells whether a lesson is the one of the lab that is no part of the course.
func (b *backend) visits(lesson string) bool {
	return b.named.folder != "" && b.named.lesson.ID == lesson
}

// liveRun is a session's Live in a goroutine of its own.
type liveRun struct {
	requests chan session.Request
	broken   chan error // an error with which it ended by itself
	stop     context.CancelFunc
	ended    chan struct{}
	err      error // valid once ended is closed
}

func begun(ctx context.Context, r *running) *liveRun {
	l := &liveRun{requests: make(chan session.Request), broken: make(chan error, 1), ended: make(chan struct{})}
	ctx, l.stop = context.WithCancel(ctx)
	go func() {
		defer close(l.ended)
		l.err = protected(func() error { return r.Live(ctx, l.requests) })
		if l.err != nil && ctx.Err() == nil {
			l.broken <- l.err
		}
	}()
	return l
}

// end ends it and gives its error, if there is one that somebody should hear of.
func (l *liveRun) end() error {
	l.stop()
	<-l.ended
	if errors.Is(l.err, context.Canceled) {
		return nil
	}
	return l.err
}

// Standing is what the student has achieved so far.
func (b *backend) Standing(ctx context.Context) (tui.Standing, error) {
	s, err := b.app.standing(ctx, b.course)
	if err != nil {
		return tui.Standing{}, err
	}
	return shownStanding(s), nil
}

// MarkRead records that a lesson of the course was read; once is enough.
func (b *backend) MarkRead(ctx context.Context, lesson string) error {
	if b.visits(lesson) {
		return nil
	}
	s, err := b.app.standing(ctx, b.course)
	if err != nil || s.State(lesson).Read {
		return err
	}
	return b.app.markRead(ctx, lesson)
}

// shownStanding puts a standing into the screens' terms.
func shownStanding(s reward.Standing) tui.Standing {
	out := tui.Standing{Level: s.Level, Name: course.Text(s.LevelName), XP: s.XP, From: s.LevelXP, Next: s.NextXP,
		Lessons: map[string]tui.LessonState{}}
	for _, l := range s.Levels {
		out.Levels = append(out.Levels, tui.Level{Number: l.Number, Name: course.Text(l.Name), At: l.XP})
	}
	for id, l := range s.States {
		out.Lessons[id] = tui.LessonState{Read: l.Read, Met: l.Met, Steps: l.Steps, Done: l.Done, Left: l.Left}
	}
	for _, x := range s.Achievements {
		out.Achievements = append(out.Achievements, tui.Achievement{ID: x.ID, Title: course.Text(x.Name),
			Text: course.Text(x.How), Got: x.Got, When: x.When})
	}
	return out
}
