package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/workspace"
)

// cleanUp is how long the removal of an environment may take before the program gives up on it; what then is left
// the watchdog goes on removing, and, where it cannot, the next command.
const cleanUp = 30 * time.Second

// hurriedCleanUp is the same where the student has pressed Ctrl-C.
const hurriedCleanUp = 10 * time.Second

// plan says which session a command wants.
type plan struct {
	target
	engine string
	from   string // step to begin with; "" for the first that is not met
	// demo: in a scratch workspace, nothing is remembered
	demo   bool
	guided bool // the student leads, by prompts
	// live: the student leads, and no other program may do so with the same files
	live     bool
	takeOver bool // a program that does so is ended
}

// running is a session with what belongs to it.
type running struct {
	*session.Session
	Files  *workspace.Workspace
	Engine session.Engine
	Why    why
	remove func() // of what belongs to the session beside its environment
	log    *record
}

// begin makes a session of a plan. Unless it is a demonstration, the journal is told of everything first.
func (a *app) begin(ctx context.Context, p plan, observers ...session.Observer) (*running, error) {
	e, reason, err := a.engine(ctx, p.engine, p.lab)
	if err == nil {
		err = a.consent(ctx, e, p.lab)
	}
	if err != nil {
		return nil, err
	}
	r := &running{Engine: e, Why: reason, remove: func() {}}
	log := a.record(e)
	c := session.Config{Lab: p.lab, Engine: log, From: p.from, Observers: observers}
	if p.demo {
		r.Files, r.remove, err = a.scratch(p.lab)
	} else {
		err = a.remember(ctx, &c)
		if err == nil {
			r.Files, err = a.workspace(p.lab)
		}
		if err == nil && p.live {
			r.remove, err = hold(ctx, r.Files.Dir(), p.lab.ID, cmp.Or(p.asked, p.lab.ID), p.takeOver)
		}
	}
	if err != nil {
		return nil, err
	}
	r.log = log
	c.Files, c.Observers = r.Files, append(c.Observers, log)
	if r.Session, err = session.New(c); err != nil {
		r.remove()
		return nil, usageError{err}
	}
	a.sessions.Add(1)
	return r, nil
}

// remember puts the journal before a session's other observers, and tells the session what it knows of the lab.
func (a *app) remember(ctx context.Context, c *session.Config) error {
	j, err := a.journal()
	if err != nil {
		return err
	}
	c.Observers = append([]session.Observer{j.Observer(ctx)}, c.Observers...)
	c.Recall = func() (session.History, error) {
		events, _, err := j.Load(ctx)
		return session.Recall(events, c.Lab), err
	}
	c.History, err = a.history(ctx, c.Lab)
	return err
}

// end removes the session's environment and scratch files, whatever became of ctx. It returns the first error of err
// and of the removal.
func (a *app) end(ctx context.Context, r *running, err error) error {
	defer a.sessions.Add(-1)
	limit := cleanUp
	if ctx.Err() != nil {
		limit = hurriedCleanUp
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	stopped := r.Stop(ctx)
	r.log.end(err)
	r.remove()
	if stopped != nil {
		a.watchdog().inherit()
		stopped = hint.With(stopped, "left-behind")
	}
	return errors.Join(err, stopped)
}
