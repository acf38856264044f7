package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/probe"
)

// A lab is valid if each step's checks do not hold before its solution and do after it, every wrong answer in
// mistakes/ is found out in the way that it says, and every right answer in answers/ passes. Rehearse finds out.

// TrialKind says which of these a trial is about.
type TrialKind string

// The kinds of trials.
const (
	TrialBefore  TrialKind = "before"  // the files as the step begins: its checks must not hold
	TrialAfter   TrialKind = "after"   // the solution: they must
	TrialMistake TrialKind = "mistake" // a wrong answer
	TrialAnswer  TrialKind = "answer"  // a right answer that differs from the solution
	TrialChecks  TrialKind = "checks"  // after all others of a step: each of its checks must have failed at least once
)

// Trial is one of a rehearsal's trials, and what came of it.
type Trial struct {
	Lab     string    `json:"lab"`
	Variant string    `json:"variant"`
	Engine  string    `json:"engine"`
	Kind    TrialKind `json:"kind"`
	Step    string    `json:"step"`
	Name    string    `json:"name"` // the case's folder, such as "mistakes/add-header"; else the step

	Outcome  probe.Outcome `json:"outcome,omitempty"`  // of the check run; "" if the files were refused, or none took place
	Rejected *Rejection    `json:"rejected,omitempty"` // how the service refused the files
	Verdicts []Judgement   `json:"verdicts,omitempty"`
	Seconds  float64       `json:"seconds"`           // of applying and checking
	Finding  string        `json:"finding,omitempty"` // code of what is wrong, words under "finding.<code>"; "" for nothing
	Args     []string      `json:"args,omitempty"`    // what the words mention
	Place    string        `json:"place,omitempty"`   // of what is to be mended: file, or file:line, in the lab's folder
	Trouble  error         `json:"-"`                 // why there was no environment; it may carry a hint
}

// Judgement is the end of one check of a trial.
type Judgement struct {
	Check   int           `json:"check"` // 1 for the step's first
	Kind    course.Kind   `json:"kind"`
	Outcome probe.Outcome `json:"outcome"`
	Want    probe.Fact    `json:"want"`
	Got     probe.Fact    `json:"got"`
	Seconds float64       `json:"seconds"`
}

// Play is a lab, in one variant, on one engine.
type Play struct {
	Lab    course.Lab
	Engine Engine
}

// Rehearsal says what to rehearse, and how.
type Rehearsal struct {
	Plays        []Play
	Step         string           // this step's trials alone; "" for all
	Quick        bool             // the steps alone: no mistakes, no answers, and no word on checks that only a mistake fails
	Environments int              // at most so many at once on one engine; 0 means 24
	Say          func(Trial)      // is told of each trial as it ends, one at a time; may be nil
	Planned      func(trials int) // is told once how many there will be; may be nil
}

// defaultEnvironments is what Docker's address ranges allow with room to spare: it makes about 30 networks by default.
const defaultEnvironments = 24

// Rehearse runs every trial and gives them in the order of the labs: findings are trials whose Finding is not "". An
// error says that a lab cannot be read or ctx ended. Nothing is left running.
func Rehearse(ctx context.Context, r Rehearsal) ([]Trial, error) {
	h := &house{r: r, perEngine: map[Engine]chan struct{}{}, boots: make(chan struct{}, bootsAtOnce), failed: map[string]error{},
		booted: map[string]chan struct{}{}}
	if h.r.Environments == 0 {
		h.r.Environments = defaultEnvironments
	}
	h.ofLabs = h.lint()
	var scenes []*scene
	var order []*trial
	for _, p := range r.Plays {
		trials, err := trialsOf(p, r)
		if err != nil {
			return nil, err
		}
		h.perEngine[p.Engine] = make(chan struct{}, h.r.Environments)
		order = append(order, trials...)
		scenes = append(scenes, arrange(p, trials)...)
	}
	if r.Planned != nil {
		r.Planned(len(order))
	}
	// The longest first, so that the shorter ones run while these wait.
	slices.SortStableFunc(scenes, func(a, b *scene) int { return int(b.length() - a.length()) })
	var all hint.Workers
	for engine := range h.perEngine {
		all.Go(func() { h.performAll(ctx, engine, scenes) })
	}
	all.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return h.account(order), nil
}

