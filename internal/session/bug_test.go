package session_test

import (
	"context"
	"testing"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/session"
)

// panicky is an engine with a bug.
type panicky struct{}

func (panicky) Name() string { return "panicky" }

func (panicky) Start(context.Context, string, course.Environment, []session.File, func(session.Stage)) (session.Environment, error) {
	panic("an engine's bug")
}

// TestPanicOfAnEngineIsAnEvent holds that a bug in an engine is reported to the student, and the session goes on.
func TestPanicOfAnEngineIsAnEvent(t *testing.T) {
	d := sit(t, panicky{})
	e := d.wait(session.Trouble)
	if e.Code != "bug" || len(e.Args) != 1 {
		t.Fatalf("event %+v, want trouble with the report of a bug", e)
	}
	d.requests <- session.Request{Kind: session.RequestBoot} // the session still listens
	d.wait(session.Trouble)
}

// TestPanicOfAnEngineInRehearsal: a bug in an engine costs the trials that it was asked for, and is told of each.
func TestPanicOfAnEngineInRehearsal(t *testing.T) {
	trials, err := session.Rehearse(t.Context(), session.Rehearsal{Plays: []session.Play{{Lab: lab03(t), Engine: panicky{}}}})
	if err != nil || len(trials) == 0 {
		t.Fatalf("%d trials, %v", len(trials), err)
	}
	for _, x := range trials {
		if h, ok := hint.Find(x.Trouble); x.Finding != "no-environment" || !ok || h.Code != "bug" {
			t.Errorf("%s of %s: finding %q, trouble %v; want the report of a bug", x.Kind, x.Step, x.Finding, x.Trouble)
		}
	}
}
