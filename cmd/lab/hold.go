package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/hint"
)

const (
	holdAsk  = 15 * time.Second // for a program that is asked to end, which removes its environment first
	holdKill = 2 * time.Second  // for one that is killed
)

// holder says who leads a student through a lab, as kept beside the lock.
type holder struct {
	Owner string    `json:"owner"`
	Since time.Time `json:"since"`
}

// hold makes this process the only one that leads the student through the lab whose files are in dir: two would check
// and rewrite the same files. The lock is the operating system's, so that a program that was killed holds nothing.
// With takeOver, a program that holds it is ended. Without, the error carries a hint, which names the lab as asked:
// lab-in-use.
func hold(ctx context.Context, dir, lab, asked string, takeOver bool) (release func(), err error) {
	path := filepath.Join(dir, ".lock")
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // opening a pipe would wait for its other end
		return nil, hint.With(fmt.Errorf("%s is not a file", path), "file-special", path)
	}
	l := flock.New(path, flock.SetPermissions(0o600))
	got, err := l.TryLock()
	if owner, _, _ := held(dir); err == nil && !got && owner == docker.Self() {
		// This program is just closing the lab: its environment is being removed.
		wait, cancel := context.WithTimeout(ctx, cleanUp)
		got, _ = l.TryLockContext(wait, 20*time.Millisecond)
		cancel()
	}
	if err == nil && !got && ctx.Err() == nil {
		if !takeOver {
			_ = l.Close()
			return nil, inUse(dir, lab, asked)
		}
		got, err = takeLock(ctx, l, dir)
	}
	if err == nil && !got && ctx.Err() == nil {
		_ = l.Close()
		return nil, hint.With(fmt.Errorf("taking over lab %s: its holder does not end", lab), "lab-not-released", lab)
	}
	if ctx.Err() != nil {
		_ = l.Close()
		return nil, ctx.Err()
	}
	if err != nil {
		_ = l.Close()
		return func() {}, nil // there are no locks on this file system: better two programs than none
	}
	note := filepath.Join(dir, ".session")
	if text, err := json.Marshal(holder{docker.Self().String(), time.Now()}); err == nil {
		_ = os.WriteFile(note, text, 0o600)
	}
	return func() { _ = os.Remove(note); _ = l.Close() }, nil
}

// held reads who holds the lock.
func held(dir string) (owner docker.Owner, since time.Time, ok bool) {
	var h holder
	text, err := readOwn(filepath.Join(dir, ".session"))
	if err != nil || json.Unmarshal(text, &h) != nil {
		return owner, since, false
	}
	owner, ok = docker.ParseOwner(h.Owner)
	return owner, h.Since, ok
}

func inUse(dir, lab, asked string) error {
	owner, since, _ := held(dir)
	at := "?"
	if !since.IsZero() {
		at = since.Local().Format("15:04")
	}
	return hint.With(fmt.Errorf("lab %s is open in process %d", lab, owner.PID), "lab-in-use", lab, owner.PID, at, asked)
}

// takeLock ends the program that holds the lock, politely at first, and takes the lock. got is false if that program
// cannot be reached: it is another user's, or on another machine that shares the folder.
func takeLock(ctx context.Context, l *flock.Flock, dir string) (got bool, err error) {
	owner, _, ok := held(dir)
	if !ok || !owner.SameUser(docker.Self()) || !owner.Alive() || owner.PID == os.Getpid() {
		return false, nil
	}
	for _, way := range []struct {
		end  func(pid int) error
		wait time.Duration
	}{{politely, holdAsk}, {atOnce, holdKill}} {
		if err := way.end(owner.PID); err != nil {
			continue
		}
		wait, cancel := context.WithTimeout(ctx, way.wait)
		got, err = l.TryLockContext(wait, 50*time.Millisecond)
		cancel()
		if got || ctx.Err() != nil || err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return got, err
		}
	}
	return false, nil
}

// atOnce ends a process at once; its watchdog cleans up behind it.
func atOnce(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	defer func() { _ = p.Release() }()
	return p.Kill()
}
