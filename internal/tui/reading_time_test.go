package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/locale"
)

// pass lets time go by on the screen, second by second.
func (s *show) pass(d time.Duration) {
	for ; d > 0; d -= time.Second {
		s.house.stage.wait(min(d, time.Second))
		if lab, ok := s.a.top().(*labScreen); ok {
			s.send(tickMsg{lab.clock})
		}
	}
}

func least(lang locale.Lang) time.Duration { return testLesson().Texts[lang].LeastTime() }

// TestReadToTheEnd marks a lesson as read once, when there was time to read it and its end is on the screen.
func TestReadToTheEnd(t *testing.T) {
	for _, lang := range locale.All() {
		s := newShow(t, lang, 80, 24, open03)
		s.ready()
		s.key("G")
		if len(s.house.read) > 0 {
			t.Fatalf("%s: read in no time", lang)
		}
		left := int((least(lang) + time.Second - 1) / time.Second)
		if got, want := s.frame(), s.a.d.say("read-wait", left); !strings.Contains(got, want) {
			t.Errorf("%s: nothing says what is missing, %q:\n%s", lang, want, got)
		}
		s.key("g")
		s.pass(least(lang) + time.Second)
		if len(s.house.read) > 0 {
			t.Fatalf("%s: read before its end was seen", lang)
		}
		s.key("G", "g", "G")
		s.pass(5 * time.Second)
		if !slices.Equal(s.house.read, []string{open03}) {
			t.Errorf("%s: marked as read: %v", lang, s.house.read)
		}
		if got := s.frame(); !strings.Contains(got, s.a.d.say("read-counts")) {
			t.Errorf("%s: nothing says that it is read:\n%s", lang, got)
		}
	}
}

// TestReadWhileTheEndStands: who is at the end early has only to wait there.
func TestReadWhileTheEndStands(t *testing.T) {
	s := newShow(t, locale.English, 140, 45, open03)
	s.ready()
	s.key("G")
	s.pass(least(locale.English) - time.Second)
	if len(s.house.read) > 0 {
		t.Fatal("read too early")
	}
	s.pass(2 * time.Second)
	if !slices.Equal(s.house.read, []string{open03}) {
		t.Errorf("marked as read: %v", s.house.read)
	}
}

// TestTimeThatIsNotReading: a lesson that is not on the screen is not read, nor is one before which a machine slept.
func TestTimeThatIsNotReading(t *testing.T) {
	for name, spend := range map[string]func(*show){
		"another tab":   func(s *show) { s.key("tab"); s.pass(2 * least(locale.English)); s.key("shift+tab") },
		"asleep":        func(s *show) { s.house.stage.wait(24 * time.Hour); s.pass(time.Second) },
		"another clock": func(s *show) { s.house.stage.wait(-24 * time.Hour); s.pass(time.Second) },
	} {
		s := newShow(t, locale.English, 80, 24, open03)
		s.ready()
		s.key("G")
		spend(s)
		if len(s.house.read) > 0 {
			t.Errorf("%s: read", name)
		}
	}
}

// TestLessonWithoutLab: a lesson that has no lab is read like any other; one of no course says nothing of counting.
func TestLessonWithoutLab(t *testing.T) {
	s := newShow(t, locale.English, 80, 24, "")
	lesson := course.Lesson{ID: "09-alone", Number: 9, Texts: map[locale.Lang]course.LessonText{locale.English: {Title: "Alone", Markdown: "Short.\n"}}}
	screen, cmd := newLabScreen(s.a.d, lesson)
	s.run(cmd)
	s.send(pushMsg{screen})
	if got := s.frame(); strings.Contains(got, "counts as read") {
		t.Errorf("it counts for no course:\n%s", got)
	}
	s.a.d.course.Lessons = append(s.a.d.course.Lessons, lesson)
	s.pass(6 * time.Second)
	if fmt.Sprint(s.house.read) != "[09-alone]" {
		t.Errorf("marked as read: %v", s.house.read)
	}
}
