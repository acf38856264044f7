package tui

import (
	"fmt"
	"strings"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// stepsLines lists the steps, and under them what the current one asks and what became of the last try.
func (s *labScreen) stepsLines(w int) []string {
	if s.live == nil || s.failed != nil {
		return s.beginning(w)
	}
	var out []string
	for i := range s.live.Lab.Steps {
		out = append(out, s.stepLine(i, w))
	}
	out = append(out, "")
	return append(out, s.now(w)...)
}

func (s *labScreen) beginning(w int) []string {
	switch {
	case s.failed != nil:
		return append(append(failure(s.d, s.failed, w), ""), wrap(s.d.th.Quiet.Render(s.d.say("reopen")), w)...)
	case s.lesson.Lab == "":
		return wrap(s.d.th.Quiet.Render(s.d.say("no-lab")), w)
	}
	return wrap(s.d.th.Quiet.Render(s.d.say("beginning")), w)
}

// stepLine is one step: symbol, number, title, how it stands, XP.
func (s *labScreen) stepLine(i, w int) string {
	step, at, th := s.live.Lab.Steps[i], s.progress.Steps[i], s.d.th
	symbol, word, m := s.stepState(i)
	xp := fmt.Sprintf("%+d", step.XP)
	switch {
	case step.XP == 0: // as all those of a lab from anywhere: there is nothing to gain, and nothing to lose
		xp = ""
	case at.Solved && !at.Met, at.Solved && at.XP == 0 && !at.Earlier:
		xp = "–"
	}
	xp = fitRight(xp, 4)
	state := ""
	title := clean(step.Title.In(s.d.lang))
	if w >= 40 && word != "" {
		state = " " + word + " "
		if 4+width(title)+1+width(state)+4 <= w {
			state = " " + state
		}
	}
	style := th.Text
	if i == s.progress.Current {
		style = th.Strong
	} else if !at.Met {
		style = th.Quiet
	}
	room := w - 4 - width(state) - 4
	return th.of(m).Render(symbol) + fmt.Sprintf(" %d ", i+1) + style.Render(fit(title, room)) +
		th.of(m).Render(state) + th.Quiet.Render(xp)
}

// stepState says how a step stands, by a symbol and a word.
func (s *labScreen) stepState(i int) (symbol, word string, m mood) {
	at, d := s.progress.Steps[i], s.d
	current := i == s.progress.Current
	switch {
	case current && s.progress.Phase == session.PhaseChecking:
		return "◐", d.say("state-checking"), accent
	case current && s.progress.Rejection != nil:
		return "✗", d.say("state-refused"), bad
	case at.Met && (!current || at.Outcome != probe.NotMet && at.Outcome != probe.Unknown): // what was left is not judged any more
		if at.Outcome == probe.Met {
			return "✓", d.say("state-met") + " " + d.seconds(at.Seconds), good
		}
		return "✓", d.say("state-met"), good
	case at.Outcome == probe.NotMet:
		return "✗", d.say("state-unmet"), bad
	case at.Outcome == probe.Unknown:
		return "?", d.say("state-unknown"), warn
	case current && s.progress.Phase == session.PhaseReady:
		return "●", d.say("state-waiting"), accent
	case current:
		return "●", "", accent
	}
	return " ", "", quiet
}

// now says what is to be done, or what just happened.
func (s *labScreen) now(w int) []string {
	step, at, ok := s.step()
	if !ok {
		return nil
	}
	p, d, th := s.progress, s.d, s.d.th
	goal := d.inline(step.Goal.In(d.lang), w)
	switch {
	case p.Trouble != "" && p.Phase == session.PhaseFailed:
		return s.trouble(d.coded("error", p.Trouble, d.say("trouble"), p.Args...), p.Detail, w)
	case p.Rejection != nil:
		return append(append(s.rejection(*p.Rejection, w), ""), goal...)
	case p.Phase == session.PhaseChecking && p.Running != nil:
		kind := d.say("check-of", p.Running.Check, len(step.Checks), string(p.Running.Kind))
		return append(append(goal, ""), th.Accent.Render("◐ ")+kind)
	case at.Met && at.Outcome == probe.Met:
		return s.met(step, at, w)
	case at.Outcome != "":
		out := append(append(s.verdict(at, w), ""), goal...)
		if on := s.goOn(); on != "" {
			out = append(append(wrap(d.say("met-still"), w), on, ""), out...)
		}
		return out
	case p.Phase == session.PhaseReady:
		out := append(goal, "")
		if !at.Met {
			return append(out, wrap(th.Quiet.Render(d.say("save-and-see")), w)...)
		}
		return append(append(out, wrap(th.Quiet.Render(d.say("met-earlier")), w)...), s.goOn())
	}
	return goal
}

func (s *labScreen) trouble(what, detail string, w int) []string {
	out := hang(s.d.th.Bad.Render("✗ "), what, w)
	if detail != "" {
		out = append(out, hang("  ", s.d.th.Quiet.Render(clean(detail)), w)...)
	}
	if advice := s.d.coded("hint", s.progress.Trouble, "", s.progress.Args...); advice != "" {
		out = append(out, hang("  ", advice, w)...)
	}
	if s.live != nil {
		out = append(out, hang("  ", s.d.say("press-retry"), w)...)
	}
	return out
}

func (s *labScreen) rejection(r session.Rejection, w int) []string {
	d := s.d
	if r.Code != "" {
		out := hang(d.th.Bad.Render("✗ "), d.coded("error", r.Code, d.say("files-unreadable"), r.Args...), w)
		return append(out, hang("  ", d.th.Quiet.Render(d.coded("hint", r.Code, d.lang.Spoken(r.Message), r.Args...)), w)...)
	}
	where := d.say("refused")
	if r.Line > 0 {
		where = d.say("refused-at", clean(r.File), r.Line)
	}
	out := hang(d.th.Bad.Render("✗ "), d.th.Bad.Render(where), w)
	out = append(out, hang("  ", clean(r.Message), w)...)
	return append(out, hang("  ", d.th.Quiet.Render(d.say("last-good")), w)...)
}

// met celebrates, once, and waits.
func (s *labScreen) met(step course.Step, at session.StepProgress, w int) []string {
	d := s.d
	text := d.say("step-met", d.seconds(at.Seconds))
	if at.XP > 0 {
		text += d.say("gained", at.XP)
	} else if at.Solved && step.XP > 0 {
		text += d.say("gained-nothing")
	}
	out := hang(d.th.Good.Render("✓ "), strings.TrimSpace(d.th.Good.Bold(true).Render(text)+"   "+s.goOn()), w)
	return append(out, d.inline(step.Learnt.In(d.lang), w)...)
}

// onward tells what leads on from the current step: the next one, once this is met, or after the last the recap.
func (s *labScreen) onward() (next, recap bool) {
	_, at, ok := s.step()
	last := s.progress.Current >= len(s.progress.Steps)-1
	return ok && at.Met && !last, s.progress.Done && last
}

// goOn is the key that leads on; "" where none does.
func (s *labScreen) goOn() string {
	next, recap := s.onward()
	switch {
	case next:
		return s.d.th.Accent.Bold(true).Render(s.d.say("press-next"))
	case recap:
		return s.d.th.Accent.Bold(true).Render(s.d.say("press-recap"))
	}
	return ""
}

// celebration is the one line in the status bar.
func (s *labScreen) celebration(e session.Event) string {
	text := s.d.say("step-met", s.d.seconds(e.Seconds))
	if e.XP > 0 {
		text += s.d.say("gained", e.XP)
	}
	return "✓ " + text
}

// verdict says what was wanted, what was seen and what that usually means.
func (s *labScreen) verdict(at session.StepProgress, w int) []string {
	d := s.d
	for _, v := range at.Verdicts {
		if v.Outcome == probe.Met {
			continue
		}
		symbol, m, word := "✗ ", bad, d.say("wanted")
		if v.Outcome == probe.Unknown {
			symbol, m, word = "? ", warn, d.say("cannot-tell")
		}
		out := hang(d.th.of(m).Render(symbol), word+" "+d.fact(v.Want), w)
		if v.Got.Code != "" {
			out = append(out, hang("  ", d.say("seen")+" "+d.th.Strong.Render(d.fact(v.Got)), w)...)
		}
		if means := s.meaning(v); means != "" {
			out = append(out, hang("  ", d.th.Quiet.Render(means), w)...)
		}
		return out
	}
	return nil
}

// meaning is what a verdict usually means: the lab's own words, or the general ones.
func (s *labScreen) meaning(v session.CheckProgress) string {
	step, _, ok := s.step()
	if ok && v.Check >= 1 && v.Check <= len(step.Checks) {
		if own := step.Checks[v.Check-1].Meaning.In(s.d.lang); own != "" && v.Outcome == probe.NotMet {
			return clean(own)
		}
	}
	if v.Meaning == "" {
		return ""
	}
	return s.d.sayOr("meaning."+v.Meaning, "")
}

// fact puts a fact into words.
func (d *desk) fact(f probe.Fact) string {
	args := make([]any, len(f.Args))
	for i, a := range f.Args {
		args[i] = a
	}
	return d.sayOr("fact."+f.Code, f.String(), args...)
}

// inline wraps a short text in which `code` is marked.
func (d *desk) inline(text string, w int) []string {
	if text == "" {
		return nil
	}
	parts := strings.Split(clean(text), "`")
	for i := range parts {
		if i%2 == 1 {
			parts[i] = d.th.Accent.Render(parts[i])
		}
	}
	return wrap(strings.Join(parts, ""), w)
}

// stage puts a stage of the boot into words.
func (d *desk) stage(st session.Stage) string {
	key := "stage." + st.Name
	if !locale.Has(key) {
		return clean(strings.TrimSpace(st.Name + " " + st.Subject))
	}
	if !strings.Contains(d.lang.Say(key), "%s") {
		return clean(d.lang.Say(key))
	}
	subject := st.Subject
	if subject == "" {
		subject = d.lang.Say("stage.all")
	}
	return clean(d.lang.Say(key, subject))
}

// coded gives the words for a code that came without its values; where they need some, the message itself.
func (d *desk) coded(prefix, code, message string, args ...string) string {
	words, todo := d.lang.Advice(code, args...)
	if prefix == "hint" {
		words = todo
	}
	if words == "" {
		words = message
	}
	return clean(words)
}

// failure is an error with its advice: the lab could not begin, or its session has ended.
func failure(d *desk, err error, w int) []string {
	out := hang(d.th.Bad.Render("✗ "), errorWords(d, err), w)
	if h, ok := hint.Find(err); ok {
		out = append(out, hang("  ", d.sayOr("hint."+h.Code, "", h.Args...), w)...)
	}
	return out
}

// errorWords puts an error into one line for the person at the keyboard.
func errorWords(d *desk, err error) string {
	if h, ok := hint.Find(err); ok {
		return d.sayOr("error."+h.Code, err.Error(), h.Args...)
	}
	return clean(d.lang.Spoken(err.Error()))
}
