package workspace

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/fsnotify/fsnotify"
)

// WatchTree tells each time that something changed in a folder or below it: files that were written, came or went,
// whatever the editor's way of saving. It ends with ctx; then the channel is closed. Like Watch it merges bursts, keeps
// one change for a reader that is late, and polls as well, for folders whose events do not arrive.
func WatchTree(ctx context.Context, dir string) <-chan struct{} {
	return watchTree(ctx, dir, fileEvents())
}

// watchTree is WatchTree with the given source of file events, which it closes; nil for none.
func watchTree(ctx context.Context, dir string, events *fsnotify.Watcher) <-chan struct{} {
	t := &treeWatch{dir: dir, out: make(chan struct{}, 1), pulse: newPulse(events)}
	t.last = t.look()
	hint.Go(func() { t.run(ctx) }, func(error) {}) // then nobody is told of changes any more
	return t.out
}

// treeWatch watches one folder with all below it. Only its own goroutine touches it.
type treeWatch struct {
	*pulse
	dir  string
	out  chan struct{}
	last string // what the tree looked like when it was told of last
}

func (t *treeWatch) run(ctx context.Context) {
	defer close(t.out)
	defer t.stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.events.Events:
			t.heard(time.Now())
			continue
		case <-t.events.Errors: // events were lost
			t.heard(time.Now())
			continue
		case <-t.poll.C:
		case <-t.due.C:
		}
		t.looked()
		if now := t.look(); now != t.last {
			t.last = now
			select {
			case t.out <- struct{}{}:
			default: // the reader that is late has one waiting
			}
		}
	}
}

// look describes the tree, and asks for the events of its folders. What it cannot follow is left to polling.
func (t *treeWatch) look() string {
	var out strings.Builder
	_ = filepath.WalkDir(t.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // what vanishes between two looks is a change, not an error
		}
		if d.IsDir() {
			if t.follows {
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
