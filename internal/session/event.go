package session

import (
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// Kind names a kind of event. Kinds are written to disk: none is ever renamed or given another meaning.
type Kind string

// The kinds of events, with the fields that they carry besides ID, Seq, Time, Kind, Session, Lab, Variant, Engine.
const (
	Booting   Kind = "booting"    // the environment is being started
	Staged    Kind = "stage"      // Stage
	Ready     Kind = "ready"      // Seconds since booting
	Saved     Kind = "saved"      // the student's files changed: Files
	Applying  Kind = "applying"   // files are on their way into the service
	AppliedOK Kind = "applied"    // Seconds: validation and reload
	Rejected  Kind = "rejected"   // the service refused them: Message, File (the editable's Path), Line; or they cannot be read: Code, Args, Message
	Checking  Kind = "checking"   // the checks of Step begin
	Probing   Kind = "probing"    // one check begins: Check, CheckKind, Expect
	Seen      Kind = "seen"       // Wire: one exchange, live
	Judged    Kind = "verdict"    // one check's end: Check, CheckKind, Outcome, Want, Got, Meaning, Seconds, ClosedAfter, LoggedAfter, Evidence
	Cancelled Kind = "cancelled"  // the check run in flight was given up, because of a newer save or a request
	StepMet   Kind = "step-met"   // Seconds, XP, Solved, First: all checks of Step are met
	StepUnmet Kind = "step-unmet" // Seconds, Outcome: at least one is not
	Moved     Kind = "moved"      // Step is now the current one
	Hinted    Kind = "hint"       // Step, Number: 1 for the first hint
	SolvedFor Kind = "solved"     // the solution of Step was written into the student's files
	Reset     Kind = "reset"      // the student's files were put back; Message names the backup folder
	Trouble   Kind = "trouble"    // something is wrong that is not the student's doing: Code, Args, Message
	Completed Kind = "completed"  // every step is met: Seconds
	Stopped   Kind = "stopped"    // the environment is gone: Seconds that the removal took
	Read      Kind = "read"       // a lesson was read to its end: Lesson
)

// Event is one thing that happened. It is a flat value and never changes once it was emitted.
type Event struct {
	ID      string    `json:"id"`  // unique for ever; sorts by time within one session
	Seq     int       `json:"seq"` // 1, 2, 3 … within a session
	Time    time.Time `json:"time"`
	Kind    Kind      `json:"kind"`
	Session string    `json:"session,omitempty"`
	Lab     string    `json:"lab,omitempty"`
	Variant string    `json:"variant,omitempty"`
	Engine  string    `json:"engine,omitempty"`
	Lesson  string    `json:"lesson,omitempty"`

	Step      string      `json:"step,omitempty"`
	Check     int         `json:"check,omitempty"` // 1 for the step's first check
	CheckKind course.Kind `json:"check_kind,omitempty"`

	Outcome     probe.Outcome    `json:"outcome,omitempty"`
	Want        *probe.Fact      `json:"want,omitempty"`
	Got         *probe.Fact      `json:"got,omitempty"`
	Meaning     string           `json:"meaning,omitempty"`
	Seconds     float64          `json:"seconds,omitempty"`
	ClosedAfter float64          `json:"closed_after,omitempty"` // seconds
	LoggedAfter float64          `json:"logged_after,omitempty"` // seconds
	Expect      float64          `json:"expect,omitempty"`       // seconds that a check is going to wait, for a countdown
	Wire        *probe.Exchange  `json:"wire,omitempty"`
	Evidence    []probe.Exchange `json:"evidence,omitempty"`

	Stage   *Stage   `json:"stage,omitempty"`
	Files   []string `json:"files,omitempty"`
	File    string   `json:"file,omitempty"`
	Line    int      `json:"line,omitempty"`
	Code    string   `json:"code,omitempty"`
	Args    []string `json:"args,omitempty"` // what the words under "error.<Code>" mention
	Message string   `json:"message,omitempty"`
	Number  int      `json:"number,omitempty"`
	XP      int      `json:"xp,omitempty"`
	Solved  bool     `json:"solved,omitempty"` // StepMet, Judged: the solution had been written for this step
	First   bool     `json:"first,omitempty"`  // met for the first time by this student, as far as the session knows
}

// Durable tells whether events of this kind belong into the student's journal: those that say what was achieved,
// not how the wire looked meanwhile.
func (k Kind) Durable() bool {
	switch k {
	case StepMet, Hinted, SolvedFor, Reset, Completed, Read, Judged:
		return true
	}
	return false
}

// Observer is told of every event, in order, synchronously, with the progress after it. An error stops the session.
// The journal comes first among a session's observers.
type Observer interface {
	Observe(Event, Progress) error
}

// ObserverFunc makes an Observer of a function.
type ObserverFunc func(Event, Progress) error

// Observe calls f.
func (f ObserverFunc) Observe(e Event, p Progress) error { return f(e, p) }
