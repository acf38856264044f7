package reward

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cwk-stream/lab/assets"
	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// history writes events as a student's story, for the tables below.
type history struct {
	events []session.Event
	at     time.Time
	seq    int
	in     session.Event // session, lab, variant and engine of what follows
}

func begin() *history {
	h := &history{at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	return h.session("03", "nginx", "docker")
}

func (h *history) session(lab, variant, engine string) *history {
	h.seq = 0
	h.in = session.Event{Session: fmt.Sprintf("s%d", len(h.events)), Lab: lab, Variant: variant, Engine: engine}
	return h
}

func (h *history) add(e session.Event) *history {
	h.seq++
	h.at = h.at.Add(time.Second)
	e.ID, e.Seq, e.Time = fmt.Sprintf("%s-%06d", h.in.Session, h.seq), h.seq, h.at
	e.Session, e.Lab, e.Variant, e.Engine = h.in.Session, h.in.Lab, h.in.Variant, h.in.Engine
	h.events = append(h.events, e)
	return h
}

func (h *history) met(steps ...string) *history {
	for _, s := range steps {
		h.add(session.Event{Kind: session.StepMet, Step: s, XP: xpOf(s), First: true})
	}
	return h
}

func (h *history) solved(step string) *history {
	return h.add(session.Event{Kind: session.SolvedFor, Step: step}).
		add(session.Event{Kind: session.StepMet, Step: step, Solved: true, First: true})
}

func (h *history) hint(step string) *history {
	return h.add(session.Event{Kind: session.Hinted, Step: step, Number: 1})
}

func (h *history) read(lesson string) *history {
	return h.add(session.Event{Kind: session.Read, Lesson: lesson})
}

func (h *history) verdict(step string, kind course.Kind, outcome probe.Outcome, fact ...string) *history {
	got := probe.NewFact(fact[0], fact[1:]...)
	return h.add(session.Event{Kind: session.Judged, Step: step, CheckKind: kind, Outcome: outcome, Got: &got})
}

func (h *history) later(d time.Duration) *history { h.at = h.at.Add(d); return h }

// set is the story as the student's journal holds it.
func (h *history) set() *session.EventSet { return session.NewEventSet(h.at, h.events...) }

func xpOf(step string) int {
	for _, l := range lessons {
		for _, s := range l.Steps {
			if s.ID == step {
				return s.XP
			}
		}
	}
	return 0
}

var lessons = []Lesson{
	{ID: "01", XP: 30},
	{ID: "03", XP: 30, Lab: "03", Steps: []Step{{ID: "drop", XP: 20}, {ID: "forward", XP: 20}, {ID: "idle", XP: 40}, {ID: "restore", XP: 40}},
		Variants: map[string][]Step{"other": {{ID: "drop", XP: 20}, {ID: "extra", XP: 5}}}},
}

var steps = []string{"drop", "forward", "idle", "restore"}

func tables(t testing.TB) Tables {
	t.Helper()
	all, err := Load(assets.FS)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// brief is a standing in one line: what the tables compare.
func brief(s Standing) string {
	var got []string
	for _, a := range s.Achievements {
		if a.Got {
			got = append(got, a.ID)
		}
	}
	return fmt.Sprintf("%d XP, level %d, %d/%d lessons, [%s]", s.XP, s.Level, s.LessonsDone, s.Lessons, strings.Join(got, " "))
}

func TestFold(t *testing.T) {
	week := 7 * 24 * time.Hour
	for name, test := range map[string]struct {
		story *history
		want  string
	}{
		"nothing":            {begin(), "0 XP, level 0, 0/2 lessons, []"},
		"one step":           {begin().met("drop"), "20 XP, level 0, 0/2 lessons, []"},
		"the same again":     {begin().met("drop").met("drop").session("03", "nginx", "docker").met("drop"), "20 XP, level 0, 0/2 lessons, []"},
		"another variant":    {begin().met("drop").session("03", "caddy", "docker").met("drop"), "20 XP, level 0, 0/2 lessons, []"},
		"solved":             {begin().solved("drop"), "0 XP, level 0, 0/2 lessons, []"},
		"solved, met same":   {begin().solved("drop").met("drop"), "0 XP, level 0, 0/2 lessons, []"},
		"solved, then met":   {begin().solved("drop").session("03", "nginx", "docker").add(session.Event{Kind: session.StepMet, Step: "drop"}), "20 XP, level 0, 0/2 lessons, []"},
		"solved, reset, met": {begin().solved("drop").add(session.Event{Kind: session.Reset, Step: "drop"}).met("drop"), "20 XP, level 0, 0/2 lessons, []"},
		"met, then solved":   {begin().met("drop").solved("drop"), "20 XP, level 0, 0/2 lessons, []"},
		"reading":            {begin().read("03").read("03").read("99"), "30 XP, level 0, 0/2 lessons, []"},
		"no lab, read":       {begin().read("01"), "30 XP, level 0, 1/2 lessons, [first-lesson]"},
		"lab, not read":      {begin().hint("drop").met(steps...), "120 XP, level 1, 0/2 lessons, []"},
		"unaided":            {begin().met(steps...).hint("drop"), "120 XP, level 1, 0/2 lessons, [unaided]"},
		"hint elsewhere":     {begin().session("03", "caddy", "docker").hint("drop").session("03", "nginx", "docker").met(steps...), "120 XP, level 1, 0/2 lessons, [unaided]"},
		"lab and read":       {begin().hint("drop").met(steps...).read("03"), "150 XP, level 1, 1/2 lessons, [first-lesson]"},
		"all solved, read":   {begin().solved("drop").solved("forward").solved("idle").solved("restore").read("03"), "30 XP, level 0, 1/2 lessons, [first-lesson]"},
		"two halves": {begin().hint("drop").met("drop", "forward").session("03", "caddy", "docker").hint("idle").met("idle", "restore").read("03"),
			"150 XP, level 1, 0/2 lessons, []"},
		"everything": {begin().hint("drop").met(steps...).read("03").read("01"), "180 XP, level 1, 2/2 lessons, [first-lesson all-lessons]"},
		"a lab on disk": {begin().session("03-5f0c1d2e", "nginx", "embedded").verdict("drop", course.KindHandshake, probe.Met, "status", "400").
			met(steps...).later(week).hint("drop"), "0 XP, level 0, 0/2 lessons, []"},
		"offline":        {begin().session("03", "nginx", "embedded").hint("drop").met(steps...), "120 XP, level 1, 0/2 lessons, [offline]"},
		"partly offline": {begin().hint("drop").met("drop").session("03", "nginx", "embedded").met(steps[1:]...), "120 XP, level 1, 0/2 lessons, []"},
		"both proxies": {begin().hint("drop").met(steps...).session("03", "caddy", "docker").hint("drop").met(steps...),
			"120 XP, level 1, 0/2 lessons, [both-proxies]"},
		"other steps":      {begin().session("03", "other", "docker").hint("drop").met("drop").add(session.Event{Kind: session.StepMet, Step: "extra", XP: 5}).read("03"), "55 XP, level 0, 1/2 lessons, [first-lesson]"},
		"said completed":   {begin().session("03", "third", "docker").add(session.Event{Kind: session.Completed}).read("03"), "30 XP, level 0, 0/2 lessons, []"},
		"other variant":    {begin().session("03", "third", "docker").hint("drop").met(steps...).read("03"), "150 XP, level 1, 1/2 lessons, [first-lesson]"},
		"unknown lab":      {begin().session("x", "", "docker").add(session.Event{Kind: session.StepMet, Step: "drop", XP: 9999}), "0 XP, level 0, 0/2 lessons, []"},
		"400":              {begin().verdict("drop", course.KindHandshake, probe.Met, "status", "400"), "0 XP, level 0, 0/2 lessons, [first-400]"},
		"400 not meant":    {begin().verdict("drop", course.KindHandshake, probe.NotMet, "status", "400"), "0 XP, level 0, 0/2 lessons, []"},
		"400 solved":       {begin().solved("drop").verdict("drop", course.KindHandshake, probe.Met, "status", "400"), "0 XP, level 0, 0/2 lessons, []"},
		"4000":             {begin().verdict("drop", course.KindHandshake, probe.Met, "status", "4000"), "0 XP, level 0, 0/2 lessons, []"},
		"101":              {begin().verdict("forward", course.KindHandshake, probe.Met, "status", "101"), "0 XP, level 0, 0/2 lessons, [first-handshake]"},
		"idle":             {begin().verdict("idle", course.KindIdle, probe.Met, "closed-by", "proxy", "30.006"), "0 XP, level 0, 0/2 lessons, [idle-drop]"},
		"outlived":         {begin().verdict("restore", course.KindIdle, probe.Met, "open", "35"), "0 XP, level 0, 0/2 lessons, [outlived]"},
		"back in a week":   {begin().hint("drop").later(week).hint("drop"), "0 XP, level 0, 0/2 lessons, [reconnected]"},
		"back a bit early": {begin().hint("drop").later(week - 2*time.Second).hint("drop"), "0 XP, level 0, 0/2 lessons, []"},
	} {
		t.Run(name, func(t *testing.T) {
			s := Fold(test.story.set(), lessons, tables(t))
			if got := brief(s); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			left := 0
			for _, l := range s.States {
				left += l.Left
			}
			if s.XP+left < 30+150 || s.XP+left > 30+150+5 {
				t.Errorf("%d XP gained and %d left do not make what there is", s.XP, left)
			}
		})
	}
}

func TestFoldDoesNotCareAboutOrderOrDoubles(t *testing.T) {
	h := begin().solved("drop").hint("idle").met(steps...).read("03").session("03", "caddy", "embedded").met(steps...).
		verdict("idle", course.KindIdle, probe.Met, "closed-by", "proxy", "30").later(240 * time.Hour).read("01")
	want := Fold(h.set(), lessons, tables(t))
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		events := append(slices.Clone(h.events), h.events[:r.IntN(len(h.events))]...)
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		if d := cmp.Diff(want, Fold(session.NewEventSet(h.at, events...), lessons, tables(t))); d != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, d)
		}
	}
}