// performAll plays the scenes of one engine, so many at once as it may.
func (h *house) performAll(ctx context.Context, engine Engine, scenes []*scene) {
	var all hint.Workers
	defer all.Wait()
	slots := h.perEngine[engine]
	for _, s := range scenes {
		if s.play.Engine != engine {
			continue
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		all.Go(func() {
			defer func() { <-slots }()
			h.perform(ctx, s)
		})
	}
}

// account gives the trials that took place, with those of TrialChecks behind.
func (h *house) account(order []*trial) []Trial {
	out := slices.Clone(h.ofLabs)
	failed := map[string]bool{}
	key := func(t Trial, check int) string { return fmt.Sprint(t.Lab, t.Variant, t.Engine, t.Step, check) }
	for _, t := range order {
		out = append(out, t.Trial)
		for _, j := range t.Verdicts {
			if j.Outcome == probe.NotMet && (t.Kind == TrialBefore || t.Kind == TrialMistake) {
				failed[key(t.Trial, j.Check)] = true
			}
		}
	}
	for _, t := range order {
		if t.Kind != TrialBefore || h.r.Quick || t.Trouble != nil { // without an environment nothing failed
			continue
		}
		for i := range t.step.Checks {
			if failed[key(t.Trial, i+1)] {
				continue
			}
			vacuous := t.Trial
			vacuous.Kind, vacuous.Verdicts, vacuous.Rejected, vacuous.Outcome, vacuous.Seconds = TrialChecks, nil, nil, "", 0
			vacuous.Trouble, vacuous.Place = nil, t.lab.Place(fmt.Sprintf("$.steps[%d].checks[%d]",
				slices.IndexFunc(t.lab.Steps, func(s course.Step) bool { return s.ID == t.Step }), i))
			vacuous.Finding, vacuous.Args = "check-never-fails", []string{fmt.Sprint(i + 1), string(t.step.Checks[i].Kind)}
			out = append(out, vacuous)
			h.say(vacuous)
		}
	}
	slices.SortStableFunc(out, func(a, b Trial) int { return h.play(a) - h.play(b) })
	return out
}

// play gives the place of a trial's play among all.
func (h *house) play(t Trial) int {
	return slices.IndexFunc(h.r.Plays, func(p Play) bool {
		return p.Lab.ID == t.Lab && p.Lab.Variant == t.Variant && p.Engine.Name() == t.Engine
	})
}

// trial is a Trial with what it takes.
type trial struct {
	Trial
	lab    course.Lab
	step   course.Step
	at     int // the check that a finding is about; 0 for the last
	files  course.Files
	begins course.Files // what the step begins with
	want   course.Case  // of mistakes
}

// trialsOf lists the trials of a lab: of each step before and after, then the cases.
func trialsOf(p Play, r Rehearsal) ([]*trial, error) {
	only := r.Step
	base := Trial{Lab: p.Lab.ID, Variant: p.Lab.Variant, Engine: p.Engine.Name()}
	var out []*trial
	previous, err := p.Lab.Initial()
	if err != nil {
		return nil, err
	}
	begins := map[string]course.Files{}
	for _, step := range p.Lab.Steps {
		solution, err := p.Lab.Solution(step.ID)
		if err != nil {
			return nil, err
		}
		if only == "" || only == step.ID {
			t := base
			t.Step, t.Name = step.ID, step.ID
			t.Kind = TrialBefore
			out = append(out, &trial{Trial: t, lab: p.Lab, step: step, files: previous, begins: previous})
			t.Kind = TrialAfter
			out = append(out, &trial{Trial: t, lab: p.Lab, step: step, files: solution, begins: previous})
		}
		begins[step.ID] = previous
		previous = solution
	}
	if r.Quick {
		return out, nil
	}
	cases, err := p.Lab.Cases()
	if err != nil {
		return nil, err
	}
	for _, c := range cases {
		if only != "" && only != c.Step || !slices.Contains(c.Engines, base.Engine) {
			continue
		}
		t := base
		t.Step, t.Name, t.Kind = c.Step, c.Name, TrialMistake
		if c.Answer {
			t.Kind = TrialAnswer
		}
		step, _, _ := p.Lab.Step(c.Step)
		out = append(out, &trial{Trial: t, lab: p.Lab, step: step, files: c.Files, begins: begins[c.Step], want: c})
	}
	return out, nil
}

// judge compares what came of a trial with what must, and notes a finding.
func (t *trial) judge() {
	find := func(code string, args ...string) { t.Finding, t.Args = code, args }
	last := "—"
	if n := len(t.Verdicts); n > 0 {
		j := t.Verdicts[n-1]
		last = fmt.Sprintf("check %d %s %s", j.Check, j.Outcome, j.Got)
	}
	switch t.Kind {
	case TrialBefore:
		switch {
		case t.Rejected != nil:
			find("before-refused", t.Rejected.Message)
		case t.Outcome == probe.Met:
			find("passes-before")
		case t.Outcome == probe.Unknown:
			find("unknown-before", last)
		}
	case TrialAfter, TrialAnswer:
		switch {
		case t.Rejected != nil:
			find("right-refused", t.Rejected.Message)
		case t.Outcome != probe.Met:
			find("right-fails", last)
		}
	case TrialMistake:
		t.judgeMistake(last, find)
	}
}

func (t *trial) judgeMistake(last string, find func(code string, args ...string)) {
	if want := t.want.Rejected; want != nil {
		switch {
		case t.Rejected == nil:
			find("mistake-accepted", want.Message, last)
		case !strings.Contains(t.Rejected.Message, want.Message):
			find("mistake-other-words", want.Message, t.Rejected.Message)
		case want.Line != t.Rejected.Line:
			find("mistake-other-line", fmt.Sprint(want.Line), fmt.Sprint(t.Rejected.Line))
		}
		return
	}
	want := t.want.Verdict
	if t.Rejected != nil {
		find("mistake-refused", t.Rejected.Message)
		return
	}
	if t.Outcome == probe.Met {
		find("mistake-passes")
		return
	}
	j := t.Verdicts[len(t.Verdicts)-1]
	if j.Check != want.Check || string(j.Outcome) != want.Outcome || !strings.HasPrefix(j.Got.String(), want.Got) {
		find("mistake-other-verdict", fmt.Sprintf("check %d %s %s", want.Check, want.Outcome, want.Got), last)
	}
}

// wait is how long the trial is going to wait, as far as can be foreseen.
func (t *trial) wait() time.Duration {
	checks := t.step.Checks
	switch {
	case t.Kind == TrialMistake && t.want.Rejected != nil:
		return 0
	case t.Kind == TrialMistake:
		checks = checks[:t.want.Verdict.Check]
	}
	var d time.Duration
	for i := 0; i < len(checks); {
		n := 1
		if t.Kind != TrialBefore {
			n = sideBySide(checks[i:])
		}
		longest := time.Duration(0)
		for _, c := range checks[i : i+n] {
			longest = max(longest, c.Wait())
			if c.Acts() {
				longest += acting
			}
		}
		d += longest
		i += n
	}
	return d
}

// acting is about what it takes to act on a service and to undo that.
const acting = 3 * time.Second

// acts tells whether one of the step's checks acts on services, so that no other trial may run beside it.
func (t *trial) acts() bool { return slices.ContainsFunc(t.step.Checks, course.Check.Acts) }
