package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cwk-stream/lab/internal/locale"
)

var update = flag.Bool("update", false, "write the golden files")

// scenes are the screens of a student's way through a lab. Each begins with the lab open and booting.
func scenes() []scene {
	ready := func(s *show) { s.play(s.house.stage.boot, s.house.stage.ready) }
	first := func(s *show) { ready(s); s.solved(); s.play(s.house.stage.drop) }
	watching := func(s *show) {
		st := s.house.stage
		first(s)
		s.play(st.next)
		s.solved()
		s.play(st.forward, st.next)
		s.solved()
		s.play(st.watch)
		st.wait(18_200_000_000)
	}
	done := func(s *show) {
		watching(s)
		s.play(s.house.stage.fall, s.house.stage.next)
		s.solved()
		s.house.standing = streamer()
		s.play(s.house.stage.restore)
	}
	return []scene{
		{"boot", func(s *show) { s.play(s.house.stage.boot) }},
		{"ready", ready},
		{"ahead", func(s *show) { first(s); s.play(s.house.stage.stillUpgraded); s.key("2") }},
		{"unmet", func(s *show) { ready(s); s.play(s.house.stage.stillUpgraded); s.key("2") }},
		{"met", func(s *show) { first(s); s.key("2") }},
		{"file", func(s *show) { first(s); s.key("3") }},
		{"countdown", func(s *show) { watching(s); s.key("4") }},
		{"fell", func(s *show) { watching(s); s.play(s.house.stage.fall); s.key("4") }},
		{"rejected", func(s *show) { ready(s); s.play(s.house.stage.reject); s.key("3") }},
		{"trouble", func(s *show) { s.play(s.house.stage.boot, s.house.stage.trouble); s.key("2") }},
		{"hints", func(s *show) { ready(s); s.key("h"); s.play(s.house.stage.hint, s.house.stage.hint) }},
		{"evidence", func(s *show) { first(s); s.key("i") }},
		{"diff", func(s *show) { first(s); s.key("d") }},
		{"solve", func(s *show) { ready(s); s.key("s") }},
		{"recap", func(s *show) { done(s); s.key("n") }},
		{"help", func(s *show) { first(s); s.key("?") }},
		{"links", func(s *show) { s.key("o") }},
		{"editor", func(s *show) { ready(s); s.key("e") }},
		{"lesson-end", func(s *show) { ready(s); s.key("G") }},
		{"course", func(s *show) { s.key("esc") }},
		{"search", func(s *show) { s.key("esc", "/", "t", "l", "s") }},
		{"standing", func(s *show) { s.key("esc", "a") }},
	}
}

type scene struct {
	name string
	play func(*show)
}

var sizes = [][2]int{{60, 16}, {80, 24}, {100, 30}, {120, 40}, {140, 45}}

// TestScreens compares every screen with what it looked like when somebody last looked at it.
func TestScreens(t *testing.T) {
	for _, sc := range scenes() {
		for _, lang := range locale.All() {
			for _, size := range sizes {
				name := fmt.Sprintf("%s/%s-%dx%d", sc.name, lang, size[0], size[1])
				t.Run(name, func(t *testing.T) {
					s := newShow(t, lang, size[0], size[1], "03-reverse-proxy")
					sc.play(s)
					got := s.frame() + "\n"
					checkFrame(t, s.a.content(), size[0], size[1])
					golden(t, filepath.Join("testdata", "screens", name+".txt"), got)
				})
			}
		}
	}
}

// TestCourseFits wants every lesson of a course of seven on the screen, in the smallest window as well.
func TestCourseFits(t *testing.T) {
	for _, size := range sizes {
		s := newShow(t, locale.English, size[0], size[1], "")
		one := s.a.d.course.Lessons[0]
		s.a.d.course.Lessons = nil
		for i := range 7 {
			one.Number = i + 1
			s.a.d.course.Lessons = append(s.a.d.course.Lessons, one)
		}
		s.send(langMsg{})
		frame := s.frame()
		for i := range 7 {
			if number := fmt.Sprintf("%02d  ", i+1); !strings.Contains(frame, number) {
				t.Errorf("%d×%d: no lesson %s\n%s", size[0], size[1], number, frame)
			}
		}
		checkFrame(t, s.a.content(), size[0], size[1])
	}
}

// golden compares got with a file, without the spaces at the ends of lines, which editors would take off.
func golden(t *testing.T, path, got string) {
	t.Helper()
	lines := strings.Split(got, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	got = strings.Join(lines, "\n")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the screen has changed (-was +is); go test -update if it is better:\n%s", diff)
	}
}

// checkFrame tells whether a frame fills the window exactly: as many lines as there are, each as wide.
func checkFrame(t *testing.T, frame string, w, h int) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != h {
		t.Errorf("the frame has %d lines, the window %d", len(lines), h)
	}
	for i, l := range lines {
		if got := width(l); got != w {
			t.Errorf("line %d is %d cells wide, the window %d: %q", i+1, got, w, l)
		}
	}
}
