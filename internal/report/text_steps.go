package report

import (
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// announce writes the heading of a step, if it is not the one that was written last.
func (t *Text) announce(id string) {
	s, i, ok := t.o.Lab.Step(id)
	if !ok || t.heading == id {
		return
	}
	t.heading = id
	t.line("")
	t.say("", "report.step", i+1, len(t.o.Lab.Steps), s.Title.In(t.o.Lang))
	if goal := s.Goal.In(t.o.Lang); goal != "" {
		t.line("%s", goal)
	}
}

func (t *Text) steps(e session.Event) {
	lang := t.o.Lang
	s, i, _ := t.o.Lab.Step(e.Step)
	switch e.Kind {
	case session.Moved:
		t.announce(e.Step)
	case session.Hinted:
		t.announce(e.Step)
		if e.Number >= 1 && e.Number <= len(s.Hints) {
			t.say("", "report.hint", e.Number, len(s.Hints), s.Hints[e.Number-1].In(lang))
		}
	case session.StepMet:
		words := symbolMet + " " + lang.Say("report.step-met", i+1)
		if e.XP > 0 {
			words += " " + lang.Say("report.xp", e.XP)
		} else if e.Solved {
			words += " " + lang.Say("report.xp-solved")
		}
		t.line("%s", words)
		if learnt := s.Learnt.In(lang); learnt != "" {
			t.say("  ", "report.learnt", learnt)
		}
	case session.StepUnmet:
		if e.Outcome == probe.Unknown {
			t.say(symbolUnknown+" ", "report.step-unknown", i+1)
		} else {
			t.say(symbolNotMet+" ", "report.step-unmet", i+1)
		}
	case session.Completed:
		t.line("")
		t.say(symbolMet+" ", "report.completed")
	case session.Read:
		t.say(symbolMet+" ", "report.read")
	}
}

func (t *Text) checks(e session.Event, p session.Progress) {
	switch e.Kind {
	case session.Checking:
		t.announce(e.Step)
		t.say("  ", "report.checking")
	case session.Probing:
		t.probing(e)
	case session.Seen:
		t.seen(e, p)
	case session.Judged:
		if !t.waiting && len(e.Evidence) > 0 {
			t.held = e.Evidence
		}
		t.flush()
		t.judged(e)
	case session.Cancelled:
		t.flush()
		t.say("  ", "report.cancelled")
	}
}

func (t *Text) probing(e session.Event) {
	lang := t.o.Lang
	s, _, _ := t.o.Lab.Step(e.Step)
	c := course.Check{Kind: e.CheckKind}
	if e.Check >= 1 && e.Check <= len(s.Checks) {
		c = s.Checks[e.Check-1]
	}
	t.say("  ", "report.check", e.Check, len(s.Checks), describe(lang, c))
	t.held, t.waiting = nil, e.Expect > 0
	if t.waiting {
		t.say("    ", "report.takes", duration(lang, e.Expect))
	}
}

func (t *Text) seen(e session.Event, p session.Progress) {
	if e.Wire == nil {
		return
	}
	if !t.waiting {
		t.held = append(t.held, *e.Wire)
		return
	}
	t.line("    %s", wireLine(t.o.Lang, *e.Wire, 0))
	if e.Wire.Kind == probe.WireOpen && e.Wire.Text != "control" && p.Running != nil {
		total := p.Running.Expect
		t.clock.start(total, func(passed time.Duration) { t.tell(passed, total) })
	}
	if p.Running != nil && !p.Running.Idle && e.Wire.Kind == probe.WireClose {
		t.clock.halt()
	}
}

func (t *Text) judged(e session.Event) {
	lang := t.o.Lang
	var want, got probe.Fact
	if e.Want != nil {
		want = *e.Want
	}
	if e.Got != nil {
		got = *e.Got
	}
	var words string
	switch e.Outcome {
	case probe.Met:
		words = symbolMet + " " + lang.Say("report.met", Fact(lang, got))
	case probe.NotMet:
		words = symbolNotMet + " " + lang.Say("report.not-met", Fact(lang, want), Fact(lang, got))
	default:
		words = symbolUnknown + " " + lang.Say("report.unknown", Fact(lang, got))
	}
	words += " · " + duration(lang, e.Seconds)
	if e.LoggedAfter > 0 {
		words += " · " + lang.Say("report.logged-after", duration3(lang, e.LoggedAfter))
	}
	t.line("  %s", words)
	switch m := meaning(lang, t.o.Lab, e.Step, e.Check, e.Meaning); {
	case m == "" || e.Outcome == probe.Met:
	case e.Outcome == probe.NotMet:
		t.say("    ", "report.means", m)
	default:
		t.line("    %s", lang.Say("meaning.cannot-tell"))
	}
}
