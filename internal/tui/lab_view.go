package tui

import (
	"fmt"
	"strings"

	"github.com/cwk-stream/lab/internal/session"
)

// splitWidth is the width from which the lesson and the lab stand side by side.
const splitWidth = 100

// rect is a part of the screen, in the screen's own cells.
type rect struct{ x, y, w, h int }

func (r rect) has(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// places says where the panes are. One with no width is not shown.
type places struct {
	split                     bool
	lesson, steps, file, wire rect
	tabs                      rect
}

func (s *labScreen) split() bool { return s.w >= splitWidth && !s.zoom && s.lesson.Lab != "" }

// layout depends on nothing but the window and the lab, so that panes keep their places while things stream.
func (s *labScreen) layout() places {
	if !s.split() {
		r := rect{2, 2, s.w - 4, max(s.h-2, 1)}
		return places{lesson: r, steps: r, file: r, wire: r, tabs: rect{0, 1, s.w, 1}}
	}
	body := s.h - 1
	left := min((s.w-7)*47/100, maxMeasure+2)
	right := s.w - left - 7
	n := 4
	if s.live != nil {
		n = len(s.live.Lab.Steps)
	}
	steps := min(n+7, body*2/5)
	rest := body - steps - 2
	wire := (rest + 1) / 2
	x := left + 5
	return places{
		split:  true,
		lesson: rect{2, 1, left, body},
		steps:  rect{x, 1, right, steps},
		file:   rect{x, 2 + steps, right, rest - wire},
		wire:   rect{x, 3 + steps + rest - wire, right, wire},
	}
}

// View draws the lesson's title and the panes.
func (s *labScreen) View(w, h int) string {
	s.w, s.h = w, h
	title := rule(s.d, lessonTitle(s.d, s.lesson), s.d.th.Strong, "", w)
	at := s.layout()
	if at.split {
		return title + "\n" + strings.Join(s.side(at), "\n")
	}
	lines := []string{title, s.tabs(w)}
	for _, l := range s.pane(s.focus, at.lesson.w, at.lesson.h) {
		lines = append(lines, "  "+l+"  ")
	}
	return strings.Join(lines, "\n")
}

// side puts the lesson on the left and the lab's three panes on the right.
func (s *labScreen) side(at places) []string {
	v, lit := s.d.th.Rule.Render("│"), s.d.th.Accent.Render("┃")
	first, last := v, map[int]string{}
	if s.focus == paneLesson {
		first = lit
	}
	focused := []rect{{}, at.steps, at.file, at.wire}[s.focus]
	for y := range focused.h {
		last[focused.y-1+y] = lit
	}
	left := s.pane(paneLesson, at.lesson.w, at.lesson.h)
	right := s.pane(paneSteps, at.steps.w, at.steps.h)
	joints := map[int]string{}
	joints[len(right)] = s.joint(paneFile, at.file.w)
	right = append(append(right, ""), s.pane(paneFile, at.file.w, at.file.h)...)
	joints[len(right)] = s.joint(paneWire, at.wire.w)
	right = append(append(right, ""), s.pane(paneWire, at.wire.w, at.wire.h)...)
	out := make([]string, 0, at.lesson.h)
	for i := range at.lesson.h {
		if j, ok := joints[i]; ok {
			out = append(out, first+" "+left[i]+" "+j)
			continue
		}
		end, ok := last[i]
		if !ok {
			end = v
		}
		out = append(out, first+" "+left[i]+" "+v+" "+right[i]+" "+end)
	}
	return out
}

// joint is the rule over a pane: its name, and what is worth knowing of it.
func (s *labScreen) joint(p paneName, w int) string {
	th := s.d.th
	name, note := s.paneTitle(p)
	style := th.Quiet
	if s.focus == p {
		style = th.Title
	}
	name = fit(name, min(width(name), w-2))
	if width(name)+width(note)+6 > w {
		note = ""
	}
	if note != "" {
		note = " " + note + " "
	}
	dashes := max(w-width(name)-width(note)-2, 0)
	return th.Rule.Render("├─ ") + style.Render(name) + th.Rule.Render(" "+strings.Repeat("─", dashes)) +
		th.Quiet.Render(note) + th.Rule.Render("─┤")
}

func (s *labScreen) paneTitle(p paneName) (name, note string) {
	switch p {
	case paneLesson:
		return s.d.say("pane-lesson"), ""
	case paneSteps:
		return s.d.say("pane-steps"), ""
	case paneFile:
		name = clean(s.file.name())
		if name == "" {
			name = s.d.say("pane-file")
		}
		if n := len(s.file.names); n > 1 {
			name += fmt.Sprintf(" %d/%d", s.file.shown+1, n)
		}
		note = s.file.age()
		if changes := s.file.changes(); changes != "" {
			note = strings.TrimSpace(changes + "  " + note)
		}
		return name, note
	}
	return s.d.say("pane-wire"), ""
}

// tabs is the line of pane names of a narrow window. The current one is marked by more than its colour.
func (s *labScreen) tabs(w int) string {
	line := " "
	for p := range panes {
		if !s.hasPane(p) {
			continue
		}
		if p == s.focus {
			line += s.d.th.Title.Render("[" + s.tab(p) + "]")
		} else {
			line += s.d.th.Quiet.Render(" " + s.tab(p) + " ")
		}
		line += " "
	}
	return fit(line, w)
}

// tab names a pane in the line of tabs; the steps also say how the current one stands.
func (s *labScreen) tab(p paneName) string {
	name, _ := s.paneTitle(p)
	label := fmt.Sprintf("%d %s", int(p)+1, name)
	if p == paneSteps && s.live != nil && s.progress.Current < len(s.progress.Steps) {
		symbol, _, _ := s.stepState(s.progress.Current)
		label += " " + symbol
	}
	return label
}

func (s *labScreen) hasPane(p paneName) bool { return p == paneLesson || s.lesson.Lab != "" }

// pane draws one pane as h lines of w cells.
func (s *labScreen) pane(p paneName, w, h int) []string {
	switch p {
	case paneSteps:
		lines := s.stepsLines(w)
		s.steps.to(s.steps.top, len(lines), h)
		out := column(lines, s.steps.top, w, h)
		if h > 0 && len(lines) > s.steps.top+h {
			out[h-1] = fit(lines[s.steps.top+h-1], w-2) + s.d.th.Quiet.Render(" ▼")
		}
		return out
	case paneFile:
		return s.file.View(w, h)
	case paneWire:
		if s.progress.Phase == session.PhaseBooting {
			return column(s.boot(w), 0, w, h)
		}
		return s.wire.View(w, h, s.countdown(w))
	}
	if s.aside != nil {
		return s.aside.View(s.d, w, h)
	}
	return s.reading.View(w, h)
}

// boot lists the stages of the environment's start, with bars where their length is known.
func (s *labScreen) boot(w int) []string {
	d := s.d
	out := []string{d.th.Strong.Render(d.say("booting", clean(s.progress.Engine)))}
	if s.live != nil {
		if why := s.live.Why.in(d.lang); why != "" {
			out = append(out, hang("", d.th.Quiet.Render(why), w)...)
		}
	}
	spin := []string{"◐", "◓", "◑", "◒"}
	for _, st := range s.progress.Stages {
		symbol, m := "✓", good
		if !st.End {
			symbol, m = "◐", accent
			if d.motion {
				symbol = spin[int(d.now().UnixMilli()/200)%len(spin)]
			}
		}
		name := d.stage(st)
		detail := clean(st.Detail)
		if st.Total > 0 && !st.End {
			part := float64(st.Done) / float64(st.Total)
			detail = d.th.Accent.Render(bar(10, part, "▰", "▱")) + fmt.Sprintf(" %3.0f %%", part*100)
		}
		line := d.th.of(m).Render(symbol) + " " + name
		if detail != "" {
			line += "  " + d.th.Quiet.Render(detail)
		}
		out = append(out, line)
	}
	return out
}

// Status is what a narrow window would otherwise hide: where the lab stands.
func (s *labScreen) Status() (string, mood) {
	if s.lesson.Lab == "" {
		return "", plain
	}
	switch {
	case s.failed != nil:
		return "✗ " + errorWords(s.d, s.failed), bad
	case s.progress.Phase == session.PhaseFailed:
		return "✗ " + s.d.coded("error", s.progress.Trouble, s.d.say("trouble"), s.progress.Args...), bad
	case s.live == nil:
		return "", plain
	case s.progress.Phase == session.PhaseBooting:
		return "◌ " + s.d.say("booting", clean(s.progress.Engine)) + s.bootNow(), warn
	case s.split():
		return "", plain
	}
	if c := s.countdown(s.w - 20); c != "" && s.focus != paneWire {
		return c, plain
	}
	if s.progress.Current >= len(s.progress.Steps) {
		return "", plain
	}
	symbol, word, m := s.stepState(s.progress.Current)
	return fmt.Sprintf("%s %s · %s", symbol, s.d.say("step-of", s.progress.Current+1, len(s.progress.Steps)), word), m
}

func (s *labScreen) bootNow() string {
	for i := len(s.progress.Stages) - 1; i >= 0; i-- {
		if st := s.progress.Stages[i]; !st.End {
			return " · " + s.d.stage(st)
		}
	}
	return ""
}
