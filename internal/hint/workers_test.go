package hint_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/cwk-stream/lab/internal/hint"
)

func failing() { panic("no such thing") }

// isReport tells whether an error is a bug's, with what was wrong and where it arose.
func isReport(t *testing.T, err error) {
	t.Helper()
	h, ok := hint.Find(err)
	if !ok || h.Code != "bug" {
		t.Fatalf("got %v, want an error of a bug", err)
	}
	report, _ := h.Args[0].(string)
	if !strings.HasPrefix(report, "no such thing (") || !strings.Contains(report, "hint_test.failing workers_test.go:") {
		t.Errorf("report %q", report)
	}
}

// TestWorkersCarryPanics: a panic in a goroutine becomes the error of whoever guards the one that waits, with the place
// where it arose, also through several of them.
func TestWorkersCarryPanics(t *testing.T) {
	done := 0
	err := hint.Safely(func() error {
		var outer hint.Workers
		outer.Go(func() {
			var inner hint.Workers
			inner.Go(failing)
			inner.Wait()
		})
		outer.Wait()
		done++
		return nil
	})
	isReport(t, err)
	if done != 0 {
		t.Error("it went on as if nothing had happened")
	}
}

func TestWorkersFailed(t *testing.T) {
	got := make(chan error, 1)
	w := hint.Workers{Failed: func(err error) { got <- err }}
	w.Go(failing)
	w.Wait()
	isReport(t, <-got)
}

func TestGo(t *testing.T) {
	got := make(chan error)
	hint.Go(failing, func(err error) { got <- err })
	isReport(t, <-got)
}

func TestTasks(t *testing.T) {
	tasks, ctx := hint.NewTasks(t.Context())
	tasks.Go(func() error { failing(); return nil })
	tasks.Go(func() error { <-ctx.Done(); return ctx.Err() })
	isReport(t, tasks.Wait())

	mistake := errors.New("a mistake")
	tasks, ctx = hint.NewTasks(t.Context())
	tasks.Go(func() error { return mistake })
	if err := tasks.Wait(); !errors.Is(err, mistake) || !errors.Is(ctx.Err(), context.Canceled) {
		t.Errorf("got %v, %v", err, ctx.Err())
	}
}
