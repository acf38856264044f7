package reward

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cwk-stream/lab/internal/session"
)

// FuzzFold: whatever a journal says, there is no more XP than the course gives, nothing is both gained and left, and neither
// the order of the events nor their number matters.
func FuzzFold(f *testing.F) {
	for _, h := range []*history{begin().met(steps...).read("03"), begin().solved("drop").hint("idle").met("lose", "drop", "count"),
		begin().session("03", "zzz", "docker").add(session.Event{Kind: session.StepMet, Step: "drop", XP: -1 << 40, Number: -1})} {
		var lines []string
		for _, e := range h.events {
			line, err := json.Marshal(e)
			if err != nil {
				f.Fatal(err)
			}
			lines = append(lines, string(line))
		}
		f.Add(strings.Join(lines, "\n"))
	}
	t := tables(f)
	courses := [][]Lesson{lessons, renamed()}
	f.Fuzz(func(test *testing.T, text string) {
		var events []session.Event
		for line := range strings.Lines(text) {
			var e session.Event
			if json.Unmarshal([]byte(line), &e) == nil {
				events = append(events, e)
			}
		}
		now := begin().at
		turned := slices.Clone(append(events, events...))
		slices.Reverse(turned)
		for _, course := range courses {
			s := Fold(session.NewEventSet(now, events...), course, t)
			most := 0
			for _, l := range course {
				state, all := s.State(l.ID), l.XP
				for _, step := range l.all() {
					all += step.XP // of all variants, of which a step is given once
				}
				if state.XP < 0 || state.Left < 0 || state.XP+state.Left > all || state.Met > state.Steps {
					test.Errorf("%s of %d XP: %+v", l.ID, all, state)
				}
				most += all
			}
			if s.XP < 0 || s.XP > most || s.LessonsDone > s.Lessons {
				test.Errorf("%d XP of %d, %d lessons of %d", s.XP, most, s.LessonsDone, s.Lessons)
			}
			if d := cmp.Diff(s, Fold(session.NewEventSet(now, turned...), course, t)); d != "" {
				test.Errorf("it depends on the order (-was +is):\n%s", d)
			}
		}
	})
}
