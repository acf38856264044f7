// Package journal keeps a student's achievements on disk: events, one JSON object a line, in a file that is only ever
// appended to. Several processes may use it at once; what was acknowledged survives a crash of the program and of the
// machine; what cannot be understood is told once and set aside, never dropped.
//
// It does not know what the events mean for levels or XP.
package journal

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/session"
)

// Journal is one student's journal. Its methods may be called from several goroutines.
type Journal struct {
	// Now is the student's clock, by which what lies in the future does not count yet; nil for time.Now.
	Now  func() time.Time
	path string
	turn chan struct{} // held by the goroutine that uses the lock: it spares the others of this process from polling
}

// Open prepares to use the journal at path. Nothing is made before the first Append, so that reading works where
// writing does not. Something that is not a file at path is an error with a hint.
func Open(path string) (*Journal, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening journal: %w", err)
	}
	info, err := os.Stat(path)
	if err == nil && info.Mode()&(fs.ModeDir|fs.ModeNamedPipe|fs.ModeSocket) != 0 {
		return nil, hint.With(fmt.Errorf("opening journal: %s is not a file", path), "journal-unusable", path)
	}
	return at(path), nil
}

func (j *Journal) now() time.Time {
	if j.Now != nil {
		return j.Now()
	}
	return time.Now()
}

func at(path string) *Journal { return &Journal{path: path, turn: make(chan struct{}, 1)} }

// Path is the file.
func (j *Journal) Path() string { return j.path }

// BadPath is the file into which damaged lines are moved, as they were.
func (j *Journal) BadPath() string {
	ext := filepath.Ext(j.path)
	return j.path[:len(j.path)-len(ext)] + ".bad" + ext
}

// Observer appends the durable ones of a session's events. Once ctx has ended it waits no more for a held lock.
func (j *Journal) Observer(ctx context.Context) session.Observer {
	return session.ObserverFunc(func(e session.Event, _ session.Progress) error { return j.Append(ctx, e) })
}

// Append adds the durable ones of events and returns once they are on the disk. An event without ID or Time, one that
// happened outside any session, is given them. An error carries a hint, and means that any of the events may be
// missing; appending the same events again does not double them. What was achieved just before ctx ended is still
// written; only the wait for a lock that another process holds ends with ctx.
func (j *Journal) Append(ctx context.Context, events ...session.Event) error {
	var lines []byte
	for _, e := range events {
		if !e.Kind.Durable() {
			continue
		}
		line, err := encode(e)
		if err != nil {
			return fmt.Errorf("appending to journal: %w", err)
		}
		lines = append(append(lines, line...), '\n')
	}
	if len(lines) == 0 {
		return nil
	}
	return j.advise("appending to journal", j.append(ctx, func(_ *os.File, out io.Writer) error {
		_, err := out.Write(lines)
		return err
	}))
}

func encode(e session.Event) ([]byte, error) {
	if e.ID == "" {
		b := make([]byte, 8)
		_, _ = rand.Read(b) // never fails, by its documentation
		e.ID = hex.EncodeToString(b) + "-000000"
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if e.Time = e.Time.UTC(); e.Time.Before(session.Began) {
		e.Time = session.Began // the clock of a machine without a battery: what was achieved counts all the same
	}
	line, err := json.Marshal(e)
	if err == nil && len(line) >= maxLine { // the achievement counts for more than what the wire looked like
		e.Evidence, e.Wire, e.Files, e.Message = nil, nil, nil, ""
		line, err = json.Marshal(e)
	}
	return line, err
}

// append adds the lines that fill writes once nobody else can, given the file as it is, and waits until they are on the
// disk. It waits without the lock, so that the disk gathers what several processes wait for. After an error none is there.
func (j *Journal) append(ctx context.Context, fill func(*os.File, io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(j.path), 0o700); err != nil {
		return err
	}
	unlock, err := j.lock(ctx, (*flock.Flock).TryLock)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		unlock()
		return err
	}
	defer f.Close()
	fresh, err := j.write(f, fill)
	unlock()
	if err == nil {
		err = f.Sync()
	}
	if err == nil && fresh {
		syncFolder(filepath.Dir(j.path))
	}
	return err
}

// write appends to f what fill gives, on lines of their own even if the last writer was cut off in the middle of one.
func (j *Journal) write(f *os.File, fill func(*os.File, io.Writer) error) (fresh bool, err error) {
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	size, err := j.mendTail(f, info.Size())
	if err != nil {
		return false, err
	}
	out := bufio.NewWriterSize(f, block)
	if err = fill(f, out); err == nil {
		err = out.Flush()
	}
	if err != nil {
		_ = f.Truncate(size) // a disk that is full has taken a part of it
	}
	return size == 0, err
}

// syncFolder makes a new file's name durable. Not every system can, and none loses a file that was there before.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// advise says what was being done when err happened, and what to do about it.
func (j *Journal) advise(doing string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := hint.Find(err); ok {
		return err
	}
	return hint.With(fmt.Errorf("%s: %w", doing, err), code(err), j.path)
}

// code names the hint for an error of the file system.
func code(err error) string {
	full := []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}
	if runtime.GOOS == "windows" {
		full = append(full, syscall.Errno(39), syscall.Errno(112)) // ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL
	}
	for _, e := range full {
		if errors.Is(err, e) {
			return "journal-full"
		}
	}
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "journal-readonly"
	case errors.Is(err, errHeld):
		return "journal-locked"
	}
	return "journal-unusable"
}

// Export writes every line that is an event to w, verbatim and each once, also those of newer versions of the program.
func (j *Journal) Export(ctx context.Context, w io.Writer) error {
	f, size, err := j.snapshot(ctx)
	if err != nil || f == nil {
		return j.advise("reading journal", err)
	}
	defer f.Close()
	all, out := newUnion(), bufio.NewWriterSize(w, block)
	err = parse(ctx, io.NewSectionReader(f, 0, size), chunk{}, func(p parsed) error {
		for _, r := range p.records {
			if fresh, _ := all.add(r); !fresh {
				continue
			}
			if _, err := out.WriteString(r.text + "\n"); err != nil {
				return err
			}
		}
		return nil
	})
	if err = cmp.Or(err, out.Flush()); err != nil {
		return fmt.Errorf("exporting journal: %w", err)
	}
	return nil
}
