package main

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/hint"
)

// Free room below which the doctor worries, in bytes: images take some hundred MB, the student's files next to nothing.
const (
	littleRoom = 64 << 20
	engineRoom = 1 << 30
)

// examineDisk looks for room where the student's files and progress are.
func (a *app) examineDisk() finding {
	dir := a.dataDir()
	for dir != filepath.Dir(dir) { // it may not be there yet
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	n, err := freeRoom(dir)
	detail := a.lang().Say("doctor.free", size(n))
	switch {
	case err != nil:
		return finding{"disk", "warn", err.Error(), ""}
	case n < littleRoom:
		return a.advised("disk", "fail", detail, "disk")
	}
	return finding{"disk", "ok", detail, ""}
}

// examineEngineDisk looks for room where the engine keeps images; ok is false where that is not of this machine.
func (a *app) examineEngineDisk(ctx context.Context, e *docker.Engine) (f finding, ok bool) {
	root, err := e.Root(ctx)
	if err != nil || root == "" {
		return f, false
	}
	n, err := freeRoom(root)
	if err != nil {
		return f, false
	}
	detail := a.lang().Say("doctor.free", size(n))
	if n < engineRoom {
		return a.advised("engine-disk", "warn", detail, "engine-disk"), true
	}
	return finding{"engine-disk", "ok", detail, ""}, true
}

// examinePorts listens on loopback, as services do, and connects, as probes do.
func (a *app) examinePorts() finding {
	err := func() error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		c, err := net.DialTimeout("tcp", l.Addr().String(), asking)
		if err != nil {
			return err
		}
		defer c.Close()
		s, err := l.Accept()
		if err != nil {
			return err
		}
		defer s.Close()
		_ = c.SetDeadline(time.Now().Add(asking))
		if _, err := s.Write([]byte("!")); err != nil {
			return err
		}
		_, err = io.ReadFull(c, make([]byte, 1))
		return err
	}()
	if err != nil {
		return a.advised("ports", "fail", err.Error(), "ports")
	}
	return finding{"ports", "ok", a.lang().Say("doctor.loopback"), ""}
}

// examineEvents changes a file and waits for word of it.
func (a *app) examineEvents(ctx context.Context) finding {
	took, err := a.fileEvent(ctx)
	if err != nil {
		f := a.advised("events", "warn", a.lang().Say("doctor.polling"), "events")
		if _, ok := hint.Find(err); ok {
			f = a.trouble("events", "warn", err)
		}
		return f
	}
	return finding{"events", "ok", a.lang().Say("doctor.told", took.Seconds()*1000), ""}
}

func (a *app) fileEvent(ctx context.Context) (time.Duration, error) {
	dir, err := os.MkdirTemp(a.dataDir(), ".doctor-")
	if err != nil {
		return 0, hint.With(err, "folder-unusable", a.dataDir())
	}
	defer removeFolder(dir)
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return 0, err
	}
	defer w.Close()
	if err := w.Add(dir); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	begun := time.Now()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600); err != nil {
		return 0, hint.With(err, "folder-unusable", a.dataDir())
	}
	select {
	case <-w.Events:
		return time.Since(begun), nil
	case err := <-w.Errors:
		return 0, err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
