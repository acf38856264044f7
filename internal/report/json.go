package report

import (
	"encoding/json"
	"io"

	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// JSON writes each event as one JSON object a line, and at the end a summary. All times are numbers in seconds.
type JSON struct {
	base
	out *json.Encoder
}

// NewJSON begins a report to w.
func NewJSON(w io.Writer, o Options) *JSON {
	out := json.NewEncoder(harmless{w, inJSON})
	out.SetEscapeHTML(false)
	return &JSON{base: base{o: o}, out: out}
}

// Observe writes e.
func (j *JSON) Observe(e session.Event, p session.Progress) error {
	j.observe(e, p)
	return j.out.Encode(e)
}

// Summary is the last line of a JSON report.
type Summary struct {
	Kind       string        `json:"kind"` // "summary"
	Lab        string        `json:"lab"`
	Variant    string        `json:"variant,omitempty"`
	Engine     string        `json:"engine"`
	EngineNote string        `json:"engine_note,omitempty"`
	Passed     bool          `json:"passed"`
	Seconds    float64       `json:"seconds"`
	Steps      []StepSummary `json:"steps"`
	Error      *ErrorSummary `json:"error,omitempty"` // what kept the session from its end
}

// StepSummary is one step of a Summary.
type StepSummary struct {
	ID       string           `json:"id"`
	Passed   bool             `json:"passed"`
	Seconds  float64          `json:"seconds"` // of the last run of its checks
	Solved   bool             `json:"solved,omitempty"`
	Checks   []CheckSummary   `json:"checks"` // of the last run; those after one that is not met did not run
	Rejected *RejectedSummary `json:"rejected,omitempty"`
}

// CheckSummary is one check of a StepSummary.
type CheckSummary struct {
	Kind        string        `json:"kind"`
	Outcome     probe.Outcome `json:"outcome"`
	Want        string        `json:"want"`
	Got         string        `json:"got"`
	Meaning     string        `json:"meaning,omitempty"`
	Seconds     float64       `json:"seconds"`
	ClosedAfter float64       `json:"closed_after,omitempty"`
	LoggedAfter float64       `json:"logged_after,omitempty"`
}

// RejectedSummary is what the service said against the student's files.
type RejectedSummary struct {
	Message string `json:"message"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
}

// ErrorSummary is what kept the session from its end.
type ErrorSummary struct {
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
}

// Close writes the summary.
func (j *JSON) Close() error { return j.out.Encode(j.summary()) }

func (b *base) summary() Summary {
	met, all := b.passed()
	s := Summary{Kind: "summary", Lab: b.o.Lab.ID, Variant: b.o.Lab.Variant, Engine: b.engine, EngineNote: b.note,
		Passed: met == all && !b.nothingChecked(), Seconds: b.seconds(), Steps: []StepSummary{}}
	for _, i := range b.o.steps() {
		s.Steps = append(s.Steps, b.stepSummary(i))
	}
	if code, message := b.trouble(); code != "" || message != "" {
		s.Passed, s.Error = false, &ErrorSummary{code, message}
	}
	return s
}

func (b *base) stepSummary(i int) StepSummary {
	at := b.step(i)
	s := StepSummary{ID: b.o.Lab.Steps[i].ID, Passed: b.met(i) && b.checked(i), Seconds: at.Seconds, Solved: at.Solved, Checks: []CheckSummary{}}
	for _, c := range at.Verdicts {
		s.Checks = append(s.Checks, CheckSummary{Kind: string(c.Kind), Outcome: c.Outcome, Want: c.Want.String(), Got: c.Got.String(),
			Meaning: c.Meaning, Seconds: c.Seconds, ClosedAfter: c.ClosedAfter, LoggedAfter: c.LoggedAfter})
	}
	if r := b.last.Rejection; r != nil && b.last.Current == i {
		s.Passed, s.Rejected = false, &RejectedSummary{r.Message, r.File, r.Line}
	}
	return s
}
