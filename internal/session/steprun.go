package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/probe"
)

// stepRun is one run of a step's checks.
type stepRun struct {
	s      *Session
	env    Environment
	step   course.Step
	probes *probe.Run
	was    StepProgress // of the step when the run began, with what the student's other programs have made of it

	mu       sync.Mutex
	observer error // what an observer said against a live exchange
}

func (s *Session) newRun(step course.Step) *stepRun {
	r := &stepRun{s: s, env: s.environment(), step: step}
	p := s.Progress()
	r.was = s.recalled(p.Steps[p.index(step.ID)])
	r.probes = probe.NewRun(r.env, nil)
	return r
}

// evaluateAll runs the step's checks up to the first that does not hold.
func (r *stepRun) evaluateAll(ctx context.Context) (probe.Outcome, error) {
	if len(r.step.Checks) == 0 {
		return probe.Unknown, nil // nothing was looked at
	}
	for i := 0; i < len(r.step.Checks); {
		n := sideBySide(r.step.Checks[i:])
		outcome, err := r.evaluate(ctx, i, i+n)
		if err != nil || outcome != probe.Met {
			return outcome, err
		}
		i += n
	}
	return probe.Met, nil
}

// sideBySide is how many of the checks, from the first on, may be evaluated at once: those that do nothing but wait
// and look. At least 1.
func sideBySide(checks []course.Check) int {
	n := 0
	for n < len(checks) && checks[n].Wait() > 0 && !checks[n].Acts() {
		n++
	}
	return max(n, 1)
}

// evaluate runs the checks from, from+1 … to-1 at once and reports their verdicts in order, up to the first that does
// not hold; the others are given up then. An error is one of the observers', or says that the environment is gone or
// ctx ended; that a check could not tell for another reason is a verdict.
func (r *stepRun) evaluate(ctx context.Context, from, to int) (probe.Outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	var all hint.Workers
	defer all.Wait()
	defer cancel()
	verdicts := make([]chan result, to-from)
	for i := range verdicts {
		check := r.step.Checks[from+i]
		e := Event{Kind: Probing, Step: r.step.ID, Check: from + i + 1, CheckKind: check.Kind, Expect: check.Wait().Seconds()}
		if err := r.s.emit(e); err != nil {
			return probe.Unknown, err
		}
		verdicts[i] = make(chan result, 1)
		all.Go(func() { verdicts[i] <- look(ctx, r.env, r.probes.With(r.say(from+i)), check) })
	}
	for i, verdict := range verdicts {
		v := <-verdict
		if err := r.observerFailed(); err != nil {
			return probe.Unknown, err
		}
		if v.err != nil {
			return probe.Unknown, v.err
		}
		e := judged(r.step.ID, from+i, r.step.Checks[from+i], v.Verdict)
		e.Solved = r.was.Solved
		err := r.s.emit(e)
		if err != nil || v.Outcome != probe.Met {
			return v.Outcome, err
		}
	}
	return probe.Met, nil
}

// say tells the observers of what a check sees.
func (r *stepRun) say(i int) func(probe.Exchange) {
	return func(x probe.Exchange) {
		err := r.s.emit(Event{Kind: Seen, Step: r.step.ID, Check: i + 1, Wire: &x})
		r.mu.Lock()
		defer r.mu.Unlock()
		r.observer = errors.Join(r.observer, err)
	}
}

func (r *stepRun) observerFailed() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.observer
}

// result is what came of one check.
type result struct {
	probe.Verdict
	err error
}

// look evaluates one check against env. An error says that the environment is gone, which it also is where a check could
// not undo what it did (probe.ErrUndo), or ctx ended; that a check could not tell for another reason is a verdict.
func look(ctx context.Context, env Environment, probes *probe.Run, c course.Check) result {
	began := time.Now()
	var v probe.Verdict
	err := protected(ctx, func(ctx context.Context) (err error) {
		v, err = probes.Evaluate(ctx, c)
		return err
	})
	if errors.Is(err, probe.ErrUndo) {
		return result{err: err} // a service stayed down that should be up: every check after this one would blame the student
	}
	if ctx.Err() != nil {
		return result{err: ctx.Err()}
	}
	select {
	case <-env.Died():
		return result{err: env.Cause()}
	default:
	}
	if err != nil {
		v = probe.Verdict{Outcome: probe.Unknown, Got: probe.NewFact("trouble", err.Error()), Meaning: "cannot-tell",
			Took: time.Since(began), Wire: v.Wire}
	}
	return result{Verdict: v}
}
