package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/report"
	"github.com/cwk-stream/lab/internal/session"
)

// rehearsalReport reports a rehearsal in some format: planned and trial while it goes on, end when it is over.
type rehearsalReport interface {
	planned(trials int)
	trial(session.Trial)
	end([]session.Trial, time.Duration) error
}

func (a *app) rehearsalReport(output string) rehearsalReport {
	p := &progressLine{out: a.err, lang: a.lang(), live: isTerminal(a.err) && !a.linear()}
	switch output {
	case "json":
		return &rehearsalJSON{progressLine: p, out: json.NewEncoder(report.HarmlessJSON(a.out))}
	case "junit":
		return &rehearsalJUnit{progressLine: p, out: report.HarmlessXML(a.out)}
	}
	return &rehearsalText{progressLine: p, out: a.out}
}

// progressLine counts trials on a terminal's standard error.
type progressLine struct {
	out         io.Writer
	lang        locale.Lang
	live        bool
	mu          sync.Mutex
	all, so     int
	foundSoFar  int
	lastPrinted time.Time
}

func (p *progressLine) planned(trials int) { p.all = trials }

func (p *progressLine) trial(t session.Trial) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.Kind != session.TrialChecks && t.Kind != session.TrialLint && t.Kind != session.TrialReady {
		p.so++
	}
	if t.Finding != "" {
		p.foundSoFar++
	}
	if p.live && (time.Since(p.lastPrinted) > 100*time.Millisecond || p.so == p.all) {
		p.lastPrinted = time.Now()
		fmt.Fprintf(p.out, "\r\x1b[K%s", p.lang.Say("test.progress", p.so, p.all, p.foundSoFar))
	}
}

func (p *progressLine) wipe() {
	if p.live {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// foundWords says in words what is wrong with a trial.
func foundWords(lang locale.Lang, t session.Trial) string {
	var args []any
	for _, s := range t.Args {
		args = append(args, s)
	}
	if h, ok := hint.Find(t.Trouble); ok && locale.Has("error."+h.Code) {
		args = []any{lang.Say("error."+h.Code, h.Args...)}
	}
	words := strings.Join(t.Args, " → ") // lint's own, with its hint
	if t.Finding != "lint" {
		words = lang.Say("finding."+t.Finding, args...)
	}
	if advice := "advice." + t.Finding; locale.Has(advice) {
		words += " → " + lang.Say(advice, args...)
	}
	if t.Place != "" && t.Place != t.Name {
		words += " [" + t.Place + "]"
	}
	return words
}

// rehearsalText is the report for people.
type rehearsalText struct {
	*progressLine
	out io.Writer
}

func (r *rehearsalText) end(trials []session.Trial, took time.Duration) error {
	r.wipe()
	var b strings.Builder
	for len(trials) > 0 {
		n := 1
		for n < len(trials) && samePlay(trials[n], trials[0]) {
			n++
		}
		r.play(&b, trials[:n])
		trials = trials[n:]
	}
	b.WriteString(r.lang.Say("test.summary", r.so, r.foundSoFar, took.Round(100*time.Millisecond).Seconds()) + "\n")
	_, err := io.WriteString(r.out, printable.Text(b.String()))
	return err
}

func samePlay(a, b session.Trial) bool {
	return a.Lab == b.Lab && a.Variant == b.Variant && a.Engine == b.Engine
}

// play writes the trials of one lab on one engine: a line for each step, one for the cases, and the findings.
func (r *rehearsalText) play(b *strings.Builder, trials []session.Trial) {
	fmt.Fprintf(b, "%s\n", r.lang.Say("test.play", trials[0].Lab, trials[0].Variant, trials[0].Engine))
	var steps []string
	found := map[string]int{}
	cases, right := map[session.TrialKind]int{}, map[session.TrialKind]int{}
	for _, t := range trials {
		if t.Kind == session.TrialBefore {
			steps = append(steps, t.Step)
		}
		cases[t.Kind]++
		if t.Finding == "" {
			right[t.Kind]++
		} else if t.Kind != session.TrialMistake && t.Kind != session.TrialAnswer {
			found[t.Step]++
		}
	}
	for _, step := range steps {
		mark, key := "✓", "test.step-good"
		if found[step] > 0 {
			mark, key = "✗", "test.step-bad"
		}
		fmt.Fprintf(b, "  %s %-24s %s\n", mark, step, r.lang.Say(key))
	}
	if cases[session.TrialMistake]+cases[session.TrialAnswer] > 0 {
		r.cases(b, cases, right)
	}
	troubles := map[string]int{} // of no environment, by their words: all trials have the same
	for _, t := range trials {
		if t.Trouble != nil {
			troubles[t.Trouble.Error()]++
		}
	}
	for _, t := range trials {
		switch n := 0; {
		case t.Finding == "":
		case t.Trouble == nil:
			fmt.Fprintf(b, "  ✗ %s: %s\n", t.Name, foundWords(r.lang, t))
		case troubles[t.Trouble.Error()] > 0:
			n, troubles[t.Trouble.Error()] = troubles[t.Trouble.Error()], 0
			fmt.Fprintf(b, "  ✗ %s: %s\n", r.lang.Say("test.all-these", n), foundWords(r.lang, t))
		}
	}
}

func (r *rehearsalText) cases(b *strings.Builder, cases, right map[session.TrialKind]int) {
	mark := "✓"
	if right[session.TrialMistake] < cases[session.TrialMistake] || right[session.TrialAnswer] < cases[session.TrialAnswer] {
		mark = "✗"
	}
	fmt.Fprintf(b, "  %s %s\n", mark, r.lang.Say("test.cases", right[session.TrialMistake], cases[session.TrialMistake],
		right[session.TrialAnswer], cases[session.TrialAnswer]))
}

// rehearsalJSON writes one object a trial as it ends, then one about all.
type rehearsalJSON struct {
	*progressLine
	out *json.Encoder
	err error
}

func (r *rehearsalJSON) trial(t session.Trial) {
	r.progressLine.trial(t)
	if err := r.out.Encode(t); err != nil && r.err == nil {
		r.err = err
	}
}

func (r *rehearsalJSON) end(trials []session.Trial, took time.Duration) error {
	r.wipe()
	if r.err != nil {
		return r.err
	}
	return r.out.Encode(map[string]any{"kind": "summary", "trials": r.so, "findings": r.foundSoFar,
		"seconds": took.Seconds()})
}

// rehearsalJUnit writes one suite for each lab on each engine.
type rehearsalJUnit struct {
	*progressLine
	out io.Writer
}

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Seconds string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
}

func (r *rehearsalJUnit) end(trials []session.Trial, _ time.Duration) error {
	r.wipe()
	var all junitSuites
	for i, t := range trials {
		if i == 0 || !samePlay(t, trials[i-1]) {
			all.Suites = append(all.Suites, junitSuite{Name: t.Lab + " " + t.Variant + " " + t.Engine})
		}
		s := &all.Suites[len(all.Suites)-1]
		c := junitCase{Name: string(t.Kind) + " " + t.Name, Class: t.Lab + "." + t.Step, Seconds: fmt.Sprintf("%.3f", t.Seconds)}
		if t.Finding != "" {
			c.Failure = &junitFailure{Type: t.Finding, Message: printable.Text(foundWords(r.lang, t))}
			s.Failures++
		}
		s.Tests++
		s.Cases = append(s.Cases, c)
	}
	if _, err := io.WriteString(r.out, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(r.out)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(r.out, "\n")
	return err
}
