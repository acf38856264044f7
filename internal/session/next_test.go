package session_test

import (
	"context"
	"os"
	"testing"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/embedded"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/workspace"
)

// TestUnreadableWhileBooting: a file that is gone for a while costs nothing but that notice; the boot goes on.
func TestUnreadableWhileBooting(t *testing.T) {
	s := slow{embedded.New(embedded.Options{}), make(chan func())}
	d := sit(t, s)
	release := make(chan struct{})
	s.last <- func() { <-release }
	defer close(release)
	if err := os.Remove(d.files.Path("websocket.conf")); err != nil {
		t.Error(err)
	}
	if e := d.wait(session.Rejected); e.Code != "file-gone" {
		t.Errorf("got code %q", e.Code)
	}
	if p := d.s.Progress(); p.Phase != session.PhaseBooting || p.Rejection == nil {
		t.Errorf("the phase is %s, the refusal %v", p.Phase, p.Rejection)
	}
	d.save(d.conf("drop-upgrade"))
	d.wait(session.Saved)
	release <- struct{}{}
	d.wait(session.Ready)
	d.wait(session.StepMet)
}

// TestUnreadableAfterTrouble: what is wrong with the environment is still wrong when a file is, too.
func TestUnreadableAfterTrouble(t *testing.T) {
	d := sit(t, &brittle{Engine: embedded.New(embedded.Options{}), fails: 1})
	d.wait(session.Trouble)
	if err := os.Remove(d.files.Path("websocket.conf")); err != nil {
		t.Fatal(err)
	}
	d.wait(session.Rejected)
	if p := d.s.Progress(); p.Phase != session.PhaseFailed {
		t.Errorf("the phase is %s, want the failure that can be mended", p.Phase)
	}
}

// TestNextEndsTheCheck: a check of the step that is left is given up, one of a step that is stayed at is not.
func TestNextEndsTheCheck(t *testing.T) {
	for _, met := range []bool{true, false} {
		d := sitAfter(t, session.History{Met: map[string]bool{"idle-drop": met}}, nil)
		d.wait(session.Ready)
		d.requests <- session.Request{Kind: session.RequestGoto, Step: "idle-drop"}
		d.save(d.conf("idle-drop"))
		d.wait(session.Probing) // would take 30 s
		d.requests <- session.Request{Kind: session.RequestNext}
		if met {
			d.wait(session.Cancelled)
			d.wait(session.Moved)
			if e := d.wait(session.Checking); e.Step != "restore" { // what was saved is meant for it
				t.Errorf("the check goes on about %q", e.Step)
			}
			continue
		}
		d.requests <- session.Request{Kind: session.RequestHint} // has been served once Next has
		d.wait(session.Hinted)
		if p := d.s.Progress(); p.Phase != session.PhaseChecking || p.Steps[p.Current].ID != "idle-drop" {
			t.Errorf("the phase is %s, at step %d", p.Phase, p.Current+1)
		}
	}
}

// TestNextChecksWhatWasSavedForIt: who saves the next step's change and then moves on is owed a verdict, as is who does
// both the other way round; who only moves on is not.
func TestNextChecksWhatWasSavedForIt(t *testing.T) {
	next := session.Request{Kind: session.RequestNext}
	for _, early := range []bool{true, false} {
		d := sit(t, nil)
		d.wait(session.Ready)
		d.save(d.conf("drop-upgrade"))
		d.wait(session.StepMet)
		if !early {
			d.requests <- next
			d.wait(session.Moved)
			d.requests <- session.Request{Kind: session.RequestHint} // is served after what comes of Next
			d.wait(session.Hinted)
			if p := d.s.Progress(); p.Phase == session.PhaseChecking {
				t.Errorf("what met the step before is checked for the next: %s", d.kinds())
			}
		}
		d.save(d.conf("forward-upgrade"))
		if early {
			d.wait(session.StepUnmet)
			d.requests <- next
			d.wait(session.Moved)
		}
		if e := d.wait(session.StepMet); e.Step != "forward-upgrade" {
			t.Errorf("early %v: %q is met", early, e.Step)
		}
	}
}

// TestNextAfterAnEarlierVisit: a step that was met in an earlier session is left the same way.
func TestNextAfterAnEarlierVisit(t *testing.T) {
	d := sitAfter(t, session.History{Met: map[string]bool{"drop-upgrade": true, "forward-upgrade": true}}, nil)
	d.wait(session.Ready)
	for _, step := range []string{"drop-upgrade", "forward-upgrade"} {
		d.requests <- session.Request{Kind: session.RequestGoto, Step: step}
		d.wait(session.Moved)
	}
	d.save(d.conf("idle-drop"))
	d.wait(session.StepMet) // forwards Upgrade still
	d.requests <- session.Request{Kind: session.RequestGoto, Step: "drop-upgrade"}
	d.save(d.conf("forward-upgrade"))
	d.wait(session.StepUnmet)
	d.requests <- session.Request{Kind: session.RequestNext}
	if e := d.wait(session.StepMet); e.Step != "forward-upgrade" {
		t.Errorf("%q is met", e.Step)
	}
}

// TestConcludesTheStepThatWasChecked: moving on while a check comes to its end changes nothing about whose end it is.
func TestConcludesTheStepThatWasChecked(t *testing.T) {
	engine := &nosy{Engine: embedded.New(embedded.Options{})}
	lab := lab03(t)
	solved, err := lab.Solution("drop-upgrade")
	if err != nil {
		t.Fatal(err)
	}
	files, err := workspace.Open(t.TempDir(), solved)
	if err != nil {
		t.Fatal(err)
	}
	done := map[string]bool{"drop-upgrade": true}
	var met session.Event
	s, err := session.New(session.Config{Lab: lab, Files: files, Engine: engine, From: "drop-upgrade",
		History: session.History{Met: done, Awarded: done},
		Observers: []session.Observer{session.ObserverFunc(func(e session.Event, _ session.Progress) error {
			if e.Kind == session.StepMet {
				met = e
			}
			return nil
		})}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(context.WithoutCancel(t.Context())) }()
	if err := s.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	engine.asked = func() { _ = s.Goto("forward-upgrade") }
	if _, err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if met.Step != "drop-upgrade" || met.XP != 0 || met.First {
		t.Errorf("got %q with %d XP, first %v; want what was done before", met.Step, met.XP, met.First)
	}
}

// nosy is an engine that tells when an address of its environment is asked for.
type nosy struct {
	session.Engine
	asked func()
}

type nosyEnvironment struct {
	session.Environment
	engine *nosy
}

func (n *nosy) Start(ctx context.Context, id string, env course.Environment, files []session.File, say func(session.Stage)) (session.Environment, error) {
	e, err := n.Engine.Start(ctx, id, env, files, say)
	return nosyEnvironment{e, n}, err
}

func (e nosyEnvironment) Addr(service string, port int) (string, error) {
	if e.engine.asked != nil {
		e.engine.asked()
	}
	return e.Environment.Addr(service, port)
}
