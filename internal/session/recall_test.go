package session_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// told makes a set of events, of which each gets an id and a time of its own.
func told(events ...session.Event) *session.EventSet {
	for i := range events {
		events[i].ID, events[i].Time = fmt.Sprintf("s-%06d", i), session.Began.Add(time.Duration(i)*time.Second)
	}
	return session.NewEventSet(session.Began.Add(time.Hour), events...)
}

func TestRecall(t *testing.T) {
	lab := lab03(t)
	lab.Steps = slices.Clone(lab.Steps)
	lab.Was = []string{"02-proxy"}
	lab.Steps[0].Was, lab.Steps[1].Was = []string{"lose", "restore"}, []string{"hand-on", "pass"}
	got := session.Recall(told(
		session.Event{Kind: session.Hinted, Lab: lab.ID, Variant: "nginx", Step: "lose", Number: 2},
		session.Event{Kind: session.StepMet, Lab: lab.ID, Variant: "nginx", Step: "drop-upgrade", XP: 20},
		session.Event{Kind: session.SolvedFor, Lab: "02-proxy", Variant: "nginx", Step: "pass"},
		session.Event{Kind: session.StepMet, Lab: lab.ID, Variant: "caddy", Step: "hand-on", XP: 20},
		session.Event{Kind: session.StepMet, Lab: lab.ID, Variant: "caddy", Step: "idle-drop", Solved: true},
		session.Event{Kind: session.StepMet, Lab: lab.ID, Variant: "caddy", Step: "restore", XP: -5},
		session.Event{Kind: session.Hinted, Lab: lab.ID, Variant: "nginx", Step: "idle-drop", Number: math.MaxInt32 >> 1},
		session.Event{Kind: session.StepMet, Lab: lab.ID, Variant: "nginx", Step: "gone", XP: 20},
		session.Event{Kind: session.StepMet, Lab: "04-tls", Variant: "nginx", Step: "restore"},
	), lab)
	want := session.History{Met: map[string]bool{"drop-upgrade": true}, Solved: map[string]bool{"forward-upgrade": true},
		Awarded: map[string]bool{"drop-upgrade": true, "forward-upgrade": true, "restore": true},
		Hints:   map[string]int{"drop-upgrade": 2, "idle-drop": len(lab.Steps[2].Hints)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestEventSetKeepsWhatWasAchieved(t *testing.T) {
	fact := probe.NewFact("closed-by", "proxy", "30.006")
	want := session.Event{Seq: 7, Time: session.Began.Add(time.Minute), Kind: session.Judged, Session: "f", Lab: "l", Variant: "v", Engine: "e",
		Lesson: "03", Step: "s", CheckKind: "idle", Outcome: probe.Met, Got: &fact, Number: 3, XP: 20, Solved: true}
	in := want
	in.ID = "f-000007"
	got := slices.Collect(session.NewEventSet(in.Time, in).All())
	if d := cmp.Diff([]session.Event{want}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestEventSetRefuses(t *testing.T) {
	whole := session.Event{ID: "f-000001", Kind: session.StepMet, Time: session.Began}
	for name, bend := range map[string]func(*session.Event){
		"no id":             func(e *session.Event) { e.ID = "" },
		"endless id":        func(e *session.Event) { e.ID = strings.Repeat("x", 1<<20) },
		"endless name":      func(e *session.Event) { e.Step = strings.Repeat("x", 1<<20) },
		"before the first":  func(e *session.Event) { e.Seq = -1 },
		"huge number":       func(e *session.Event) { e.Number = math.MaxInt },
		"before there was":  func(e *session.Event) { e.Time = session.Began.Add(-1) },
		"beyond all clocks": func(e *session.Event) { e.Time = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC) },
	} {
		e := whole
		bend(&e)
		if s := session.NewEventSet(session.Began); s.Add(e) || s.Len() != 0 {
			t.Errorf("%s: taken", name)
		}
	}
	if s := session.NewEventSet(session.Began); !s.Add(whole) || s.Len() != 1 {
		t.Error("what is right was refused")
	}
}

// TestEventSetDecidesOnce: of events under one id the same one stays, in whatever order they come and however often.
func TestEventSetDecidesOnce(t *testing.T) {
	var events []session.Event
	for n := range 4 {
		for id := range 3 {
			events = append(events, session.Event{ID: fmt.Sprint(id), Kind: session.StepMet, Step: fmt.Sprint("step-", (n*7+id)%4), Time: session.Began})
		}
	}
	want := slices.Collect(session.NewEventSet(session.Began, events...).All())
	if len(want) != 3 {
		t.Fatalf("%d of 3 ids", len(want))
	}
	for n := range events {
		turned := append(slices.Clone(events[n:]), events...)
		s := session.NewEventSet(session.Began)
		for _, e := range turned {
			s.Add(e)
			s.Len() // puts in order what is there so far
		}
		if d := cmp.Diff(want, slices.Collect(s.All())); d != "" {
			t.Fatalf("turned by %d (-want +got):\n%s", n, d)
		}
	}
}