func TestEveryAchievementCanBeHad(t *testing.T) {
	h := begin().
		verdict("drop", course.KindHandshake, probe.Met, "status", "400").met("drop").
		verdict("forward", course.KindHandshake, probe.Met, "status", "101").met("forward").
		verdict("idle", course.KindIdle, probe.Met, "closed-by", "proxy", "30.006").met("idle").
		verdict("restore", course.KindIdle, probe.Met, "open", "35.001").met("restore").
		session("03", "caddy", "embedded").met(steps...).read("03").later(8 * 24 * time.Hour).read("01")
	s := Fold(h.set(), lessons, tables(t))
	for _, a := range s.Achievements {
		if !a.Got || a.When.IsZero() {
			t.Errorf("%s was not had", a.ID)
		}
	}
	if s.Got != len(s.Achievements) || s.Got != 10 {
		t.Errorf("got %d of %d", s.Got, len(s.Achievements))
	}
}

func TestLevels(t *testing.T) {
	for xp, want := range map[int]string{0: "0 Poller 0–120", 119: "0 Poller 0–120", 120: "1 Long-Poller 120–270", 899: "4 Tunneller 660–900",
		900: "5 Broadcaster 900–0", 5000: "5 Broadcaster 900–0"} {
		s := Fold(begin().read("x").set(), []Lesson{{ID: "x", XP: xp}}, tables(t))
		if got := fmt.Sprintf("%d %s %d–%d", s.Level, s.LevelName.En, s.LevelXP, s.NextXP); got != want {
			t.Errorf("%d XP: got %s, want %s", xp, got, want)
		}
	}
}

