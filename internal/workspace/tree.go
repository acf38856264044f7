package workspace

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// WatchTree tells each time that something changed in a folder or below it: files that were written, came or went,
// whatever the editor's way of saving. It ends with ctx; then the channel is closed. Like Watch it merges bursts, keeps
// one change for a reader that is late, and polls as well, for folders whose events do not arrive.
func WatchTree(ctx context.Context, dir string) <-chan struct{} {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		events = nil // the limit of watches is reached: polling alone must do
	}
	return watchTree(ctx, dir, events)
}

// watchTree is WatchTree with the given source of file events, which it closes; nil for none.
func watchTree(ctx context.Context, dir string, events *fsnotify.Watcher) <-chan struct{} {
	t := &treeWatch{dir: dir, out: make(chan struct{}, 1), events: events}
	if events == nil {
		t.events = &fsnotify.Watcher{} // its nil channels never deliver
	}
	t.last = t.look(events != nil)
	go t.run(ctx, events)
	return t.out
}

// treeWatch watches one folder with all below it. Only its own goroutine touches it.
type treeWatch struct {
	dir    string
	out    chan struct{}
	events *fsnotify.Watcher
	last   string // what the tree looked like when it was told of last
	burst  burst
}

func (t *treeWatch) run(ctx context.Context, events *fsnotify.Watcher) {
	defer close(t.out)
	if events != nil {
		defer events.Close()
	}
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	due := time.NewTimer(time.Hour)
	due.Stop()
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.events.Events:
			due.Reset(t.burst.wait(time.Now()))
			continue
		case <-t.events.Errors: // events were lost
			due.Reset(t.burst.wait(time.Now()))
			continue
		case <-poll.C:
		case <-due.C:
		}
		t.burst = burst{}
		if now := t.look(events != nil); now != t.last {
			t.last = now
			select {
			case t.out <- struct{}{}:
			default: // the reader that is late has one waiting
			}
		}
	}
}

// look describes the tree, and asks for the events of its folders. What it cannot follow is left to polling.
func (t *treeWatch) look(follow bool) string {
	var out strings.Builder
	_ = filepath.WalkDir(t.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // what vanishes between two looks is a change, not an error
		}
		if d.IsDir() {
			if follow {
				_ = t.events.Add(path)
			}
			return nil
		}
		if info, err := os.Lstat(path); err == nil {
			fmt.Fprintln(&out, path, info.Size(), info.Mode(), info.ModTime().UnixNano())
		}
		return nil
	})
	return out.String()
}

// burst is a run of events that belong together, such as those of one save.
type burst struct{ since time.Time } // of its first event; zero for none

// wait gives how long to wait after an event at now.
func (b *burst) wait(now time.Time) time.Duration {
	if b.since.IsZero() {
		b.since = now
	}
	return max(0, min(debounce, patience-now.Sub(b.since)))
}
