package session_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/session"
)

// onDocker gives an engine with lab 03's images ready, or skips the test where no engine answers.
func onDocker(t testing.TB) session.Engine {
	t.Helper()
	e := docker.New(docker.Options{})
	t.Cleanup(func() { _ = e.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	err := e.Available(ctx)
	if err == nil {
		err = e.Prepare(ctx, lab03(t).Env, nil)
	}
	if err != nil {
		if os.Getenv("LAB_REQUIRE_DOCKER") != "" {
			t.Fatal(err)
		}
		t.Skip("needs Docker:", err)
	}
	return e
}

// verdictAfter saves conf and gives the got of the first check's verdict that follows, and how long it took.
func (d *desk) verdictAfter(conf string) (got string, took time.Duration) {
	d.t.Helper()
	d.mu.Lock()
	d.seen = len(d.events)
	d.mu.Unlock()
	began := time.Now()
	d.save(conf)
	d.wait(session.Applying)
	v := d.wait(session.Judged)
	return v.Got.String(), time.Since(began)
}

// TestNoStaleVerdictOnDocker alternates between a configuration that forwards Upgrade and one that does not, 200
// times or LAB_ALTERNATIONS times, on the real nginx, and wants every verdict to be about the save just before it.
func TestNoStaleVerdictOnDocker(t *testing.T) {
	d := sit(t, onDocker(t))
	d.wait(session.Ready)
	confs, want := []string{d.conf("drop-upgrade"), d.conf("forward-upgrade")}, []string{"status 400", "status 101"}
	var took []time.Duration
	times, _ := strconv.Atoi(os.Getenv("LAB_ALTERNATIONS"))
	times = max(times, 200)
	for i := range times {
		got, t1 := d.verdictAfter(confs[i%2])
		if got != want[i%2] {
			t.Fatalf("save %d: got %s, want %s", i, got, want[i%2])
		}
		took = append(took, t1)
	}
	slices.Sort(took)
	t.Logf("save → verdict: p50 %s, p95 %s, p99 %s, %d saves, 0 stale", took[times/2], took[times*95/100], took[times*99/100], times)
}
