package tui

import (
	"context"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/cwk-stream/lab/internal/session"
)

// frame is how often at most a stream of events redraws the screen.
const frame = 16 * time.Millisecond

// inbox takes events from a session's goroutine, which must not wait for a screen, and hands them to the program in
// order and in bundles: Bubble Tea draws after every message, so a thousand events a second must not be a thousand
// messages.
type inbox struct {
	mu     sync.Mutex
	waits  []sessionMsg
	signal chan struct{}
}

func newInbox() *inbox { return &inbox{signal: make(chan struct{}, 1)} }

// observer gives the observer of one session. run tells its messages from those of an earlier one.
func (b *inbox) observer(run int) session.Observer {
	return session.ObserverFunc(func(e session.Event, p session.Progress) error {
		b.mu.Lock()
		if n := len(b.waits); n > 0 && b.waits[n-1].run == run {
			b.waits[n-1].events = append(b.waits[n-1].events, e)
			b.waits[n-1].progress = p
		} else {
			b.waits = append(b.waits, sessionMsg{run: run, events: []session.Event{e}, progress: p})
		}
		b.mu.Unlock()
		select {
		case b.signal <- struct{}{}:
		default:
		}
		return nil
	})
}

// pump sends what arrives until ctx ends: the first event at once, those that follow closely together.
func (b *inbox) pump(ctx context.Context, send func(tea.Msg)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.signal:
		}
		b.mu.Lock()
		waits := b.waits
		b.waits = nil
		b.mu.Unlock()
		for _, m := range waits {
			send(m)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(frame):
		}
	}
}
