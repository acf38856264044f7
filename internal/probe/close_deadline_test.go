package probe

import (
	"context"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
)

// TestClosedAtTheDeadline wants the end of a connection to be judged by when it came, not by when somebody looks.
func TestClosedAtTheDeadline(t *testing.T) {
	const within = time.Second
	over, cancel := context.WithCancel(t.Context())
	cancel()
	v := &vigil{Watch: course.Watch{Expect: course.WatchExpect{Closed: &course.Closed{Within: within}}}, began: time.Now()}
	for after, want := range map[time.Duration]string{within: "closed-with 1006 1", within + time.Millisecond: "closed-late 1.001"} {
		for range 50 { // select takes either of two that are ready
			w := &watched{look: &look{quiet: true}, ended: make(chan struct{}), at: v.began.Add(after), code: 1006}
			close(w.ended)
			x := v.closedOne(over, w, Fact{})
			if met := after <= within; x.Got.String() != want || (x.Outcome == Met) != met {
				t.Fatalf("after %s: got %s %q, want %q", after, x.Outcome, x.Got, want)
			}
		}
	}
}
