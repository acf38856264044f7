package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/embedded"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/reward"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/session/enginetest"
	"github.com/cwk-stream/lab/internal/workspace"
)

// hurry is by how much the test's waits and idle limits are shorter than the course's.
const hurry = 30

// student plays the built-in course in a home of their own, with the program's sessions, journal and rewards.
//
// Lab 03 is played on the embedded engine, and its checks look at the wire as they always do, only hurried. What needs
// Docker is played on a fake engine, and each of its steps is met by a question that any environment answers: that the
// real checks can be met is for `lab test` to show, and no achievement asks for what they see.
type student struct {
	*testing.T
	app    *app
	course *course.Course
	ahead  time.Duration // of the student's clock before ours
}

func enrol(t *testing.T) *student {
	home := t.TempDir()
	w := world{in: strings.NewReader(""), out: new(bytes.Buffer), err: t.Output(),
		getenv: func(name string) string { return map[string]string{"LAB_HOME": home}[name] }}
	s := &student{T: t, app: &app{world: w}}
	s.app.now = s.now
	var err error
	s.course, err = s.app.course()
	s.must(err)
	return s
}

func (s *student) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *student) now() time.Time {
	now := time.Now()
	if now.Before(session.Began) { // where nobody has set the clock
		now = session.Began
	}
	return now.Add(s.ahead)
}

func (s *student) standing() reward.Standing {
	s.Helper()
	standing, err := s.app.standing(s.Context(), s.course)
	s.must(err)
	return standing
}

// seat is a session of a student.
type seat struct {
	*student
	*session.Session
	files *workspace.Workspace
}

// sit begins a session of a lesson's lab, and ends it with the test.
func (s *student) sit(lesson, variant string) *seat {
	s.Helper()
	t, err := s.app.find(lesson, variant)
	s.must(err)
	var engine session.Engine = embedded.New(embedded.Options{})
	if slices.Contains(t.lab.Engines, engineEmbedded) {
		hurried(t.lab)
	} else {
		engine = &enginetest.Fake{}
		answered(t.lab)
	}
	c := session.Config{Lab: t.lab, Engine: engine, Now: s.now}
	s.must(s.app.remember(s.Context(), &c))
	c.Files, err = s.app.workspace(t.lab)
	s.must(err)
	x, err := session.New(c)
	s.must(err)
	s.must(x.Boot(s.Context()))
	s.Cleanup(func() { s.must(x.Stop(context.Background())) })
	return &seat{s, x, c.Files}
}

// hurried shortens what a lab's checks wait for.
func hurried(lab course.Lab) {
	for _, step := range lab.Steps {
		for _, c := range step.Checks {
			if c.Idle != nil {
				c.Idle.OpenAfter /= hurry
			}
			if c.Idle != nil && c.Idle.Closed != nil {
				c.Idle.Closed.After /= hurry
			}
		}
	}
}

// answered replaces the checks of a lab's steps by one that every service of a fake environment meets.
func answered(lab course.Lab) {
	for i := range lab.Steps {
		lab.Steps[i].Checks = []course.Check{{Kind: course.KindHTTP, Limit: 10 * time.Second,
			HTTP: &course.HTTP{Endpoint: course.Endpoint{Via: lab.Edit[0].Service, Path: "/"}, Expect: course.HTTPExpect{Status: 200}}}}
	}
}

// meet edits the files as the step's solution has them, without asking for it, and has the step checked.
func (x *seat) meet(step string) {
	x.Helper()
	files, err := x.Lab().Solution(step)
	x.must(err)
	for name, data := range files {
		files[name] = bytes.ReplaceAll(data, []byte("proxy_read_timeout 30s"), fmt.Appendf(nil, "proxy_read_timeout %ds", 30/hurry))
	}
	_, err = x.files.Write(files)
	x.must(err)
	x.must(x.Goto(step))
	x.check()
}

func (x *seat) check() {
	x.Helper()
	outcome, err := x.Check(x.Context())
	x.must(err)
	if p := x.Progress(); outcome != probe.Met {
		x.Fatalf("lab %s %s: %s: %+v", p.Lab, p.Variant, outcome, p.Steps[p.Current].Verdicts)
	}
}

