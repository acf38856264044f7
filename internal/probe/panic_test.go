package probe_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/probe"
)

// buggy is a target with a bug in what a check asks of it aside.
type buggy struct{ *target }

func (buggy) Sockets(context.Context, string) ([]probe.Socket, error) { panic("a target's bug") }

// TestPanicBesideACheck: a bug in a goroutine that a check has started becomes the check's error.
func TestPanicBesideACheck(t *testing.T) {
	gone := make(chan struct{})
	tg := raw(t, func(net.Conn) { <-gone })
	defer close(gone)
	_, err := probe.NewRun(buggy{tg}, nil).Evaluate(t.Context(), handshake(101, 300*time.Millisecond))
	if err == nil || !strings.Contains(err.Error(), "a target's bug (probe_test.buggy.Sockets panic_test.go:") {
		t.Errorf("got %v, want the report of a bug", err)
	}
}
