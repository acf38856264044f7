package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// A check that ends in more than one way with the same files tells some students something wrong. So those that do not wait
// are repeated once a step's solution is in force, and, where they must not hold, before it.
const (
	// repeats finds a check that ends otherwise one time in four with a probability of 1 − 0.75^16 = 99 %.
	repeats    = 16
	repeatsFor = 4 * time.Second // of one check: a slow one is repeated less often
	// What goes through a proxy may meet a limit of requests or connections when it is repeated at once, which is no chance.
	// Only if it also ends otherwise at a student's pace is it a finding: 0.99 × (1 − 0.75^10) = 93 % for one time in four.
	slowRepeats = 10
	slowPace    = 1500 * time.Millisecond
)

// wavers repeats the trial's quick checks, and makes a finding of the first that ends otherwise than it did. An error says
// that the environment broke or that ctx ended.
func (t *trial) wavers(ctx context.Context, env Environment) error {
	wanted := map[TrialKind]probe.Outcome{TrialAfter: probe.Met, TrialBefore: probe.NotMet}[t.Kind]
	if t.Finding != "" || t.Rejected != nil || wanted == "" {
		return nil
	}
	for _, v := range t.Verdicts {
		check := t.step.Checks[v.Check-1]
		if v.Outcome != wanted || check.Wait() > 0 || check.Acts() || v.Kind == course.KindReach || v.Kind == course.KindLog {
			continue
		}
		n, err := t.repeat(ctx, env, check, wanted, repeats, 0)
		if err == nil && n > 0 && v.Kind != course.KindExec && v.Kind != course.KindEffective {
			n, err = t.repeat(ctx, env, check, wanted, slowRepeats, slowPace)
		}
		if err != nil {
			return err
		}
		if n > 0 {
			t.Finding, t.Args = "flaky", []string{fmt.Sprint(v.Check), string(v.Kind), string(wanted), fmt.Sprint(n)}
			t.at = v.Check
			return nil
		}
	}
	return nil
}

// repeat evaluates a check up to times more, and gives which of them ended in the other way first; 0 for none. That a check
// could not tell is no other way: the machine may be busy.
func (t *trial) repeat(ctx context.Context, env Environment, c course.Check, wanted probe.Outcome, times int, pace time.Duration) (int, error) {
	began := time.Now()
	for n := 1; n <= times && (pace > 0 || time.Since(began) < repeatsFor); n++ {
		select {
		case <-time.After(pace):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		r := look(ctx, env, probe.NewRun(env, nil), c)
		if r.err != nil {
			return 0, errors.Join(r.err, ctx.Err())
		}
		if r.Outcome != wanted && r.Outcome != probe.Unknown {
			return n, nil
		}
	}
	return 0, nil
}

// place says where in the lab a finding is to be mended: the check that ended the trial, or the case.
func (t *trial) place(l course.Lab) string {
	if t.Kind == TrialMistake || t.Kind == TrialAnswer {
		return t.Name + "/expect.yaml"
	}
	check := t.at
	if n := len(t.Verdicts); check == 0 && n > 0 && t.Kind == TrialAfter {
		check = t.Verdicts[n-1].Check
	}
	step := slices.IndexFunc(l.Steps, func(s course.Step) bool { return s.ID == t.Step })
	if check > 0 {
		return l.Place(fmt.Sprintf("$.steps[%d].checks[%d]", step, check-1))
	}
	return l.Place(fmt.Sprintf("$.steps[%d].id", step))
}
