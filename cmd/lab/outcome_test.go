package main

import (
	"context"
	"testing"

	"github.com/cwk-stream/lab/internal/probe"
)

// TestExitCodeOfOutcomes wants what could not be told to be no failure of the student, and nothing but met to pass.
func TestExitCodeOfOutcomes(t *testing.T) {
	for outcome, want := range map[probe.Outcome]int{probe.Met: exitPassed, probe.NotMet: exitNotMet, probe.Unknown: exitCannotRun,
		"": exitCannotRun} {
		if got := exitCode(context.Background(), outcomeError(outcome)); got != want {
			t.Errorf("%q: exit code %d, want %d", outcome, got, want)
		}
	}
}
