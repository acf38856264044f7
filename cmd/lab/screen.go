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
	b := &backend{app: a, course: c, options: o}
	shows := tui.Options{
		Lang: a.lang(), Course: *c, Motion: a.getenv("LAB_MOTION") != "0",
		Backend: b, Editor: a.editor(), Opener: a.opener(),
	}
	switch {
	case isPath(name):
		if b.visit, err = a.findPath(name, o.proxy); err != nil {
			return err
		}
		shows.Visit = &b.visit.lesson
	case name != "":
		l, err := c.Find(name)
		if err != nil {
			return err
		}
		shows.Open = l.ID
	}
	return tui.Run(ctx, shows)
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
	app     *app
	course  *course.Course
	options startOptions
	visit   target // a lab that is no part of the course; the zero target for none
}

var _ tui.Backend = (*backend)(nil)

// Begin starts a lesson's lab.
func (b *backend) Begin(ctx context.Context, lesson course.Lesson, observe session.Observer) (*tui.Live, error) {
	t, err := b.target(lesson)
	if err != nil {
		return nil, err
	}
	lab := t.lab
	p := plan{target: t, engine: b.options.engine, live: true, takeOver: b.options.takeOver}
	if p.from, err = stepID(lab, b.options.from); err != nil {
		return nil, err
	}
	r, err := b.app.begin(ctx, p, observe)
	if err != nil {
		return nil, err
	}
	live := begun(ctx, r)
	return &tui.Live{
		Lab: lab, Progress: r.Progress(), Files: r.Files, Requests: live.requests, Engine: r.Engine.Name(),
		Why: tui.Note{Key: r.Why.key, Args: r.Why.args}, Done: live.broken,
		End: func() error { return b.app.end(ctx, r, live.end()) },
	}, nil
}

// target loads the lab of a lesson that the screens show.
func (b *backend) target(lesson course.Lesson) (target, error) {
	if b.visits(lesson.ID) {
		return b.visit, nil
	}
	lab, err := b.course.Lab(lesson.Lab, b.options.proxy)
	return target{lesson: lesson, lab: lab}, err
}

// visits tells whether a lesson is the one of the lab that is no part of the course.
func (b *backend) visits(lesson string) bool {
	return b.visit.folder != "" && b.visit.lesson.ID == lesson
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
		l.err = r.Live(ctx, l.requests)
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
func (b *backend) Standing() (tui.Standing, error) {
	s, err := b.app.standing(b.course)
	if err != nil {
		return tui.Standing{}, err
	}
	return shownStanding(s), nil
}

// MarkRead records that a lesson of the course was read; once is enough.
func (b *backend) MarkRead(lesson string) error {
	if b.visits(lesson) {
		return nil
	}
	s, err := b.app.standing(b.course)
	if err != nil || s.State(lesson).Read {
		return err
	}
	return b.app.markRead(lesson)
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
