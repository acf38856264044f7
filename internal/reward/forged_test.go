package reward

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/session"
)

// TestXPIsTheCourses: whatever events say of XP, the standing has what the course gives, once.
func TestXPIsTheCourses(t *testing.T) {
	for _, xp := range []int{0, 1, 20, 999_999_999_999, math.MaxInt, -1, math.MinInt} {
		h := begin()
		for range 3 { // three sessions, two variants
			for _, s := range steps {
				h.add(session.Event{Kind: session.StepMet, Step: s, XP: xp})
			}
			h.session("03", "caddy", "docker")
		}
		h.add(session.Event{Kind: session.StepMet, Step: "no-such-step", XP: xp}).read("03").read("99")
		if s := Fold(h.set(), lessons, tables(t)); s.XP != 150 || s.State("03").Left != 5 {
			t.Errorf("XP %d: got %d, and %d left", xp, s.XP, s.State("03").Left)
		}
	}
}

// TestManyVariantsAreBounded: names of variants that no lab has cost neither XP nor time.
func TestManyVariantsAreBounded(t *testing.T) {
	h := begin()
	for n := range 20_000 {
		h.session("03", fmt.Sprint("v", n), "docker").met("drop")
	}
	if got := brief(Fold(h.set(), lessons, tables(t))); got != "20 XP, level 0, 0/2 lessons, []" {
		t.Error("got", got)
	}
}

