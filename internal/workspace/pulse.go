package workspace

import (
	"time"

	"github.com/fsnotify/fsnotify"
)

// pulse tells a watching goroutine when to look: after a burst of file events, and from time to time where none arrive.
// Only that goroutine touches it.
type pulse struct {
	events  *fsnotify.Watcher // never nil; where there are no events its nil channels never deliver
	follows bool              // file events are to be had
	poll    *time.Ticker
	due     *time.Timer
	first   time.Time // when the burst began that was not looked into; zero for none
}

// fileEvents are nil where the limit of watches is reached: polling alone must do.
func fileEvents() *fsnotify.Watcher {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return nil
	}
	return events
}

// newPulse takes over events, which may be nil.
func newPulse(events *fsnotify.Watcher) *pulse {
	p := &pulse{events: events, follows: events != nil, poll: time.NewTicker(pollEvery), due: time.NewTimer(time.Hour)}
	if events == nil {
		p.events = &fsnotify.Watcher{}
	}
	p.due.Stop()
	return p
}

func (p *pulse) stop() {
	p.poll.Stop()
	p.due.Stop()
	if p.follows {
		_ = p.events.Close()
	}
}

// heard makes due fire when the burst of events that now belongs to is over, or has lasted too long.
func (p *pulse) heard(now time.Time) {
	if p.first.IsZero() {
		p.first = now
	}
	p.due.Reset(max(0, min(debounce, patience-now.Sub(p.first))))
}

// looked ends a burst.
func (p *pulse) looked() { p.first = time.Time{} }
