package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// Boot brings up the environment with the lab's own files, which are known to be good, and then puts the student's
// in force where they differ. A refusal of these is not an error: the environment then runs with the lab's files.
func (s *Session) Boot(ctx context.Context) error {
	if err := s.emit(Event{Kind: Booting}); err != nil {
		return err
	}
	began := time.Now()
	initial, err := s.c.Lab.Initial()
	if err != nil {
		return err
	}
	var observer error
	env, err := s.c.Engine.Start(ctx, s.id, s.c.Lab.Env, filesOf(s.c.Lab, initial), func(st Stage) {
		observer = errors.Join(observer, s.emit(Event{Kind: Staged, Stage: &st}))
	})
	if err != nil {
		s.keep(err)
		return fmt.Errorf("starting the environment: %w", err)
	}
	s.mu.Lock()
	s.env, s.inForce, s.good = env, initial, initial
	s.mu.Unlock()
	if observer != nil {
		return observer
	}
	if err := s.emit(Event{Kind: Ready, Seconds: time.Since(began).Seconds()}); err != nil {
		return err
	}
	_, err = s.apply(ctx)
	return err
}

// apply puts the student's files in force if they are not, and tells whether the services took them.
func (s *Session) apply(ctx context.Context) (ok bool, err error) {
	env := s.environment()
	if env == nil {
		return false, errors.New("the environment is not running")
	}
	now, err := s.c.Files.Read()
	if err != nil {
		return false, &filesError{err}
	}
	s.mu.Lock()
	same, before := s.inForce.Equal(now), s.inForce
	s.wanted, s.inForce = now, nil // until this comes to an end, nobody knows what is in force
	s.mu.Unlock()
	if same {
		s.setInForce(now)
		return true, s.settled()
	}
	if err := s.emit(Event{Kind: Applying}); err != nil {
		return false, err
	}
	if err := env.Put(ctx, filesOf(s.c.Lab, now)); err != nil {
		return false, fmt.Errorf("putting the files in place: %w", err)
	}
	began := time.Now()
	refused, still, err := applyAll(ctx, env, s.c.Lab, before, now)
	switch {
	case err != nil:
		return false, err
	case refused != nil:
		return false, s.reject(ctx, env, *refused, still)
	}
	s.setInForce(now)
	return true, s.emit(Event{Kind: AppliedOK, Seconds: time.Since(began).Seconds()})
}

// applyAll has the services take the files now, which are in their places; before is what is in force, nil for not known.
// Where a service refuses, it gives what that said, and what is in force still: nil for not known where others took theirs.
func applyAll(ctx context.Context, env Environment, lab course.Lab, before, now course.Files) (refused *Applied, still course.Files, err error) {
	for i, service := range changed(lab, before, now) {
		applied, err := env.Apply(ctx, service)
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("applying the files to %s: %w", service, err)
		case applied.OK:
		case i == 0:
			return &applied, before, nil
		default:
			return &applied, nil, nil
		}
	}
	return nil, now, nil
}

// settled clears an earlier refusal once the files in force are the student's again.
func (s *Session) settled() error {
	if s.Progress().Rejection == nil {
		return nil
	}
	return s.emit(Event{Kind: AppliedOK})
}

func (s *Session) setInForce(f course.Files) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inForce, s.good = f, f
}

// reject reports a refusal, and puts the last good files back, so that a service that restarts finds good ones. before
// is what is still in force; nil for not known.
func (s *Session) reject(ctx context.Context, env Environment, a Applied, before course.Files) error {
	s.mu.Lock()
	good := s.good
	s.mu.Unlock()
	if err := env.Put(ctx, filesOf(s.c.Lab, good)); err != nil {
		return fmt.Errorf("putting the last good files back: %w", err)
	}
	if before != nil {
		s.setInForce(before)
	}
	return s.emit(Event{Kind: Rejected, Message: a.Message, File: editable(s.c.Lab, a.File), Line: a.Line})
}

// Check puts the student's files in force and runs the current step's checks, up to the first that does not hold, one
// after the other; those that wait and follow one another wait side by side, and their verdicts come in order. The
// outcome is NotMet if the files were refused. No verdict ever comes from a configuration other than the one that the
// files had when Check began. After an error that wraps probe.ErrUndo the environment is of no more use.
func (s *Session) Check(ctx context.Context) (probe.Outcome, error) {
	outcome, err := s.check(ctx)
	if err != nil && ctx.Err() != nil {
		cause := ctx.Err()
		if errors.Is(err, probe.ErrUndo) {
			cause = errors.Join(cause, err)
		}
		return probe.Unknown, errors.Join(cause, s.emit(Event{Kind: Cancelled}))
	}
	return outcome, err
}

func (s *Session) check(ctx context.Context) (probe.Outcome, error) {
	ok, err := s.apply(ctx)
	if err != nil || !ok {
		return probe.NotMet, err
	}
	p := s.Progress()
	current, ok := p.Step()
	if !ok { // every step is done, and nothing is left to check: that is no verdict
		return probe.Unknown, nil
	}
	step, _, _ := s.c.Lab.Step(current.ID)
	began := time.Now()
	if err := s.emit(Event{Kind: Checking, Step: step.ID}); err != nil {
		return probe.Unknown, err
	}
	run := s.newRun(step)
	outcome, err := run.evaluateAll(ctx)
	if err != nil {
		return probe.Unknown, err
	}
	return outcome, s.conclude(step, run.was, outcome, time.Since(began))
}

func judged(step string, i int, c course.Check, v probe.Verdict) Event {
	return Event{Kind: Judged, Step: step, Check: i + 1, CheckKind: c.Kind, Outcome: v.Outcome, Want: &v.Want, Got: &v.Got,
		Meaning: v.Meaning, Seconds: v.Took.Seconds(), ClosedAfter: v.ClosedAfter.Seconds(),
		LoggedAfter: v.LoggedAfter.Seconds(), Evidence: v.Wire}
}

// recalled is a step's progress with what the student's other programs have made of it. Of a step whose XP were given
// there is nothing more to know: reading a long history anew for each save would be all that a session does.
func (s *Session) recalled(p StepProgress) StepProgress {
	if s.c.Recall == nil || p.Awarded {
		return p
	}
	h, err := s.c.Recall()
	if err != nil {
		return p
	}
	p.Solved, p.Awarded = h.Solved[p.ID], h.Awarded[p.ID]
	return p
}

// conclude reports how a step's check run came out, and that the lab is complete if this was the last step open. was is
// the step's progress when the run began.
func (s *Session) conclude(step course.Step, was StepProgress, outcome probe.Outcome, took time.Duration) error {
	if outcome != probe.Met {
		return s.emit(Event{Kind: StepUnmet, Step: step.ID, Outcome: outcome, Seconds: took.Seconds()})
	}
	s.begun(nil)
	e := Event{Kind: StepMet, Step: step.ID, Seconds: took.Seconds(), Solved: was.Solved, First: !was.Met}
	if !was.Awarded && !was.Solved {
		e.XP = step.XP
	}
	if err := s.emit(e); err != nil {
		return err
	}
	p := s.Progress()
	for _, st := range p.Steps {
		if !st.Met {
			return nil
		}
	}
	if p.Done {
		return nil
	}
	return s.emit(Event{Kind: Completed})
}
