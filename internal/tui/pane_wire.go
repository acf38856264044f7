package tui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// maxWire bounds the lines that are kept; a lab makes a few dozen a check.
const maxWire = 20_000

// wirePane is what passed between the parties, in order of time, as a sequence diagram.
type wirePane struct {
	scroll
	d     *desk
	rows  []wireRow
	rank  map[string]int // from the student's side towards the backend
	name  int            // cells of the longest party's name
	since time.Time      // when the check began
	start int            // index of the first row of the check in flight
	side  int
	h     int
	drift bool // the student has scrolled up: stay there
}

// wireRow is one line of the diagram, or a heading between checks if kind is "".
type wireRow struct {
	at          time.Duration // since the check began
	kind        probe.WireKind
	left, right string
	arrow       string
	text        string
	headKey     string
	headArgs    []any
	mood        mood
}

func newWirePane(d *desk) *wirePane { return &wirePane{d: d, rank: map[string]int{"you": 0}, name: 5} }

// setParties orders the parties: the student, then the services from the front to the back.
func (p *wirePane) setParties(lab course.Lab) {
	n := len(lab.Env.Services)
	for i, s := range lab.Env.Services {
		p.rank[s.Name] = n - i
		p.name = max(p.name, min(width(s.Name), 12))
	}
}

// add takes in one event.
func (p *wirePane) add(e session.Event) {
	switch e.Kind {
	case session.Probing:
		p.since = e.Time
		p.heading(accent, "wire-check", e.Check, e.CheckKind)
	case session.Seen:
		if e.Wire != nil {
			p.insert(*e.Wire)
		}
	case session.Judged:
		p.conclude(e)
	case session.AppliedOK:
		if e.Seconds > 0 {
			p.heading(plain, "wire-applied", took(e.Seconds))
		}
	case session.Rejected:
		p.heading(bad, "wire-rejected")
	case session.Cancelled:
		p.heading(plain, "wire-cancelled")
	case session.Moved:
		p.rows, p.start, p.drift = nil, 0, false
	}
	if over := len(p.rows) - maxWire; over > 0 {
		p.rows = slices.Clone(p.rows[over+maxWire/4:])
		p.start = len(p.rows)
	}
}

func (p *wirePane) heading(m mood, key string, args ...any) {
	p.rows = append(p.rows, wireRow{headKey: key, headArgs: args, mood: m})
	p.start = len(p.rows)
}

// conclude writes a check's outcome into its heading.
func (p *wirePane) conclude(e session.Event) {
	row := wireRow{headKey: "wire-" + string(e.Outcome), headArgs: []any{e.Check, e.CheckKind, took(e.Seconds)},
		mood: outcomeMood(e.Outcome)}
	for i, r := range slices.Backward(p.rows) { // of checks that wait side by side, any may end first
		if r.headKey == "wire-check" && r.headArgs[0] == e.Check {
			p.rows[i] = row
			return
		}
	}
	p.rows = append(p.rows, row)
}

// insert puts an exchange at its time within the check: logs arrive later than what they tell of.
func (p *wirePane) insert(x probe.Exchange) {
	row := p.row(x)
	i := len(p.rows)
	for i > p.start && p.rows[i-1].at > row.at {
		i--
	}
	p.rows = slices.Insert(p.rows, i, row)
}

func (p *wirePane) row(x probe.Exchange) wireRow {
	r := wireRow{at: x.At.Sub(p.since), kind: x.Kind, left: clean(x.From), right: clean(x.To), arrow: "→"}
	if x.To != "" && p.order(x.From) > p.order(x.To) {
		r.left, r.right, r.arrow = r.right, r.left, "←"
	}
	var notes []string
	for _, n := range x.Notes {
		notes = append(notes, clean(n))
	}
	r.text = clean(x.Text)
	switch x.Kind {
	case probe.WireLog:
		r.right, r.arrow = "", "≡"
	case probe.WireMessage:
		r.text = "“" + r.text + "”"
	case probe.WireClose:
		r.arrow, r.text = "✕", p.d.sayOr("wire.close", r.text, r.text)
	case probe.WireRefused:
		r.arrow, r.text = "✕", p.d.sayOr("wire.refused", r.text, r.text)
	case probe.WireOpen:
		r.arrow, r.text = "═", p.d.sayOr("wire.open."+r.text, r.text)
	}
	if len(notes) > 0 {
		r.text += "  " + strings.Join(notes, "  ")
	}
	return r
}

func (p *wirePane) order(party string) int {
	if n, ok := p.rank[party]; ok {
		return n
	}
	return len(p.rank) + 1
}

func (p *wirePane) party(name string) string {
	if name == "you" {
		return p.d.say("you")
	}
	return name
}

// stamp matches the time at the beginning of a log line, which the place of the line says already: in a pane there is
// no room to say it twice. The evidence of a check shows the line as it is.
var stamp = regexp.MustCompile(`^(?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d|\d{10}\.\d{3}) `)

