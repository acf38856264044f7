package tui

import (
	"fmt"
	"strings"

	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// aside is what stands in the lesson's place for a while: the hints, or the evidence of the last check run. The lab
// beside it goes on.
type aside struct {
	kind  asideKind
	top   int
	lines func(w int) []string
}

type asideKind int

const (
	asideHints asideKind = iota
	asideDetails
)

// View draws it.
func (a *aside) View(d *desk, w, h int) []string {
	lines := a.lines(w)
	a.top = min(a.top, max(len(lines)-h+1, 0))
	out := column(lines, a.top, w, h-1)
	foot := d.say("esc-lesson")
	if a.top+h-1 < len(lines) {
		foot = "▼  " + foot
	}
	return append(out, fitRight(d.th.Quiet.Render(foot), w))
}

// again keeps an aside through a change of language; its lines are made anew on every drawing.
func (a *aside) again(*labScreen) *aside { return a }

// unless drops the aside if it is of that kind.
func (a *aside) unless(k asideKind) *aside {
	if a != nil && a.kind == k {
		return nil
	}
	return a
}

func (s *labScreen) showHints() {
	s.aside = &aside{kind: asideHints, lines: s.hintLines}
	if !s.split() {
		s.focus = paneLesson
	}
}

// hintLines are the hints that were unfolded, and how many there are to come.
func (s *labScreen) hintLines(w int) []string {
	step, at, ok := s.step()
	if !ok {
		return nil
	}
	d := s.d
	out := []string{d.th.Title.Render(d.say("hints-title", at.Hints, len(step.Hints))), ""}
	for i := range min(at.Hints, len(step.Hints)) {
		for j, l := range d.inline(step.Hints[i].In(d.lang), w-3) {
			mark := "   "
			if j == 0 {
				mark = d.th.Accent.Render(fmt.Sprintf("%d  ", i+1))
			}
			out = append(out, mark+l)
		}
		out = append(out, "")
	}
	if at.Hints < len(step.Hints) {
		return append(out, wrap(d.th.Quiet.Render(d.say("hint-more")), w)...)
	}
	return append(out, wrap(d.th.Quiet.Render(d.say("hint-last")), w)...)
}

func (s *labScreen) toggleDetails() {
	if s.aside != nil && s.aside.kind == asideDetails {
		s.aside = nil
		return
	}
	s.aside = &aside{kind: asideDetails, lines: s.detailLines}
	if !s.split() {
		s.focus = paneLesson
	}
}

// detailLines are the checks of the last run: wanted, seen, from which of the three viewpoints, and what it means.
func (s *labScreen) detailLines(w int) []string {
	step, at, ok := s.step()
	if !ok {
		return nil
	}
	d := s.d
	out := wrap(d.th.Title.Render(d.say("details-title", s.progress.Current+1, clean(step.Title.In(d.lang)))), w)
	for _, v := range at.Verdicts {
		out = append(out, "")
		out = append(out, s.checkLines(v, w)...)
	}
	if rest := len(step.Checks) - len(at.Verdicts); rest > 0 {
		out = append(out, "", d.th.Quiet.Render(d.say("not-run", rest)))
	}
	return out
}

func (s *labScreen) checkLines(v session.CheckProgress, w int) []string {
	d := s.d
	symbol := map[probe.Outcome]string{probe.Met: "✓", probe.NotMet: "✗", probe.Unknown: "?"}[v.Outcome]
	head := fmt.Sprintf("%s %d  %s  ", symbol, v.Check, v.Kind)
	out := []string{d.th.of(outcomeMood(v.Outcome)).Render(head+d.say("outcome-"+string(v.Outcome))) + "  " +
		d.th.Quiet.Render(d.seconds(v.Seconds))}
	out = append(out, hang("  ", d.th.Quiet.Render(d.say("wanted"))+" "+d.fact(v.Want), w)...)
	if v.Got.Code != "" {
		out = append(out, hang("  ", d.th.Quiet.Render(d.say("seen"))+" "+d.fact(v.Got), w)...)
	}
	if means := s.meaning(v); means != "" {
		out = append(out, hang("  ", means, w)...)
	}
	if v.ClosedAfter > 0 {
		out = append(out, hang("  ", d.say("closed-after", v.ClosedAfter), w)...)
	}
	if v.LoggedAfter > 0 {
		out = append(out, hang("  ", d.say("logged-after", v.LoggedAfter), w)...)
	}
	return append(out, s.viewpoints(v, w)...)
}

// maxViewpoint is how many lines one message takes at most: bodies can be long.
const maxViewpoint = 4

// viewpoints is the evidence in order of time, with its long lines wrapped.
func (s *labScreen) viewpoints(v session.CheckProgress, w int) []string {
	var out []string
	for _, x := range v.Evidence {
		row := s.wire.row(x)
		row.at = x.At.Sub(v.Evidence[0].At)
		lines := s.wire.drawWrapped(row, w-2)
		if len(lines) > maxViewpoint {
			lines = lines[:maxViewpoint]
			lines[maxViewpoint-1] = strings.TrimRight(fit(lines[maxViewpoint-1], w-4), " ") + "…"
		}
		for _, l := range lines {
			out = append(out, "  "+l)
		}
	}
	return out
}
