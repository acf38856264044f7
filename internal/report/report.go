// Package report tells what happens in a session to those who do not look at the full screen: as a scrolling
// transcript, as JSON lines, as JUnit XML, and at the end as a recap in Markdown.
//
// It reads events and decides nothing. It does not know how the session is run, nor where what it writes goes.
package report

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// Options say what a report is about. Lab is needed.
type Options struct {
	Lab  course.Lab
	Lang locale.Lang // of a transcript; "" is English. JSON and JUnit are the same in every language
	Step string      // the one step that is asked about, as by `lab check --step`; "" for all
	// Scratch: the files are nobody's and gone afterwards, so that where their backups lie is not worth telling.
	Scratch bool
	Guided  bool // a student decides when it ends: steps that are left are not a failure
	// Now tells when the report ends; nil for the time of the last event, which may be long before a signal came.
	Now func() time.Time
}

// steps gives the indices of the steps that the report answers for.
func (o Options) steps() []int {
	var all []int
	for i, s := range o.Lab.Steps {
		if o.Step == "" || o.Step == s.ID {
			all = append(all, i)
		}
	}
	return all
}

// base is what all formats remember of a session.
type base struct {
	o            Options
	engine       string
	note         string
	began, ended time.Time
	last         session.Progress
	failure      error
}

// Note says in a sentence why the engine is the one that it is. Call it before the session begins.
func (b *base) Note(sentence string) { b.note = printable.Line(sentence) }

// Fail says what ended the session, if no event did, so that the end of the report can tell. Call it before Close.
func (b *base) Fail(err error) { b.failure = err }

func (b *base) observe(e session.Event, p session.Progress) {
	if b.began.IsZero() {
		b.began = e.Time
	}
	b.ended, b.last = e.Time, p
	if e.Engine != "" {
		b.engine = e.Engine
	}
}

// step gives where the step of index i stands; the zero value before the first event.
func (b *base) step(i int) session.StepProgress {
	if i < len(b.last.Steps) {
		return b.last.Steps[i]
	}
	return session.StepProgress{}
}

// met tells whether the step of index i was met in this session, by the last run of its checks; in a guided one,
// whether it ever was.
func (b *base) met(i int) bool {
	return b.checked(i) && b.step(i).Outcome == probe.Met || b.o.Guided && b.step(i).Met
}

// checked tells whether a check of the step of index i came to a verdict in this session.
func (b *base) checked(i int) bool { return len(b.step(i).Verdicts) > 0 || b.step(i).Tries > 0 }

// nothingChecked tells whether no check of what the report answers for came to a verdict: then nothing has passed, whatever
// was met in earlier sessions.
func (b *base) nothingChecked() bool { return !slices.ContainsFunc(b.o.steps(), b.checked) }

// passed tells whether all that the report answers for was met, and counts.
func (b *base) passed() (met, all int) {
	for _, i := range b.o.steps() {
		all++
		if b.met(i) {
			met++
		}
	}
	return met, all
}

// seconds is how long the session took from its first event to the end of the report.
func (b *base) seconds() float64 {
	ended := b.ended
	if b.o.Now != nil && !b.began.IsZero() {
		ended = b.o.Now()
	}
	return ended.Sub(b.began).Seconds()
}

// trouble gives what went wrong that is not a matter of checks: a code and a message, both "" for nothing.
func (b *base) trouble() (code, message string) {
	if b.failure != nil {
		if h, ok := hint.Find(b.failure); ok {
			code = h.Code
		}
		return code, printable.Line(b.failure.Error())
	}
	return b.last.Trouble, printable.Line(b.last.Detail)
}

// Fact puts a fact into words.
func Fact(lang locale.Lang, f probe.Fact) string {
	code, values := f.Code, f.Args
	if code == "" {
		return lang.Say("outcome.unknown")
	}
	switch n := len(values); {
	case code == "closes" && n == 3 && values[2] == "anyone":
		code, values = "closes-any", values[:2]
	case code == "closed" && n == 1 && isNumber(values[0]):
		code = "closed-after"
	case code == "value" && n == 2 && values[1] == "default":
		code, values = "value-default", values[:1]
	case code == "unresolved" && n > 2: // its directive has spaces, too
		values = []string{strings.Join(values[:n-1], " "), values[n-1]}
	case code == "header" && n > 2: // a fact that was read from the journal: a value with spaces came back as several
		values = []string{values[0], strings.Join(values[1:], " ")}
	case n > 1 && single[code]:
		values = []string{strings.Join(values, " ")}
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = printable.Line(v)
	}
	return lang.Say("fact."+code, args...)
}

// single lists the facts whose one value may have spaces.
var single = map[string]bool{"message": true, "closed": true, "refused": true, "value": true, "equals": true,
	"body-contains": true, "body": true, "log-line": true, "no-log-line": true, "output": true, "trouble": true,
	"no-token": true}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// duration puts a time in seconds into words: milliseconds below one second, else seconds with one decimal.
func duration(lang locale.Lang, seconds float64) string {
	if seconds < 0.0005 {
		return lang.Say("report.instant")
	}
	if seconds < 0.9995 {
		return lang.Say("report.millisecond", strconv.FormatFloat(seconds*1000, 'f', 0, 64))
	}
	return lang.Say("report.second", strings.TrimSuffix(strconv.FormatFloat(seconds, 'f', 1, 64), ".0"))
}

// engineName is what people call an engine.
func engineName(lang locale.Lang, engine string) string {
	if key := "engine." + engine; locale.Has(key) {
		return lang.Say(key)
	}
	return printable.Line(engine)
}

// duration3 is a measured time in seconds, to the millisecond.
func duration3(lang locale.Lang, seconds float64) string {
	return lang.Say("report.second", strconv.FormatFloat(seconds, 'f', 3, 64))
}

// meaning is what it usually means that a check does not hold: the lab's own words for it, else the general ones.
func meaning(lang locale.Lang, lab course.Lab, step string, check int, code string) string {
	s, _, _ := lab.Step(step)
	if check >= 1 && check <= len(s.Checks) {
		if own := s.Checks[check-1].Meaning.In(lang); own != "" {
			return own
		}
	}
	if key := "meaning." + code; code != "" && locale.Has(key) {
		return lang.Say(key)
	}
	return ""
}