// play meets every step of a lab.
func (s *student) play(lesson, variant string) {
	s.Helper()
	x := s.sit(lesson, variant)
	for _, step := range x.Lab().Steps {
		x.meet(step.ID)
	}
}

// earns does something and wants it to bring so many XP, and these achievements.
func (s *student) earns(xp int, achievements string, do func()) {
	s.Helper()
	before := s.standing()
	do()
	gained := reward.New(before, s.standing())
	var got []string
	for _, a := range gained.Achievements {
		got = append(got, a.ID)
	}
	if brought := strings.Join(got, " "); gained.XP != xp || brought != achievements {
		s.Errorf("got %d XP and [%s], want %d and [%s]", gained.XP, brought, xp, achievements)
	}
}

// stepsOf is how many XP the steps of a lesson's lab give.
func (s *student) stepsOf(lesson string) (xp int) {
	s.Helper()
	t, err := s.app.find(lesson, "")
	s.must(err)
	for _, step := range t.lab.Steps {
		xp += step.XP
	}
	return xp
}

// helped plays lesson 01 with a hint and a solution; what was solved is met once more, without.
func (s *student) helped() {
	first := s.course.Lessons[0]
	x := s.sit(first.ID, "")
	step := x.Lab().Steps[0]
	s.earns(0, "", func() {
		_, err := x.Hint()
		s.must(err)
		s.must(x.Solve())
		x.check()
	})
	s.earns(0, "", func() { s.sit(first.ID, "").meet(step.ID) }) // the solution is still what the files come from
	s.earns(step.XP, "", func() {
		x := s.sit(first.ID, "")
		s.must(x.Goto(step.ID))
		s.must(x.Reset())
		x.meet(step.ID)
	})
	s.earns(s.stepsOf(first.ID)-step.XP, "", func() { s.play(first.ID, "") })
}

// TestTheWholeCourse plays all lessons that are built in, once helped and else alone, and comes back after a week: that
// gives every achievement there is, and the level that is promised after each lesson.
func TestTheWholeCourse(t *testing.T) {
	s := enrol(t)
	levels := []int{1, 2, 2, 3, 4, 5, 5}
	atLab := map[int]string{2: "unaided", 3: "first-400 first-handshake idle-drop outlived offline"}
	atEnd := map[int]string{1: "first-lesson", 7: "all-lessons"}
	if len(s.course.Lessons) != len(levels) {
		t.Fatalf("%d lessons, want %d", len(s.course.Lessons), len(levels))
	}
	for i, l := range s.course.Lessons {
		if l.Number == 1 {
			s.helped()
		} else {
			s.earns(s.stepsOf(l.ID), atLab[l.Number], func() { s.play(l.ID, "") })
		}
		s.earns(l.XP, atEnd[l.Number], func() { s.must(s.app.markRead(s.Context(), l.ID)) })
		if got := s.standing(); got.Level != levels[i] || !got.State(l.ID).Done || got.State(l.ID).Left != 0 {
			t.Errorf("after lesson %s: level %d with %d XP, want level %d; %+v", l.ID, got.Level, got.XP, levels[i], got.State(l.ID))
		}
	}
	s.earns(0, "both-proxies", func() { s.play("03", "caddy") })
	s.earns(0, "", s.again)
	s.ahead = 8 * 24 * time.Hour
	s.earns(0, "reconnected", func() { s.sit("03", "").meet("drop-upgrade") })
	end := s.standing()
	for _, a := range end.Achievements {
		if !a.Got {
			t.Errorf("nothing in the course gives %s", a.ID)
		}
	}
	if len(end.Achievements) != 10 || end.NextXP != 0 || end.LessonsDone != end.Lessons {
		t.Errorf("%d achievements, %d XP and the next level at %d, %d of %d lessons", len(end.Achievements), end.XP, end.NextXP,
			end.LessonsDone, end.Lessons)
	}
}

// again replays the course: reads every lesson, and plays every lab but 03, of which the steps that do not wait.
func (s *student) again() {
	for _, l := range s.course.Lessons {
		s.must(s.app.markRead(s.Context(), l.ID))
		x := s.sit(l.ID, "")
		for _, step := range x.Lab().Steps {
			if step.Checks[len(step.Checks)-1].Wait() == 0 {
				x.meet(step.ID)
			}
		}
	}
}