func TestTimesWithinReason(t *testing.T) {
	for name, test := range map[string]struct {
		at   time.Time
		want string
	}{
		"year 9999":                 {time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "0 XP, level 0, 0/2 lessons, []"},
		"year 2150":                 {time.Date(2150, 1, 1, 0, 0, 0, 0, time.UTC), "0 XP, level 0, 0/2 lessons, []"},
		"year 0":                    {time.Time{}, "0 XP, level 0, 0/2 lessons, []"},
		"year 10000":                {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "0 XP, level 0, 0/2 lessons, []"},
		"before the program":        {session.Began.Add(-time.Second), "0 XP, level 0, 0/2 lessons, []"},
		"in eight days":             {begin().at.Add(8 * 24 * time.Hour), "0 XP, level 0, 0/2 lessons, []"},
		"another machine's local":   {begin().at.Add(14 * time.Hour), "30 XP, level 0, 1/2 lessons, [first-lesson]"},
		"local time, far from UTC":  {begin().at.In(time.FixedZone("far", 14*3600)), "30 XP, level 0, 1/2 lessons, [first-lesson]"},
		"as early as the beginning": {session.Began, "30 XP, level 0, 1/2 lessons, [first-lesson]"},
	} {
		now := begin().at
		set := session.NewEventSet(now, session.Event{ID: "a", Kind: session.Hinted, Lab: "03", Step: "drop", Time: now},
			session.Event{ID: "b", Kind: session.Read, Lesson: "01", Time: test.at})
		if got := brief(Fold(set, lessons, tables(t))); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

// renamed is a course whose lab has changed the ids of its steps, some of them twice, dropped one, added one and divided one.
func renamed() []Lesson {
	return []Lesson{{ID: "03", XP: 30, Lab: "03", Variants: map[string][]Step{
		"nginx": {{ID: "lose", XP: 20, Was: []string{"drop"}}, {ID: "pass", XP: 20, Was: []string{"hand-on", "forward"}},
			{ID: "wait", XP: 25, Was: []string{"idle"}}, {ID: "count", XP: 15}},
		"caddy": {{ID: "drop", XP: 20}, {ID: "pass", XP: 20, Was: []string{"forward"}}, {ID: "idle", XP: 40}},
	}, Steps: []Step{{ID: "lose", XP: 20, Was: []string{"drop"}}, {ID: "pass", XP: 20, Was: []string{"hand-on", "forward"}},
		{ID: "wait", XP: 25, Was: []string{"idle"}}, {ID: "count", XP: 15}}}}
}

func TestRenamedSteps(t *testing.T) {
	old := func() *history { return begin().hint("drop") }
	for name, test := range map[string]struct {
		story *history
		want  string
		left  int
	}{
		"nothing":              {begin(), "met 0 of 4, 0 XP", 110},
		"before":               {old().met("drop"), "met 1 of 4, 20 XP", 90},
		"before and after":     {old().met("drop").session("03", "nginx", "docker").met("lose").met("lose"), "met 1 of 4, 20 XP", 90},
		"twice renamed":        {old().met("forward", "hand-on", "pass"), "met 1 of 4, 20 XP", 90},
		"other variant's name": {old().met("lose").session("03", "caddy", "docker").met("drop"), "met 1 of 4, 20 XP", 90},
		"variant first":        {begin().session("03", "caddy", "docker").met("drop").session("03", "nginx", "docker").met("lose"), "met 1 of 3, 20 XP", 90},
		"removed":              {old().met("restore"), "met 0 of 4, 0 XP", 110},
		"the half of one":      {old().met("idle"), "met 1 of 4, 25 XP", 85},
		"all":                  {old().met("drop", "forward", "idle").met("count").read("03"), "met 4 of 4, 110 XP", 0},
		"solved before":        {old().solved("drop").met("lose"), "met 1 of 4, 0 XP", 110},
		"reset after":          {old().solved("drop").add(session.Event{Kind: session.Reset, Step: "lose"}).met("lose"), "met 1 of 4, 20 XP", 90},
	} {
		s := Fold(test.story.set(), renamed(), tables(t)).State("03")
		if got := fmt.Sprintf("met %d of %d, %d XP", s.Met, s.Steps, s.XP); got != test.want || s.Left != test.left {
			t.Errorf("%s: got %s, %d left; want %s, %d left", name, got, s.Left, test.want, test.left)
		}
	}
}

// TestNamesThatClash: two steps of one variant stay two, whatever ids they say that they had.
func TestNamesThatClash(t *testing.T) {
	course := []Lesson{{ID: "03", Lab: "03", Steps: []Step{{ID: "a", XP: 1, Was: []string{"b", "old"}}, {ID: "b", XP: 2, Was: []string{"a", "old"}}},
		Variants: map[string][]Step{"other": {{ID: "a", XP: 1, Was: []string{"c"}}, {ID: "b", XP: 2, Was: []string{"c"}}}}}}
	h := begin()
	for _, variant := range []string{"", "other"} {
		h.session("03", variant, "docker").met("a", "b", "c", "old")
	}
	if s := Fold(h.set(), course, tables(t)); s.XP != 3 || s.State("03").Left != 0 {
		t.Errorf("got %d XP, %d left", s.XP, s.State("03").Left)
	}
}

// TestRenamedLessonsAndLabs: what was read and met under an earlier name counts, once; a name that is in use is its owner's.
func TestRenamedLessonsAndLabs(t *testing.T) {
	course := []Lesson{
		{ID: "02", XP: 30, Was: []string{"01", "zero"}},
		{ID: "03", XP: 30, Was: []string{"02", "zero"}, Lab: "03-proxy", LabWas: []string{"03", "proxy", "04-tls"}, Steps: lessons[1].Steps},
		{ID: "04", XP: 30, Lab: "04-tls", LabWas: []string{"03"}, Steps: []Step{{ID: "drop", XP: 7}}},
	}
	for name, test := range map[string]struct {
		story *history
		want  string
	}{
		"read before":           {begin().read("01"), "30 0 0"},
		"read before and after": {begin().read("01").read("02").read("zero"), "30 0 0"},
		"met before":            {begin().met("drop"), "0 20 0"},
		"met before and after":  {begin().met("drop").session("proxy", "nginx", "docker").met("drop").session("03-proxy", "nginx", "docker").met("drop"), "0 20 0"},
		"another lab's name":    {begin().session("04-tls", "nginx", "docker").met("drop"), "0 0 7"},
	} {
		s := Fold(test.story.set(), course, tables(t))
		if got := fmt.Sprint(s.State("02").XP, s.State("03").XP, s.State("04").XP); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}