func TestGained(t *testing.T) {
	h := begin().hint("drop").met("drop", "forward", "idle")
	before := Fold(h.set(), lessons, tables(t))
	after := Fold(h.met("restore").read("03").set(), lessons, tables(t))
	got := New(before, after)
	want := Gained{XP: 70, Total: 150, LevelUp: true, Level: 1, LevelName: Text{"Long-Poller", "롱폴러"}, Lessons: []string{"03"}}
	want.Achievements = append(want.Achievements, after.Achievements[4])
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if !New(after, after).Nothing() || got.Nothing() {
		t.Error("Nothing does not tell something from nothing")
	}
}

func TestLessonStates(t *testing.T) {
	for want, h := range map[string]*history{"new": begin(), "begun": begin().met("drop"), "done": begin().met(steps...).read("03")} {
		if got := Fold(h.set(), lessons, tables(t)).State("03").Word(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestLoadRefusesWhatCannotBeMeant(t *testing.T) {
	levels := "levels:\n  - { level: 0, xp: 0, name: { en: a, ko: b } }\n"
	one := "achievements:\n  - { id: a, name: { en: a, ko: b }, how: { en: a, ko: b }, when: %s }\n"
	for name, test := range map[string]struct{ levels, achievements string }{
		"no levels":          {"levels: []", ""},
		"no zero":            {"levels:\n  - { level: 0, xp: 5, name: { en: a, ko: b } }\n", ""},
		"level not above":    {levels + "  - { level: 1, xp: 0, name: { en: a, ko: b } }\n", ""},
		"no Korean":          {levels + "  - { level: 1, xp: 9, name: { en: a } }\n", ""},
		"unknown key":        {levels, fmt.Sprintf(one, "{ lessons: 1, dance: yes }")},
		"no condition":       {levels, fmt.Sprintf(one, "{}")},
		"two conditions":     {levels, fmt.Sprintf(one, "{ lessons: 1, check: idle }")},
		"got without check":  {levels, fmt.Sprintf(one, "{ lessons: 1, got: open }")},
		"lessons: few":       {levels, fmt.Sprintf(one, "{ lessons: few }")},
		"lessons: 0":         {levels, fmt.Sprintf(one, "{ lessons: 0 }")},
		"the same id, twice": {levels, fmt.Sprintf(one, "{ lessons: 1 }") + strings.TrimPrefix(fmt.Sprintf(one, "{ lessons: 2 }"), "achievements:\n")},
	} {
		fsys := fstest.MapFS{"levels.yaml": {Data: []byte(test.levels)}, "achievements.yaml": {Data: []byte(test.achievements)}}
		if _, err := Load(fsys); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := Load(fstest.MapFS{}); err == nil {
		t.Error("no files: taken")
	}
}

func BenchmarkFold(b *testing.B) {
	h := begin()
	for range 500 {
		h.session("03", "nginx", "docker").verdict("drop", course.KindHandshake, probe.Met, "status", "400").met(steps...).hint("drop").read("03")
	}
	t := tables(b)
	for b.Loop() {
		Fold(h.set(), lessons, t)
	}
}
