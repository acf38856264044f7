package session

import (
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// Phase says what the session is doing.
type Phase string

// The phases.
const (
	PhaseIdle     Phase = "idle"     // not started yet
	PhaseBooting  Phase = "booting"  // the environment is on its way
	PhaseReady    Phase = "ready"    // waiting for the student
	PhaseApplying Phase = "applying" // files are going in
	PhaseChecking Phase = "checking" // checks are running
	PhaseFailed   Phase = "failed"   // no environment, or one that broke; Trouble says why
	PhaseStopped  Phase = "stopped"
)

// Progress is where a session stands: the fold of its events. It is a value; Apply never changes the one it is
// called on.
type Progress struct {
	Lab     string
	Variant string
	Engine  string
	Phase   Phase
	Stages  []Stage // of the boot, the newest of each Name and Subject, in order of appearance
	Steps   []StepProgress
	Current int // index into Steps; len(Steps) once all is done and the student moved on

	Rejection *Rejection // the last save was refused by the service; nil once one is accepted
	Running   *Running   // the check in flight; nil for none
	Trouble   string     // code of what is wrong; "" for nothing
	Args      []string   // what its words mention
	Detail    string     // and its message
	Done      bool       // every step is met
}

// StepProgress is where a step stands.
type StepProgress struct {
	ID       string
	Met      bool
	Earlier  bool // it was met in an earlier session
	Solved   bool // the solution was written for it, and the files were not reset since
	Awarded  bool // its XP were given, now or earlier
	Hints    int  // how many were shown
	XP       int  // what meeting it gave in this session
	Seconds  float64
	Tries    int             // check runs that came to an end
	Outcome  probe.Outcome   // of the last run; "" for none yet
	Verdicts []CheckProgress // of the last run, one a check that has ended
}

// CheckProgress is the end of one check.
type CheckProgress struct {
	Check       int
	Kind        course.Kind
	Outcome     probe.Outcome
	Want, Got   probe.Fact
	Meaning     string
	Seconds     float64
	ClosedAfter float64
	LoggedAfter float64
	Evidence    []probe.Exchange
}

// Rejection says why the student's files are not in force.
type Rejection struct {
	Code    string   `json:"code,omitempty"` // "" where the service refused them; else why they cannot be read, words under "error.<code>"
	Args    []string `json:"args,omitempty"`
	Message string   `json:"message"` // the service's own words, or the error's
	File    string   `json:"file,omitempty"`
	Line    int      `json:"line,omitempty"`
}

// Running is the check in flight.
type Running struct {
	Check   int
	Kind    course.Kind
	Since   time.Time
	Expect  time.Duration // how long it is going to wait; 0 for at once
	Idle    bool          // the watched connection is open
	Control bool          // the control connection is open
}

// NewProgress is the progress before the first event.
func NewProgress(lab course.Lab) Progress {
	p := Progress{Lab: lab.ID, Variant: lab.Variant, Phase: PhaseIdle}
	for _, s := range lab.Steps {
		p.Steps = append(p.Steps, StepProgress{ID: s.ID})
	}
	return p
}

// Step gives the current step's progress; ok is false when all is done.
func (p Progress) Step() (s StepProgress, ok bool) {
	if p.Current < 0 || p.Current >= len(p.Steps) {
		return StepProgress{}, false
	}
	return p.Steps[p.Current], true
}

// Apply gives the progress after e. It is the only place where state changes.
func (p Progress) Apply(e Event) Progress {
	p.Steps = append([]StepProgress(nil), p.Steps...)
	if e.Engine != "" {
		p.Engine = e.Engine
	}
	switch e.Kind {
	case Booting:
		p.Phase, p.Stages, p.Trouble, p.Args, p.Detail = PhaseBooting, nil, "", nil, ""
	case Staged:
		p.Stages = withStage(p.Stages, *e.Stage)
	case Ready:
		p.Phase = PhaseReady
	case Applying:
		p.Phase = PhaseApplying
	case AppliedOK:
		p.Phase, p.Rejection = PhaseReady, nil
	case Rejected:
		p.Rejection, p.Running = &Rejection{e.Code, e.Args, e.Message, e.File, e.Line}, nil
		if p.Phase != PhaseBooting && p.Phase != PhaseFailed { // files that cannot be read change nothing about that
			p.Phase = PhaseReady
		}
	case Cancelled:
		p.Phase, p.Running = PhaseReady, nil
	case Trouble:
		p.Phase, p.Trouble, p.Args, p.Detail, p.Running = PhaseFailed, e.Code, e.Args, e.Message, nil
	case Completed:
		p.Done = true
	case Stopped:
		p.Phase, p.Running = PhaseStopped, nil
	case Probing, Seen:
		p.Running = running(p.Running, e)
	default:
		p.applyStep(e)
	}
	return p
}

// applyStep folds the events that concern one step. p.Steps is already a copy.
func (p *Progress) applyStep(e Event) {
	i := p.index(e.Step)
	if i < 0 {
		return
	}
	s := &p.Steps[i]
	switch e.Kind {
	case Checking:
		p.Phase, s.Verdicts, s.Outcome = PhaseChecking, nil, ""
	case Judged:
		if p.Running != nil && p.Running.Check == e.Check {
			p.Running = nil
		}
		s.Verdicts = append(append([]CheckProgress(nil), s.Verdicts...), checkProgress(e))
	case StepMet:
		p.Phase, p.Running = PhaseReady, nil
		s.Met, s.Outcome, s.Seconds, s.XP = true, probe.Met, e.Seconds, s.XP+e.XP
		s.Awarded = s.Awarded || e.XP > 0
		s.Tries++
	case StepUnmet:
		p.Phase, p.Running = PhaseReady, nil
		s.Outcome, s.Seconds = e.Outcome, e.Seconds
		s.Tries++
	case Moved:
		p.Current = i
	case Hinted:
		s.Hints = max(s.Hints, e.Number)
	case SolvedFor:
		s.Solved = true
	case Reset:
		s.Solved = false
	}
}

func (p Progress) index(step string) int {
	for i, s := range p.Steps {
		if s.ID == step {
			return i
		}
	}
	return -1
}

func checkProgress(e Event) CheckProgress {
	c := CheckProgress{Check: e.Check, Kind: e.CheckKind, Outcome: e.Outcome, Meaning: e.Meaning, Seconds: e.Seconds,
		ClosedAfter: e.ClosedAfter, LoggedAfter: e.LoggedAfter, Evidence: e.Evidence}
	if e.Want != nil {
		c.Want = *e.Want
	}
	if e.Got != nil {
		c.Got = *e.Got
	}
	return c
}

// running folds what is seen of the check in flight, so that a countdown knows which connections are open. Of checks
// that wait side by side, the one that waits longest counts.
func running(was *Running, e Event) *Running {
	if e.Kind == Probing {
		if was != nil && was.Expect.Seconds() > e.Expect {
			return was
		}
		return &Running{Check: e.Check, Kind: e.CheckKind, Since: e.Time,
			Expect: time.Duration(e.Expect * float64(time.Second))}
	}
	if was == nil || e.Wire == nil || e.Check != was.Check {
		return was
	}
	now := *was
	switch e.Wire.Kind {
	case probe.WireOpen:
		if e.Wire.Text == "control" {
			now.Control = true
		} else {
			now.Idle, now.Since = true, e.Wire.At
		}
	case probe.WireClose:
		if len(e.Wire.Notes) > 0 && e.Wire.Notes[0] == "control" {
			now.Control = false
		} else {
			now.Idle = false
		}
	}
	return &now
}

func withStage(stages []Stage, s Stage) []Stage {
	out := append([]Stage(nil), stages...)
	for i := range out {
		if out[i].Name == s.Name && out[i].Subject == s.Subject {
			out[i] = s
			return out
		}
	}
	return append(out, s)
}
