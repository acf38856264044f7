package tui

import (
	"fmt"
)

// newStandingScreen shows the level, the ladder and the achievements.
func newStandingScreen(d *desk) *sheetScreen {
	return &sheetScreen{d: d,
		title: func() string { return d.say("standing-title") },
		lines: func(w int) []string { return standingLines(d, w) },
	}
}

func standingLines(d *desk, w int) []string {
	s, th := d.standing, d.th
	w = min(w, 90)
	name := d.say("level", s.Level) + " " + clean(s.Name.In(d.lang))
	xp, more := d.say("xp", s.XP), ""
	if s.Next > 0 {
		xp, more = d.say("xp-of", s.XP, s.Next), th.Quiet.Render(d.say("xp-to-go", s.Next-s.XP))
	}
	out := []string{th.Title.Render(name) + "   " + th.Accent.Render(bar(20, s.share(), "▰", "▱")) + "  " + xp}
	if width(out[0])+2+width(more) <= w {
		out[0] += "  " + more
	} else {
		out = append(out, more)
	}
	out = append(out, "")
	got := 0
	for _, a := range s.Achievements {
		if a.Got {
			got++
		}
	}
	out = append(out, th.Strong.Render(d.say("achievements-of", got, len(s.Achievements))), "")
	for _, a := range s.Achievements {
		symbol, word, style := th.Quiet.Render("☆"), d.say("achievement-open"), th.Quiet
		if a.Got {
			symbol, word, style = th.Good.Render("★"), d.say("achievement-got"), th.Strong
			if !a.When.IsZero() {
				word = a.When.Format("2006-01-02")
			}
		}
		title := fit(clean(a.Title.In(d.lang)), min(28, w-16))
		out = append(out, spread(symbol+" "+style.Render(title), th.Quiet.Render(word), w))
		out = append(out, hang("  ", th.Quiet.Render(clean(a.Text.In(d.lang))), w)...)
	}
	if len(s.Achievements) == 0 {
		out = append(out, th.Quiet.Render(d.say("achievements-none")))
	}
	out = append(out, "", th.Strong.Render(d.say("ladder")), "")
	for _, l := range s.Levels {
		symbol, style := " ", th.Quiet
		if l.Number < s.Level {
			symbol = th.Good.Render("✓")
		} else if l.Number == s.Level {
			symbol, style = th.Accent.Render("●"), th.Strong
		}
		out = append(out, symbol+fmt.Sprintf(" %2d  ", l.Number)+style.Render(fit(clean(l.Name.In(d.lang)), 24))+
			th.Quiet.Render(fitRight(d.say("xp", l.At), 10)))
	}
	return out
}
