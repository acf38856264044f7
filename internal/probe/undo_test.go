package probe_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// scripted is a target on which each verb that is not nil does something.
type scripted struct {
	*target
	kill, start func() error
}

func (s *scripted) Do(_ context.Context, a course.Action) error {
	switch verb, _ := a.Verb(); {
	case verb == "kill" && s.kill != nil:
		return s.kill()
	case verb == "start" && s.start != nil:
		return s.start()
	}
	return nil
}

func killing(limit time.Duration, status int) course.Check {
	c := handshake(status, limit)
	c.Before = []course.Action{{Kill: "other"}}
	return c
}

func TestFailedUndoIsNamed(t *testing.T) {
	broken := errors.New("no such service")
	hang := raw(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	for _, tt := range []struct {
		name   string
		target *target
		cancel bool // while it is undone
		limit  time.Duration
	}{
		{"after a verdict", backend(t, 0, false), false, 5 * time.Second},
		{"after the limit", hang, false, 100 * time.Millisecond},
		{"while all ends", backend(t, 0, false), true, 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			tg := &scripted{target: tt.target, start: func() error {
				if tt.cancel {
					cancel()
				}
				return broken
			}}
			_, err := probe.NewRun(tg, nil).Evaluate(ctx, killing(tt.limit, 101))
			if !errors.Is(err, probe.ErrUndo) || !errors.Is(err, broken) {
				t.Errorf("got %v, want ErrUndo and what went wrong", err)
			}
			if errors.Is(err, context.Canceled) != tt.cancel {
				t.Errorf("got %v, cancelled: %t", err, tt.cancel)
			}
		})
	}
}

// TestSlowUndo wants a verdict that was reached in time to stand, however long the services take to come back.
func TestSlowUndo(t *testing.T) {
	const limit = 300 * time.Millisecond
	tg := &scripted{target: raw(t, func(net.Conn) {}), start: func() error {
		time.Sleep(limit + 100*time.Millisecond)
		return nil
	}}
	c := killing(limit, 0)
	c.Handshake.Expect = course.HandshakeExpect{Refused: "eof"}
	v := evaluateOn(t, tg, c)
	wantVerdict(t, v, probe.Met, "refused eof", "")
	if v.Took > limit {
		t.Errorf("took %s, more than the limit of %s", v.Took, limit)
	}
}
