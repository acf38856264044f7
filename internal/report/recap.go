package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/reward"
	"github.com/cwk-stream/lab/internal/session"
)

// Recap writes the end of a lab in Markdown, to be kept: what was learnt, each verdict with its evidence, what was
// gained.
func Recap(w io.Writer, lang locale.Lang, lab course.Lab, p session.Progress, gained reward.Gained) error {
	r := recap{lang: lang, lab: lab, p: p}
	r.head()
	for i, s := range p.Steps {
		if step, _, ok := lab.Step(s.ID); ok {
			r.step(i, step, s)
		}
	}
	r.gained(gained)
	_, err := io.WriteString(w, gaps.ReplaceAllString(r.b.String(), "\n\n"))
	return err
}

// gaps are what is left where a part had nothing to say.
var gaps = regexp.MustCompile(`\n{3,}`)

type recap struct {
	b    strings.Builder
	lang locale.Lang
	lab  course.Lab
	p    session.Progress
}

func (r *recap) line(format string, args ...any) { fmt.Fprintf(&r.b, format+"\n", args...) }

func (r *recap) head() {
	r.line("# %s", escape(r.lab.Title.In(r.lang)))
	r.line("")
	met := 0
	for _, s := range r.p.Steps {
		if s.Met {
			met++
		}
	}
	on := engineName(r.lang, r.p.Engine)
	if r.lab.Variant != "" {
		on = r.lab.Variant + ", " + on
	}
	if met == len(r.p.Steps) {
		r.line("%s", r.lang.Say("recap.done", escape(on)))
	} else {
		r.line("%s", r.lang.Say("recap.part", met, len(r.p.Steps), escape(on)))
	}
}

func (r *recap) step(i int, step course.Step, s session.StepProgress) {
	mark := "·"
	if s.Met {
		mark = symbolMet
	}
	title := fmt.Sprintf("%s %d. %s", mark, i+1, step.Title.In(r.lang))
	if s.XP > 0 {
		title += " (" + r.lang.Say("report.xp", s.XP) + ")"
	}
	r.line("\n## %s\n", escape(title))
	if learnt := step.Learnt.In(r.lang); learnt != "" && s.Met {
		r.line("%s\n", strings.TrimSpace(learnt)) // Markdown already
	}
	var notes []string
	if s.Solved {
		notes = append(notes, r.lang.Say("recap.solved"))
	}
	if s.Hints > 0 {
		notes = append(notes, r.lang.Say("recap.hints", s.Hints))
	}
	if len(s.Verdicts) == 0 && s.Earlier {
		notes = append(notes, r.lang.Say("recap.earlier"))
	}
	if len(notes) > 0 {
		r.line("%s\n", strings.Join(notes, " "))
	}
	for _, v := range s.Verdicts {
		r.verdict(step, v)
	}
}

func (r *recap) verdict(step course.Step, v session.CheckProgress) {
	c := course.Check{Kind: v.Kind}
	if v.Check >= 1 && v.Check <= len(step.Checks) {
		c = step.Checks[v.Check-1]
	}
	mark := symbols[v.Outcome]
	r.line("- %s **%s** (%s)", mark, escape(describe(r.lang, c)), r.lang.Say("outcome."+outcome(v.Outcome)))
	if v.Want.Code != "" {
		r.line("  - %s: %s", r.lang.Say("recap.wanted"), escape(Fact(r.lang, v.Want)))
	}
	got := Fact(r.lang, v.Got)
	if v.LoggedAfter > 0 {
		got += "; " + r.lang.Say("report.logged-after", duration3(r.lang, v.LoggedAfter))
	}
	r.line("  - %s: %s", r.lang.Say("recap.got"), escape(got))
	if m := meaning(r.lang, r.lab, step.ID, v.Check, v.Meaning); m != "" && v.Outcome != probe.Met {
		r.line("  - %s", escape(m))
	}
	if lines := wireLines(r.lang, v.Evidence); len(lines) > 0 {
		r.line("\n  ```text")
		for _, l := range lines {
			r.line("  %s", strings.ReplaceAll(l, "```", "'''"))
		}
		r.line("  ```\n")
	}
}

func (r *recap) gained(g reward.Gained) {
	r.line("\n## %s\n", r.lang.Say("recap.gained"))
	if g.Nothing() {
		r.line("%s", r.lang.Say("recap.nothing"))
		return
	}
	if g.XP > 0 {
		r.line("- %s", r.lang.Say("recap.xp", g.XP, g.Total))
	}
	if g.LevelUp {
		r.line("- %s", r.lang.Say("recap.level", g.Level, g.LevelName.In(r.lang)))
	}
	for _, a := range g.Achievements {
		r.line("- %s", r.lang.Say("recap.achievement", a.Name.In(r.lang)))
	}
	for _, l := range g.Lessons {
		r.line("- %s", r.lang.Say("recap.lesson", l))
	}
}

// escape keeps text from being taken for Markdown: facts have words from servers in them.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "<", `\<`, "`", "\\`", "#", `\#`, "|", `\|`).Replace(printable.Line(s))
}