func (p *wirePane) draw(r wireRow, w int) string {
	th := p.d.th
	if r.headKey != "" {
		args := slices.Clone(r.headArgs)
		for i, a := range args {
			if t, ok := a.(took); ok {
				args[i] = p.d.seconds(float64(t))
			}
		}
		text := p.d.say(r.headKey, args...)
		style := th.Quiet
		if r.mood != plain {
			style = th.of(r.mood)
		}
		return fit(th.Rule.Render("── ")+style.Render(fit(text, min(width(text), w-6)))+" "+
			th.Rule.Render(strings.Repeat("─", max(w-width(text)-4, 0))), w)
	}
	time := ""
	if w >= 60 {
		time = th.Quiet.Render(fmt.Sprintf("%8.3f  ", max(r.at, 0).Seconds()))
	}
	style := th.Text
	if r.kind == probe.WireLog {
		style = th.Quiet
	}
	text := r.text
	if r.kind == probe.WireLog {
		text = stamp.ReplaceAllString(text, "")
	}
	if time == "" && r.kind == probe.WireRequest {
		text = strings.Replace(text, " HTTP/1.1", "", 1)
	}
	if p.side > 0 {
		text = cutLeft(text, p.side)
	}
	head := time + fit(p.party(r.left), p.name) + " " + th.Accent.Render(r.arrow) + " "
	if r.right != "" {
		head += fit(p.party(r.right), p.name) + " "
	}
	return head + style.Render(text)
}

// drawWrapped is draw for where there is room downwards rather than to the right.
func (p *wirePane) drawWrapped(r wireRow, w int) []string {
	text := r.text
	r.text = ""
	head := p.draw(r, min(w, 59))
	style := p.d.th.Text
	if r.kind == probe.WireLog {
		style = p.d.th.Quiet
	}
	return hang(head, style.Render(text), w)
}

// View draws the newest lines, or those that the student scrolled to; the last line is the countdown's.
func (p *wirePane) View(w, h int, countdown string) []string {
	if countdown != "" {
		h--
	}
	p.h = h
	var lines []string
	if len(p.rows) == 0 {
		lines = column(wrap(p.d.th.Quiet.Render(p.d.say("wire-empty")), w), 0, w, h)
	} else {
		if !p.drift {
			p.to(len(p.rows), len(p.rows), h)
		}
		p.to(p.top, len(p.rows), h)
		for i := p.top; i < p.top+h; i++ {
			if i < len(p.rows) {
				lines = append(lines, fit(p.draw(p.rows[i], w), w))
			} else {
				lines = append(lines, spaces(w))
			}
		}
	}
	if countdown != "" {
		lines = append(lines, fit(countdown, w))
	}
	return lines
}

func (p *wirePane) move(delta int) {
	p.by(delta, len(p.rows), p.h)
	p.drift = p.top+p.h < len(p.rows)
}

// countdown is the line of a check that waits: how far, and whether the connection beside it is still open.
func (s *labScreen) countdown(w int) string {
	step, _, ok := s.step()
	r := s.progress.Running
	if !ok || r == nil || r.Expect <= 0 || r.Check < 1 || r.Check > len(step.Checks) {
		return ""
	}
	idle := step.Checks[r.Check-1].Idle
	gone := min(max(s.d.now().Sub(r.Since), 0), r.Expect+9*time.Second)
	word, control := s.d.say("idle"), ""
	if idle != nil && idle.Control != "" {
		control = s.d.say("direct-closed")
		if r.Control {
			control = s.d.say("direct-open")
		}
		control = "  " + s.d.th.Quiet.Render(control)
	}
	if !r.Idle {
		word = s.d.say("opening")
		gone = 0
	}
	clock := fmt.Sprintf("%5.1f / %s", gone.Seconds(), s.d.seconds(r.Expect.Seconds()))
	n := min(max(w-width(word)-width(clock)-width(control)-2, 4), 40)
	return s.d.th.Strong.Render(word) + " " +
		s.d.th.Accent.Render(bar(n, gone.Seconds()/r.Expect.Seconds(), "▓", "░")) + " " + clock + control
}

// seconds writes a duration as precisely as it is worth reading.
func (d *desk) seconds(s float64) string {
	switch {
	case s > 0 && s < 0.0005:
		return d.say("ms", "<1")
	case s < 0.0995:
		return d.say("ms", fmt.Sprintf("%.0f", s*1000))
	case s < 9.95:
		return d.say("s", fmt.Sprintf("%.2f", s))
	case s < 60 && s != float64(int(s)):
		return d.say("s", fmt.Sprintf("%.1f", s))
	}
	return d.say("s", fmt.Sprintf("%.0f", s))
}

// took is a duration in seconds among the values of a heading, put into words when it is drawn.
type took float64

func outcomeMood(o probe.Outcome) mood {
	switch o {
	case probe.Met:
		return good
	case probe.NotMet:
		return bad
	}
	return warn
}
