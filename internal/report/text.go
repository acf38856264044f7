package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// Symbols stand beside a word, never for it.
const (
	symbolMet     = "✓"
	symbolNotMet  = "✗"
	symbolUnknown = "?"
	symbolTrouble = "!"
)

var symbols = map[probe.Outcome]string{probe.Met: symbolMet, probe.NotMet: symbolNotMet, probe.Unknown: symbolUnknown, "": "-"}

// Text writes a transcript: plain lines, one after the other, without redraws, so that it can be piped, kept and read
// aloud. Close ends it.
type Text struct {
	base
	w       io.Writer
	err     error // of w
	begun   bool
	clock   countdown
	heading string           // step whose heading was written last
	stages  map[string]int64 // quarters written, by stage
	held    []probe.Exchange // of a check that answers at once: written in order of time with its verdict
	waiting bool             // the check in flight is one that waits: what is seen is written at once
}

// NewText begins a transcript to w.
func NewText(w io.Writer, o Options) *Text {
	return &Text{base: base{o: o}, w: w, stages: map[string]int64{}}
}

// Observe writes what e says.
func (t *Text) Observe(e session.Event, p session.Progress) error {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	t.observe(e, p)
	if !t.begun {
		t.begun = true
		t.head(e)
	}
	switch e.Kind {
	case session.Booting, session.Staged, session.Ready, session.Stopped, session.Trouble:
		t.environment(e)
	case session.Saved, session.Applying, session.AppliedOK, session.Rejected, session.SolvedFor, session.Reset:
		t.files(e)
	case session.Checking, session.Probing, session.Seen, session.Judged, session.Cancelled:
		t.checks(e, p)
	default:
		t.steps(e)
	}
	return t.err
}

// Close writes how it all came out, and waits until nothing of the transcript runs.
func (t *Text) Close() error {
	t.clock.mu.Lock()
	t.clock.halt()
	met, all := t.passed()
	mark, key := symbolMet+" ", "report.passed"
	switch {
	case t.nothingChecked() && t.failure == nil && t.o.Guided:
		mark, key = "", "report.unchecked"
	case met < all && t.failure == nil && t.o.Guided:
		mark, key = "", "report.paused"
	case met < all || t.failure != nil || t.nothingChecked():
		mark, key = symbolNotMet+" ", "report.failed"
	}
	t.line("")
	t.say(mark, key, met, all, duration(t.o.Lang, t.seconds()))
	for _, i := range t.o.steps() {
		at := t.step(i)
		how := "outcome." + outcome(at.Outcome)
		if at.Outcome == "" && at.Met {
			how = "outcome.met-earlier"
		}
		t.line("  %s %s: %s", symbols[at.Outcome], t.o.Lab.Steps[i].ID, t.o.Lang.Say(how))
	}
	t.clock.mu.Unlock()
	t.clock.wait()
	return t.err
}

func outcome(o probe.Outcome) string {
	if o == "" {
		return "not-run"
	}
	return string(o)
}

// line writes one line, whatever its parts hold. After an error of the writer nothing is written any more, and Observe
// returns the error.
func (t *Text) line(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintln(t.w, printable.Line(fmt.Sprintf(format, args...)))
	}
}

// say writes the words of key behind a prefix.
func (t *Text) say(prefix, key string, args ...any) {
	t.line("%s%s", prefix, t.o.Lang.Say(key, args...))
}

func (t *Text) head(e session.Event) {
	t.say("", "report.lab", t.o.Lab.ID, t.o.Lab.Title.In(t.o.Lang), t.o.Lab.Variant)
	t.say("", "report.engine", engineName(t.o.Lang, e.Engine))
	if t.note != "" {
		t.line("%s", t.note)
	}
}

func (t *Text) environment(e session.Event) {
	lang := t.o.Lang
	switch e.Kind {
	case session.Booting:
		clear(t.stages)
		t.line("")
		t.say("", "report.booting")
	case session.Staged:
		t.stage(*e.Stage)
	case session.Ready:
		t.say("", "report.ready", duration(lang, e.Seconds))
		if current, ok := t.last.Step(); ok {
			t.announce(current.ID)
		}
	case session.Stopped:
		t.clock.halt()
		t.say("", "report.stopped")
	case session.Trouble:
		t.flush()
		words, todo := lang.Advice(e.Code, e.Args...)
		if words == "" {
			words = lang.Spoken(e.Message)
		}
		if words == "" {
			words = e.Code
		}
		t.say(symbolTrouble+" ", "report.trouble", words)
		if todo != "" {
			t.line("  %s %s", lang.Say("hint.prefix"), todo)
		}
	}
}

