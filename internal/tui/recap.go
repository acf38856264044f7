package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// recap shows what was learnt, each verdict with its evidence, and what it gained.
func (s *labScreen) recap() tea.Cmd {
	d, wire := s.d, false
	sheet := &sheetScreen{d: d,
		title:  func() string { return d.say("recap-title", clean(s.live.Lab.Title.In(d.lang))) },
		lines:  func(w int) []string { return s.recapLines(w, wire) },
		status: func() (string, mood) { return d.say("recap-status"), good },
	}
	sheet.keys = []binding{
		{keys: []string{"w"}, show: "w", help: "export", foot: true, on: true, do: s.export},
		{keys: []string{"i"}, show: "i", help: "details", foot: true, on: true, do: func() tea.Cmd { wire = !wire; return nil }},
		{keys: []string{"n", "enter"}, show: "n", help: "course", foot: true, on: true, do: func() tea.Cmd {
			return say(inOrderMsg{popMsg{}, popMsg{}})
		}},
	}
	return say(pushMsg{sheet})
}

// recapLines has what the wire showed below each verdict, if that is wanted.
func (s *labScreen) recapLines(w int, wire bool) []string {
	d, th := s.d, s.d.th
	w = min(w, 90)
	out := append(s.gains(w), "")
	for i, step := range s.live.Lab.Steps {
		at := s.progress.Steps[i]
		symbol, m := "✓", good
		if !at.Met {
			symbol, m = "○", quiet
		}
		title := th.of(m).Render(symbol) + fmt.Sprintf(" %d  ", i+1) + th.Strong.Render(clean(step.Title.In(d.lang)))
		out = append(out, spread(title, th.Quiet.Render(s.earned(i)), w))
		for _, l := range d.inline(step.Learnt.In(d.lang), w-5) {
			out = append(out, "     "+l)
		}
		for _, v := range at.Verdicts {
			out = append(out, s.evidence(v, w)...)
			if wire {
				for _, l := range s.viewpoints(v, w-5) {
					out = append(out, "     "+l)
				}
			}
		}
		out = append(out, "")
	}
	return out
}

func (s *labScreen) evidence(v session.CheckProgress, w int) []string {
	d := s.d
	symbol := map[probe.Outcome]string{probe.Met: "✓", probe.NotMet: "✗", probe.Unknown: "?"}[v.Outcome]
	got := d.fact(v.Got)
	if got == "" {
		got = d.fact(v.Want)
	}
	line := d.th.of(outcomeMood(v.Outcome)).Render(symbol) + " " + d.th.Quiet.Render(string(v.Kind)) + "  " + got
	if v.LoggedAfter > 0 {
		line += d.th.Quiet.Render("  " + d.say("logged-after", v.LoggedAfter))
	}
	if v.Kind != course.KindIdle {
		line += "  " + d.th.Quiet.Render(d.seconds(v.Seconds))
	}
	return hang("     ", line, w)
}

// earned says what a step gave.
func (s *labScreen) earned(i int) string {
	at := s.progress.Steps[i]
	switch {
	case at.XP > 0:
		return s.d.say("xp-left", at.XP)
	case at.Earlier:
		return s.d.say("earned-earlier")
	case at.Solved:
		return s.d.say("earned-solved")
	}
	return ""
}

// gains are the XP of this session, the level if it rose, and the achievements that are new.
func (s *labScreen) gains(w int) []string {
	d, th := s.d, s.d.th
	xp := 0
	for _, at := range s.progress.Steps {
		xp += at.XP
	}
	now, before := d.standing, s.standing
	out := []string{th.Good.Bold(true).Render("✓ " + d.say("recap-head", xp))}
	if now.Level > before.Level {
		out = append(out, th.Accent.Bold(true).Render("▲ "+d.say("level-up", now.Level, clean(now.Name.In(d.lang)))))
	} else if now.Next > 0 {
		out = append(out, th.Accent.Render(bar(20, now.share(), "▰", "▱"))+"  "+d.say("xp-of", now.XP, now.Next))
	}
	had := map[string]bool{}
	for _, a := range before.Achievements {
		had[a.ID] = a.Got
	}
	for _, a := range now.Achievements {
		if a.Got && !had[a.ID] {
			out = append(out, hang(th.Good.Render("★ "), th.Strong.Render(clean(a.Title.In(d.lang)))+"  "+
				th.Quiet.Render(clean(a.Text.In(d.lang))), w)...)
		}
	}
	return out
}

// export writes the recap as Markdown beside the student's files.
func (s *labScreen) export() tea.Cmd {
	text, dir := s.recapMarkdown(), s.live.Files.Dir()
	path := filepath.Join(dir, "recap."+string(s.d.lang)+".md")
	done, failed := s.d.say("exported", tail(path, max(s.w-30, 20))), s.d.say("export-failed")
	return func() tea.Msg {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return noticeMsg{text: failed + " " + clean(err.Error()), mood: bad}
		}
		return noticeMsg{text: done, mood: good}
	}
}

func (s *labScreen) recapMarkdown() string {
	d := s.d
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s · %s · %s\n", clean(s.live.Lab.Title.In(d.lang)), lessonTitle(d, s.lesson),
		clean(s.progress.Engine), d.now().Format("2006-01-02"))
	for i, step := range s.live.Lab.Steps {
		at := s.progress.Steps[i]
		fmt.Fprintf(&b, "\n## %d. %s\n\n", i+1, clean(step.Title.In(d.lang)))
		if text := clean(step.Learnt.In(d.lang)); text != "" {
			b.WriteString(text + "\n\n")
		}
		for _, v := range at.Verdicts {
			fmt.Fprintf(&b, "- %s `%s`: %s → %s (%s)\n", d.say("outcome-"+string(v.Outcome)), v.Kind, d.fact(v.Want),
				d.fact(v.Got), d.seconds(v.Seconds))
			if v.LoggedAfter > 0 {
				b.WriteString("    - " + d.say("logged-after", v.LoggedAfter) + "\n")
			}
			for _, x := range v.Evidence {
				way := s.wire.party(clean(x.From)) + " → " + s.wire.party(clean(x.To))
				if x.To == "" {
					way = d.say("log-of", clean(x.From))
				}
				fmt.Fprintf(&b, "    - %s `%s`\n", way, strings.ReplaceAll(clean(x.Text), "`", "'"))
			}
		}
	}
	return b.String()
}
