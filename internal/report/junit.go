package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// JUnit writes a report in the XML that continuous integration systems read: a suite for each step, a case for each
// check. Nothing is written before Close.
type JUnit struct {
	base
	w io.Writer
}

// NewJUnit begins a report to w.
func NewJUnit(w io.Writer, o Options) *JUnit { return &JUnit{base: base{o: o}, w: harmless{w, inXML}} }

// Observe remembers e.
func (j *JUnit) Observe(e session.Event, p session.Progress) error {
	j.observe(e, p)
	return nil
}

type testSuites struct {
	XMLName xml.Name    `xml:"testsuites"`
	Name    string      `xml:"name,attr"`
	counts              // of all suites
	Suites  []testSuite `xml:"testsuite"`
}

type testSuite struct {
	Name string `xml:"name,attr"`
	counts
	Properties []property `xml:"properties>property"`
	Cases      []testCase `xml:"testcase"`
}

type counts struct {
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"` // seconds
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testCase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	Time    string   `xml:"time,attr"` // seconds
	Failure *problem `xml:"failure"`
	Error   *problem `xml:"error"`
	Skipped *skipped `xml:"skipped"`
	Out     string   `xml:"system-out,omitempty"`
}

type problem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type skipped struct {
	Message string `xml:"message,attr"`
}

// Close writes the report.
func (j *JUnit) Close() error {
	all := testSuites{Name: j.o.Lab.ID}
	for _, i := range j.o.steps() {
		all.add(j.suite(i))
	}
	met, steps := j.passed()
	code, message := j.trouble()
	if code != "" || message != "" || (met < steps || j.nothingChecked()) && all.Failures+all.Errors == 0 {
		all.add(j.failure(code, message))
	}
	all.Time = xmlSeconds(j.seconds())
	out, err := xml.MarshalIndent(all, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(j.w, "%s%s\n", xml.Header, out)
	}
	return err
}

func (s *testSuites) add(suite testSuite) {
	for _, c := range suite.Cases {
		suite.count(c)
	}
	s.Tests += suite.Tests
	s.Failures += suite.Failures
	s.Errors += suite.Errors
	s.Skipped += suite.Skipped
	s.Suites = append(s.Suites, suite)
}

func (n *counts) count(c testCase) {
	n.Tests++
	if c.Failure != nil {
		n.Failures++
	}
	if c.Error != nil {
		n.Errors++
	}
	if c.Skipped != nil {
		n.Skipped++
	}
}

// suite is the step of index i.
func (j *JUnit) suite(i int) testSuite {
	step, at := j.o.Lab.Steps[i], j.step(i)
	s := testSuite{Name: j.o.Lab.ID + "." + step.ID, counts: counts{Time: xmlSeconds(at.Seconds)},
		Properties: []property{{"variant", j.o.Lab.Variant}, {"engine", j.engine}}}
	if j.note != "" {
		s.Properties = append(s.Properties, property{"engine_note", j.note})
	}
	ran := map[int]session.CheckProgress{}
	for _, v := range at.Verdicts {
		ran[v.Check] = v
	}
	if r := j.last.Rejection; r != nil && j.last.Current == i {
		s.Cases = append(s.Cases, testCase{Name: "configuration", Class: s.Name, Time: xmlSeconds(0),
			Failure: &problem{Message: r.Message, Type: "rejected", Text: fmt.Sprintf("%s:%d: %s", r.File, r.Line, r.Message)}})
		ran = nil
	}
	for n, c := range step.Checks {
		s.Cases = append(s.Cases, j.testCase(s.Name, n+1, c, ran))
	}
	return s
}

func (j *JUnit) testCase(class string, n int, c course.Check, ran map[int]session.CheckProgress) testCase {
	t := testCase{Name: fmt.Sprintf("%d %s: %s", n, c.Kind, describe(locale.English, c)), Class: class}
	v, ok := ran[n]
	t.Time = xmlSeconds(v.Seconds)
	switch {
	case !ok:
		t.Skipped = &skipped{locale.English.Say("outcome.not-run")}
	case v.Outcome == probe.Met:
		t.Out = wireText(v.Evidence)
	default:
		p := &problem{Type: v.Meaning, Text: "\n" + wireText(v.Evidence),
			Message: fmt.Sprintf("wanted: %s; got: %s", v.Want, v.Got)}
		if v.Outcome == probe.Unknown {
			t.Error = p
		} else {
			t.Failure = p
		}
	}
	return t
}

// failure is a suite for what kept the session from its end, so that nobody takes skipped checks for passed ones.
func (j *JUnit) failure(code, message string) testSuite {
	if message == "" {
		message = "the session ended before every step was checked"
	}
	name := j.o.Lab.ID + ".environment"
	return testSuite{Name: name, counts: counts{Time: xmlSeconds(0)}, Cases: []testCase{{Name: "environment", Class: name,
		Time: xmlSeconds(0), Error: &problem{Message: message, Type: code}}}}
}

func xmlSeconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// wireText is evidence as lines of text.
func wireText(evidence []probe.Exchange) string {
	var b strings.Builder
	for _, l := range wireLines(locale.English, evidence) {
		b.WriteString(l + "\n")
	}
	return b.String()
}
