package enginetest

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// sideBySide: environments of one engine have nothing to do with each other.
func sideBySide(b *bench) {
	var all [3]session.Environment
	var errs [3]error
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { all[i], errs[i] = b.engine.Start(b.Context(), newID(), b.env, b.files(""), nil) })
	}
	wg.Wait()
	for i := range all {
		if errs[i] == nil {
			defer b.stop(all[i])
		}
	}
	if err := errors.Join(errs[:]...); err != nil {
		b.Fatalf("Start: %v", err)
	}
	b.accepted(all[1], b.files("drop-upgrade"))
	for i, want := range []int{101, 400, 101} {
		if got := status(b, all[i], "proxy", ""); got != want {
			b.Errorf("environment %d: status %d, want %d", i, got, want)
		}
	}
}

// cancelled: Start may be given up at any moment. What it made is gone: the same id can be started again.
func cancelled(b *bench) {
	id := newID()
	for _, after := range []time.Duration{0, 1, 10, 40, 90, 150, 250, 400, 600, 800} {
		ctx, cancel := context.WithTimeout(b.Context(), after*time.Millisecond)
		v, err := b.engine.Start(ctx, id, b.env, b.files(""), nil)
		if err == nil {
			b.stop(v) // it was faster
		} else if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			b.Errorf("Start given up after %d ms: %v", after, err)
		}
		cancel()
	}
	v, err := b.engine.Start(b.Context(), id, b.env, b.files(""), nil)
	if err != nil {
		b.Fatalf("Start with an id whose starts were given up: %v", err)
	}
	b.stop(v)
	bad := append(b.files(""), session.File{Service: "nobody", Path: "/x"})
	if v, err := b.engine.Start(b.Context(), id, b.env, bad, nil); err == nil {
		b.stop(v)
		b.Error("Start with a file for an unknown service gives no error")
	}
}

func stopsTwice(b *bench) {
	v := b.start()
	addr, err := v.Addr("proxy", 0)
	if err != nil {
		b.Fatal(err)
	}
	c := dial(b, v, "proxy", "")
	defer c.Close()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { b.stop(v) })
	}
	wg.Wait()
	b.stop(v)
	if c, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
		c.Close()
		b.Errorf("something still listens on %s", addr)
	}
	if untilClosed(c, patience) == 0 {
		b.Error("a connection outlived Stop")
	}
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	_, err = v.Log("proxy").Wait(ctx, v.Log("proxy").Last(), func(probe.Line) bool { return false })
	if !errors.Is(err, probe.ErrLogEnded) {
		b.Errorf("waiting for a log after Stop: %v, want ErrLogEnded", err)
	}
	checkAlive(b, v) // Died never fires after Stop
	if _, err := v.Apply(b.Context(), "proxy"); err == nil {
		b.Error("Apply after Stop gives no error")
	}
}

// noticesEnd: a service that ends by itself is reported, with what it was.
func noticesEnd(b *bench) {
	v := b.start()
	if r, err := v.Exec(b.Context(), "proxy", "nginx", "-s", "stop"); err == nil && r.Code == 127 {
		b.Skip("this engine cannot end a service from inside")
	}
	select {
	case <-v.Died():
	case <-time.After(patience):
		b.Fatal("Died did not fire")
	}
	err := v.Cause()
	if err == nil {
		b.Fatal("Cause() is nil after Died")
	}
	b.Logf("cause: %v", err)
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	if _, err := v.Apply(ctx, "proxy"); err == nil {
		b.Error("Apply to a service that has ended gives no error")
	}
	if ctx.Err() != nil {
		b.Error("Apply to a service that has ended did not return")
	}
	if got := status(b, v, "backend", ""); got != 101 {
		b.Errorf("the other service: status %d, want 101", got)
	}
	b.stop(v)
}
