package workspace

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

const (
	// debounce is how long the folder must be quiet after an event before it is read: an editor's save is several
	// events within a few milliseconds.
	debounce = 15 * time.Millisecond
	// patience bounds debounce while events never stop.
	patience = 100 * time.Millisecond
	// doubt is how long a file that was emptied, or cannot be read, is given to come back: many editors truncate or
	// remove it in the middle of a save.
	doubt = 60 * time.Millisecond
	// pollEvery is for folders whose events do not arrive: network mounts, shared folders of virtual machines.
	pollEvery = 300 * time.Millisecond
	// coarse is the worst resolution of modification times that is around (FAT): a younger file may have changed
	// again without a trace.
	coarse = 2 * time.Second
)

// Watch reports what the folder holds each time that it changed, whatever the editor's way of saving, until ctx ends;
// then the channel is closed. What it holds when Watch is called is not reported, so watch first and read then. Bursts
// are merged, and what is as it was reported last is not reported. Only the newest change is kept for a reader that is
// late.
func (w *Workspace) Watch(ctx context.Context) <-chan Change {
	return w.watch(ctx, fileEvents())
}

// watch is Watch with the given source of file events, which it closes; nil for none.
func (w *Workspace) watch(ctx context.Context, events *fsnotify.Watcher) <-chan Change {
	l := &lookout{w: w, out: make(chan Change, 1), pulse: newPulse(events), watched: map[string]fs.FileInfo{}}
	l.follow()
	l.stamps = l.stamp()
	l.last.Files, l.last.Err = w.Read()
	hint.Go(func() {
		defer close(l.out)
		defer l.stop()
		if err := hint.Safely(func() error { l.run(ctx); return nil }); err != nil {
			l.report(Change{Err: err})
		}
	}, func(error) {})
	return l.out
}

// lookout watches one workspace. Only its own goroutine touches it.
type lookout struct {
	*pulse
	w       *Workspace
	out     chan Change
	watched map[string]fs.FileInfo // folders whose events are followed, as they were then
	stamps  map[string]stamp       // of the files, from before they were last read
	last    Change                 // what was reported last
	doubted time.Time              // when a look that may show half a save was first had; zero for none
}

func (l *lookout) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-l.events.Events:
			if l.concerns(e.Name) {
				l.heard(time.Now())
			}
		case <-l.events.Errors: // events were lost
			l.heard(time.Now())
		case <-l.poll.C:
			l.follow()
			if l.first.IsZero() && l.doubted.IsZero() && l.stirred() && !l.look() {
				l.due.Reset(debounce)
			}
		case <-l.due.C:
			if !l.look() {
				l.due.Reset(debounce)
			}
		}
	}
}

// concerns tells whether an event is about an editable, and not an editor's swap file or our own backups.
func (l *lookout) concerns(path string) bool {
	for _, name := range l.w.names {
		if path == l.w.Path(name) {
			return true
		}
	}
	_, folder := l.watched[path]
	return folder
}

// look reads the folder and reports what it holds, if that is news. It returns false if it must be called again soon,
// because what it saw may be half a save.
func (l *lookout) look() (settled bool) {
	l.looked()
	l.stamps = l.stamp()
	var now Change
	now.Files, now.Err = l.w.Read()
	if l.last.same(now) {
		l.doubted = time.Time{}
		return true
	}
	if doubtful(l.last.Files, now) {
		if l.doubted.IsZero() {
			l.doubted = time.Now()
		}
		if time.Since(l.doubted) < doubt {
			return false
		}
	}
	l.doubted = time.Time{}
	l.report(now)
	return true
}

// report tells of what the folder holds.
func (l *lookout) report(now Change) {
	l.last = now
	select {
	case <-l.out: // a reader that is late gets the newer one only
	default:
	}
	l.out <- now // has room: this goroutine is the only sender
}

// doubtful tells whether now may be the middle of a save of was.
func doubtful(was course.Files, now Change) bool {
	if now.Err != nil {
		return true
	}
	for name, data := range now.Files {
		if len(data) == 0 && len(was[name]) > 0 {
			return true
		}
	}
	return false
}

func (c Change) same(other Change) bool {
	if c.Err != nil || other.Err != nil {
		return c.Err != nil && other.Err != nil && c.Err.Error() == other.Err.Error()
	}
	return c.Files.Equal(other.Files)
}

// follow asks for the events of the folders that hold editables, again where one was replaced by another of its name.
// What it cannot follow is left to polling.
func (l *lookout) follow() {
	if !l.follows {
		return
	}
	for _, name := range l.w.names {
		dir := filepath.Dir(l.w.Path(name))
		now, err := os.Stat(dir)
		was := l.watched[dir]
		if err == nil && was != nil && os.SameFile(was, now) {
			continue
		}
		if was != nil {
			_ = l.events.Remove(dir) // fails where the folder's end removed it
			delete(l.watched, dir)
		}
		if err == nil && l.events.Add(dir) == nil {
			l.watched[dir] = now
		}
	}
}

// stamp is what a file looks like from outside.
type stamp struct {
	info fs.FileInfo // nil for no file
	at   time.Time   // when it was taken
}

func (l *lookout) stamp() map[string]stamp {
	all := map[string]stamp{}
	for _, name := range l.w.names {
		info, err := os.Stat(l.w.Path(name))
		if err != nil {
			info = nil
		}
		all[name] = stamp{info, time.Now()}
	}
	return all
}

// stirred tells whether a file may have changed since it was last read. While something is wrong, that is always so:
// what puts it right may lie outside the files, such as a folder's permissions.
func (l *lookout) stirred() bool {
	if l.last.Err != nil {
		return true
	}
	for name, now := range l.stamp() {
		if was := l.stamps[name]; was.differs(now) {
			return true
		}
	}
	return false
}

func (was stamp) differs(now stamp) bool {
	if was.info == nil || now.info == nil {
		return was.info != now.info
	}
	return was.info.Size() != now.info.Size() || was.info.Mode() != now.info.Mode() ||
		!was.info.ModTime().Equal(now.info.ModTime()) || !os.SameFile(was.info, now.info) ||
		was.at.Sub(was.info.ModTime()) < coarse
}
