package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"go.uber.org/goleak"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
)

// scripted is an engine of which a test says what hangs and what fails. It embeds a nil api: a call that it does not
// know is a bug in the test.
type scripted struct {
	api
	hang map[string]bool
	fail map[string]error

	mu    sync.Mutex
	calls []string
}

func (s *scripted) call(ctx context.Context, name, what string) error {
	s.mu.Lock()
	s.calls = append(s.calls, name+" "+what)
	s.mu.Unlock()
	if s.hang[name] {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.fail[name]
}

func (s *scripted) ImageInspect(ctx context.Context, ref string, _ ...client.ImageInspectOption) (r client.ImageInspectResult, err error) {
	return r, s.call(ctx, "inspect", ref)
}

func (s *scripted) NetworkCreate(ctx context.Context, name string, _ client.NetworkCreateOptions) (r client.NetworkCreateResult, err error) {
	return r, s.call(ctx, "network", name)
}

func (s *scripted) NetworkRemove(ctx context.Context, name string, _ client.NetworkRemoveOptions) (r client.NetworkRemoveResult, err error) {
	return r, s.call(ctx, "-network", name)
}

func (s *scripted) VolumeCreate(ctx context.Context, o client.VolumeCreateOptions) (r client.VolumeCreateResult, err error) {
	return r, s.call(ctx, "volume", o.Name)
}

func (s *scripted) VolumeRemove(ctx context.Context, name string, _ client.VolumeRemoveOptions) (r client.VolumeRemoveResult, err error) {
	return r, s.call(ctx, "-volume", name)
}

func (s *scripted) NetworkConnect(ctx context.Context, name string, _ client.NetworkConnectOptions) (r client.NetworkConnectResult, err error) {
	return r, s.call(ctx, "connect", name)
}

func (s *scripted) ContainerLogs(context.Context, string, client.ContainerLogsOptions) (client.ContainerLogsResult, error) {
	return nil, errors.New("there are none")
}

func (s *scripted) ContainerInspect(context.Context, string, client.ContainerInspectOptions) (r client.ContainerInspectResult, err error) {
	return r, nil // asked once a service has started whose neighbour fails
}

func (s *scripted) ContainerCreate(ctx context.Context, o client.ContainerCreateOptions) (r client.ContainerCreateResult, err error) {
	return r, s.call(ctx, "container", o.Name)
}

func (s *scripted) ContainerRemove(ctx context.Context, name string, _ client.ContainerRemoveOptions) (r client.ContainerRemoveResult, err error) {
	return r, s.call(ctx, "-container", name)
}

func (s *scripted) ContainerUnpause(context.Context, string, client.ContainerUnpauseOptions) (r client.ContainerUnpauseResult, err error) {
	return r, nil // asked for before each removal, for a container that may be frozen
}

func (s *scripted) ContainerStart(ctx context.Context, name string, _ client.ContainerStartOptions) (r client.ContainerStartResult, err error) {
	return r, s.call(ctx, "start", name)
}

func one() course.Environment {
	return course.Environment{Lab: "l", Volumes: []string{"v"}, Services: []course.Service{{Name: "a", Image: "i"}}}
}

// TestFailure: wherever Start fails, what may have been made is removed, in order, and the failure is told.
func TestFailure(t *testing.T) {
	removal := []string{"-container lab-x-a", "-container lab-x_forwarder", "-network lab-x", "-network lab-x_outer", "-volume lab-x-v"}
	for _, at := range []string{"inspect", "network", "volume", "container", "connect", "start"} {
		broken := errors.New(at + " broke")
		s := &scripted{fail: map[string]error{at: broken}}
		e := New(Options{Shipped: func(course.Environment) bool { return true }})
		e.api = s
		if _, err := e.Start(t.Context(), "x", one(), nil, nil); !errors.Is(err, broken) {
			t.Errorf("%s: %v", at, err)
		}
		n := len(s.calls) - len(removal)
		if n < 0 {
			t.Fatalf("%s: %v", at, s.calls)
		}
		after := s.calls[n:]
		ordered := slices.Index(after, removal[0]) < slices.Index(after, removal[2]) &&
			slices.Index(after, removal[1]) < slices.Index(after, removal[3])
		if !slices.Equal(slices.Sorted(slices.Values(after)), removal) || !ordered {
			t.Errorf("%s: ended with %v, want %v", at, after, removal)
		}
	}
}

// TestHang: an engine that stops answering holds nobody up for longer than the grace.
func TestHang(t *testing.T) {
	for _, at := range []string{"inspect", "network", "volume", "container", "connect", "start"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			e := New(Options{Shipped: func(course.Environment) bool { return true }})
			e.api = &scripted{hang: map[string]bool{at: true}}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer cancel()
			begun := time.Now()
			_, err := e.Start(ctx, "x", one(), nil, nil)
			if took := time.Since(begun); err == nil || took > graceLimit+time.Second {
				t.Errorf("Start took %v: %v", took, err)
			}
		})
	}
	t.Cleanup(func() { goleak.VerifyNone(t) })
}

// TestStopBounded: Stop honours the ctx of its caller, fails, and can be asked again.
func TestStopBounded(t *testing.T) {
	s := &scripted{hang: map[string]bool{"-container": true}}
	e := New(Options{Shipped: func(course.Environment) bool { return true }})
	e.api = s
	p, err := planFor("x", "", one(), nil, map[string]string{"a": "i"}, someone)
	if err != nil {
		t.Fatal(err)
	}
	var v session.Environment = newEnvironment(t.Context(), e, s, p)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := v.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Stop with an engine that hangs: %v", err)
	}
	s.hang = nil
	if err := v.Stop(t.Context()); err != nil {
		t.Errorf("Stop again: %v", err)
	}
	n := len(s.calls)
	if err := v.Stop(t.Context()); err != nil || len(s.calls) != n {
		t.Errorf("Stop a third time: %v, and it called %s", err, fmt.Sprint(s.calls[n:]))
	}
}
