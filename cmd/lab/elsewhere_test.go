package main

import (
	"testing"
)

// TestSolvedElsewhere: a solution that another program of the student writes earns as little as one that the open lab
// writes itself; and after a reset, what the screen promises is what the standing gives.
func TestSolvedElsewhere(t *testing.T) {
	s := enrol(t)
	x := s.sit("03", "")
	step := x.Lab().Steps[0]

	elsewhere, err := s.app.offline(s.Context(), "03", stepFlags{})
	s.must(err)
	s.must(elsewhere.Solve())
	s.earns(0, "", func() { x.meet(step.ID) })
	if got := x.Progress().Steps[0]; !got.Met || got.XP != 0 {
		t.Errorf("the open lab says %+v", got)
	}

	s.must(x.Reset())
	s.earns(step.XP, "first-400", func() { x.meet(step.ID) })
	if got := x.Progress().Steps[0]; got.XP != step.XP {
		t.Errorf("the open lab says %+v", got)
	}

	other := s.sit("03", "")
	s.earns(0, "", func() { other.meet(step.ID) })
	if got := other.Progress().Steps[0]; got.XP != 0 {
		t.Errorf("a lab opened later says %+v", got)
	}
}
