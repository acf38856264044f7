package docker

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/probe"
)

var leaves = regexp.MustCompile("gracefully shutting down")

// said is a log of lines as nginx writes them: of a process, after a slash.
func said(log *probe.Log, lines ...string) {
	for _, line := range lines {
		pid, text, _ := strings.Cut(line, "/")
		log.Append(time.Now(), "2026/11/22 12:00:00 [notice] "+pid+"#"+pid+": "+text)
	}
}

// TestWorkers reads who serves out of a log, in parts.
func TestWorkers(t *testing.T) {
	var log probe.Log
	var w workers
	for _, test := range []struct{ says, want string }{
		{"1/start worker processes,1/start worker process 7,1/start worker process 8", "7 8"},
		{"8/*3 some client's words: gracefully", "7 8"},
		{"1/reconfiguring,1/start worker process 20,1/start worker process 21,7/gracefully shutting down", "20 21 8"},
		{"8/gracefully shutting down,7/exiting,1/worker process 7 exited with code 0", "20 21"},
		{"1/worker process 20 exited on signal 9,1/start worker process 30", "21 30"},
	} {
		said(&log, strings.Split(test.says, ",")...)
		w.read(&log, leaves)
		if got := strings.Join(slices.Sorted(maps.Keys(w.pids)), " "); got != test.want {
			t.Errorf("after %q: %s, want %s", test.says, got, test.want)
		}
	}
}

// TestAllLeave: a reload is over when the last of several old workers leaves, and at once where there is one.
func TestAllLeave(t *testing.T) {
	v := &environment{}
	for _, test := range []struct {
		old     string
		says    []string // later
		soonest time.Duration
		latest  time.Duration
	}{
		{"7", nil, 0, 20 * time.Millisecond},
		{"", nil, 0, 20 * time.Millisecond},
		{"7 8", []string{"8/gracefully shutting down"}, 50 * time.Millisecond, restLimit - 50*time.Millisecond},
		{"7 8 9", []string{"1/worker process 8 exited with code 0", "9/gracefully shutting down"}, 50 * time.Millisecond, restLimit - 50*time.Millisecond},
		{"7 8", []string{"99/gracefully shutting down"}, restLimit, 20 * restLimit},
	} {
		s := &service{}
		old := map[string]bool{}
		for _, pid := range strings.Fields(test.old) {
			old[pid] = true
		}
		s.workers.pids = maps.Clone(old)
		said(&s.log, "7/gracefully shutting down")
		time.AfterFunc(60*time.Millisecond, func() { said(&s.log, test.says...) })
		began := time.Now()
		if err := v.allLeave(t.Context(), s, old, 0, leaves); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took < test.soonest || took > test.latest {
			t.Errorf("%s: it took %v, want %v to %v", test.old, took, test.soonest, test.latest)
		}
		if test.soonest == restLimit && s.workers.pids["8"] {
			t.Error("a worker that says nothing is still waited for")
		}
	}
}