// stage writes a stage of the boot when it begins, and each quarter of one that knows how far it is.
func (t *Text) stage(s session.Stage) {
	lang := t.o.Lang
	subject := printable.Line(s.Subject)
	if subject == "" {
		subject = lang.Say("stage.all")
	}
	words := printable.Line(s.Name)
	switch s.Name {
	case "network":
		words = lang.Say("stage.network")
	case "image", "build", "create", "start", "ready":
		words = lang.Say("stage."+s.Name, subject)
	}
	key := s.Name + " " + s.Subject
	quarter, known := t.stages[key]
	if !known {
		t.stages[key] = 0
		t.line("  %s", words)
	}
	if s.Total <= 0 {
		return
	}
	if now := min(4, 4*s.Done/s.Total); now > quarter {
		t.stages[key] = now
		t.say("  ", "report.part", words, now*25)
	}
}

func (t *Text) files(e session.Event) {
	lang := t.o.Lang
	switch e.Kind {
	case session.Saved:
		t.say("", "report.saved", strings.Join(e.Files, ", "))
	case session.AppliedOK:
		if e.Seconds == 0 {
			t.say("  ", "report.accepted")
			return
		}
		t.say("  ", "report.applied", duration(lang, e.Seconds))
	case session.Rejected:
		t.rejected(e)
	case session.SolvedFor:
		t.announce(e.Step)
		var names []string
		for _, f := range t.o.Lab.Edit {
			names = append(names, f.Path)
		}
		t.say("  ", "report.solved", strings.Join(names, ", "))
		t.backup(e)
	case session.Reset:
		t.say("  ", "report.reset")
		t.backup(e)
	}
}

func (t *Text) backup(e session.Event) {
	if e.Message != "" && !t.o.Scratch {
		t.say("  ", "report.backup", e.Message)
	}
}

func (t *Text) rejected(e session.Event) {
	message := e.Message
	switch {
	case e.Code != "":
		t.say(symbolNotMet+" ", "report.unreadable")
		if what, todo := t.o.Lang.Advice(e.Code, e.Args...); what != "" {
			message = what + "\n" + t.o.Lang.Say("hint.prefix") + " " + todo
		}
	case e.Line > 0:
		t.say(symbolNotMet+" ", "report.rejected-at", e.File, e.Line)
	default:
		t.say(symbolNotMet+" ", "report.rejected")
	}
	for l := range strings.Lines(strings.TrimSpace(message)) {
		t.line("    %s", strings.TrimRight(l, "\r\n"))
	}
}

// flush writes what was held back.
func (t *Text) flush() {
	t.clock.halt()
	t.wire(t.held)
	t.held, t.waiting = nil, false
}

func (t *Text) wire(exchanges []probe.Exchange) {
	exchanges = slices.Clone(exchanges)
	slices.SortStableFunc(exchanges, func(a, b probe.Exchange) int { return a.At.Compare(b.At) })
	for _, l := range wireLines(t.o.Lang, exchanges) {
		t.line("    %s", l)
	}
}

// tell writes a line of the countdown.
func (t *Text) tell(passed, total time.Duration) {
	lang := t.o.Lang
	words := lang.Say("report.waiting", duration(lang, passed.Seconds()), duration(lang, total.Seconds()))
	r := t.last.Running
	if r == nil {
		return
	}
	words += ", " + lang.Say("report.idle-"+open(r.Idle))
	if t.control() {
		words += ", " + lang.Say("report.control-"+open(r.Control))
	}
	t.line("    … %s", words)
}

func open(is bool) string {
	if is {
		return "open"
	}
	return "closed"
}

// control tells whether the check in flight has a control connection.
func (t *Text) control() bool {
	step, ok := t.last.Step()
	r := t.last.Running
	if !ok || r == nil {
		return false
	}
	s, _, _ := t.o.Lab.Step(step.ID)
	return r.Check >= 1 && r.Check <= len(s.Checks) && s.Checks[r.Check-1].Idle != nil && s.Checks[r.Check-1].Idle.Control != ""
}
