package main

import (
	"context"
	"testing"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/tui"
)

// TestOptionsBelongToTheirLab: --from and --proxy are about the lab that was named, and --from about its first visit.
func TestOptionsBelongToTheirLab(t *testing.T) {
	s := enrol(t)
	named, err := s.app.find("03", "nginx")
	s.must(err)
	b := &backend{app: s.app, course: s.course, engine: engineEmbedded, named: named, from: "idle-drop"}
	begin := func(l course.Lesson) *tui.Live {
		t.Helper()
		live, err := b.Begin(t.Context(), l, session.ObserverFunc(func(session.Event, session.Progress) error { return nil }))
		s.must(err)
		t.Cleanup(func() { _ = live.End() })
		return live
	}
	first := begin(named.lesson)
	if at, _ := first.Progress.Step(); at.ID != "idle-drop" {
		t.Errorf("the first visit begins at %s", at.ID)
	}
	s.must(first.End())
	if at, _ := begin(named.lesson).Progress.Step(); at.ID != "drop-upgrade" {
		t.Errorf("the second visit begins at %s", at.ID)
	}
	other, err := s.course.Find("05")
	s.must(err)
	if x, err := b.target(other); err != nil || x.lab.ID != other.Lab {
		t.Errorf("another lesson: %s, %v", x.lab.ID, err)
	}

	for _, o := range []startOptions{{from: "99"}, {proxy: "traefik"}} {
		if err := s.app.screen(t.Context(), "03", o); exitCode(context.Background(), err) != exitUsage {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
