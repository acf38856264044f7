package tui

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/session"
)

func otherLang(l locale.Lang) locale.Lang {
	all := locale.All()
	for i := range all {
		if all[i] == l {
			return all[(i+1)%len(all)]
		}
	}
	return all[0]
}

// header is the line at the top: where one is, what one has, what the engine does. It leaves out what does not fit,
// the least telling first.
func (a *app) header(w int) string {
	d, s := a.d, a.d.standing
	right := d.engineWord() + " "
	name := d.th.Strong.Render(" Stream · Production")
	level := d.say("level", s.Level) + " " + clean(s.Name.In(d.lang))
	xp := d.say("xp", s.XP)
	if s.Next > 0 {
		xp = d.say("xp-of", s.XP, s.Next)
	}
	done, all, stars := a.counts()
	lessons, short := d.say("lessons-of", done, all), fmt.Sprintf("%d/%d", done, all)
	star := fmt.Sprintf("%d/%d ★", stars, len(s.Achievements))
	gauge := func(n int) string { return d.th.Accent.Render(bar(n, s.share(), "▰", "▱")) }
	const wide, narrow = "   ", "  "
	variants := []struct {
		gap   string
		parts []string
	}{
		{wide, []string{name, level + " " + gauge(10) + " " + xp, lessons, star}},
		{wide, []string{name, level + " " + gauge(5) + " " + xp, lessons, star}},
		{narrow, []string{name, level + " " + gauge(5) + " " + xp, lessons, star}},
		{narrow, []string{name, level + " " + xp, lessons, star}},
		{narrow, []string{name, d.say("level", s.Level) + " " + xp, short, star}},
		{narrow, []string{name, xp}},
		{narrow, []string{name}},
	}
	for _, v := range variants {
		left := strings.Join(v.parts, v.gap)
		if width(left)+2+width(right) <= w {
			return spread(left, right, w)
		}
	}
	return fit(name, w)
}

// share is how much of the way to the next level is done, 0 to 1.
func (s Standing) share() float64 {
	if s.Next <= s.From {
		return 1
	}
	return float64(s.XP-s.From) / float64(s.Next-s.From)
}

func (a *app) counts() (done, all, stars int) {
	for _, l := range a.d.course.Lessons {
		if a.d.standing.Lessons[l.ID].Done {
			done++
		}
	}
	for _, x := range a.d.standing.Achievements {
		if x.Got {
			stars++
		}
	}
	return done, len(a.d.course.Lessons), stars
}

// engineWord is the engine's name and a symbol of its own for each state.
func (d *desk) engineWord() string {
	if d.engine.name == "" {
		return ""
	}
	symbol, m := "○", quiet
	switch d.engine.phase {
	case session.PhaseBooting:
		symbol, m = "◌", warn
	case session.PhaseReady, session.PhaseApplying, session.PhaseChecking:
		symbol, m = "●", good
	case session.PhaseFailed:
		symbol, m = "✗", bad
	}
	return clean(d.engine.name) + " " + d.th.of(m).Render(symbol)
}

// rule is a thin line across the window with a text at its left and one at its right.
func rule(d *desk, left string, style lipgloss.Style, right string, w int) string {
	line := d.th.Rule.Render
	if left == "" && right == "" {
		return line(" " + strings.Repeat("─", max(w-2, 0)) + " ")
	}
	if left != "" {
		left = " " + fit(left, min(width(left), w-6-width(right))) + " "
	}
	if right != "" {
		right = " " + right + " "
	}
	rest := w - 2 - 1 - width(left) - width(right) - 1
	return line(" ─") + style.Render(left) + line(strings.Repeat("─", max(rest, 0))) + d.th.Quiet.Render(right) + line("─ ")
}

// footer is the line of keys. Help and quit, the last two, always have their place; of the others as many as fit.
func footer(d *desk, bindings []binding, w int) string {
	var shown []string
	for _, b := range bindings {
		if b.on && b.foot {
			shown = append(shown, d.th.Title.Render(b.show)+" "+d.th.Quiet.Render(d.say("key."+b.help))+"  ")
		}
	}
	always := max(len(shown)-2, 0)
	room := w + 1 // one cell before the keys, and two behind the last that nobody misses
	for _, s := range shown[always:] {
		room -= width(s)
	}
	line := " "
	for i, s := range shown {
		if i < always {
			if width(s) > room {
				continue
			}
			room -= width(s)
		}
		line += s
	}
	return fit(strings.TrimRight(line, " "), w)
}
