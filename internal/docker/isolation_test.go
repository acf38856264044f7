package docker

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/session"
)

// withoutMacvlan is a real engine on a kernel that has no macvlan.
type withoutMacvlan struct{ api }

func (w withoutMacvlan) NetworkCreate(ctx context.Context, name string, o client.NetworkCreateOptions) (r client.NetworkCreateResult, err error) {
	if o.Driver == "macvlan" {
		return r, errdefs.ErrInternal.WithMessage("operation not supported")
	}
	return w.api.NetworkCreate(ctx, name, o)
}

// leaky is a real engine whose networks without a way out have one.
type leaky struct{ api }

func (l leaky) NetworkCreate(ctx context.Context, name string, o client.NetworkCreateOptions) (client.NetworkCreateResult, error) {
	if o.Driver == "macvlan" {
		o.Driver, o.Internal, o.Options = "bridge", false, nil
	}
	return l.api.NetworkCreate(ctx, name, o)
}

// TestNotIsolated: where a lab cannot be shut off, the program's own run and it is said, and others do not.
func TestNotIsolated(t *testing.T) {
	real(t)
	for name, wrap := range map[string]func(api) api{
		"no macvlan": func(a api) api { return withoutMacvlan{a} },
		"leaky":      func(a api) api { return leaky{a} },
	} {
		t.Run(name, func(t *testing.T) {
			id := newID()
			foreign := New(Options{})
			if err := foreign.Available(t.Context()); err != nil {
				t.Fatal(err)
			}
			foreign.api = wrap(foreign.api)
			v, err := foreign.Start(t.Context(), id, lab03(t).Env, files(t)(""), nil)
			if err == nil {
				_ = v.Stop(context.Background())
			}
			if h, ok := hint.Find(err); !ok || h.Code != "docker-not-isolated" || !errors.Is(err, errNotIsolated) {
				t.Errorf("a lab from elsewhere: %v", err)
			}
			if left := ofSession(t, foreign, id); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
			_ = foreign.Close()
		})
	}
	ours := New(Options{Shipped: func(course.Environment) bool { return true }})
	if err := ours.Available(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ours.Close() }()
	ours.api = withoutMacvlan{ours.api}
	for range 2 {
		var said []string
		v, err := ours.Start(t.Context(), newID(), lab03(t).Env, files(t)(""), func(s session.Stage) { said = append(said, s.Name) })
		if err != nil {
			t.Fatal(err)
		}
		addr, err := v.Addr("proxy", 0)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := handshake(addr); got != 101 || err != nil {
			t.Errorf("status %d, %v", got, err)
		}
		if err := v.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if !strings.Contains(strings.Join(said, " "), "not-isolated") {
			t.Errorf("it was not said, but: %v", said)
		}
	}
}

// TestPodmanNotIsolated: what is not proven of an engine is not believed of it.
func TestPodmanNotIsolated(t *testing.T) {
	e := New(Options{})
	e.api, e.podman = &scripted{}, true
	_, err := e.Start(t.Context(), "x", one(), nil, nil)
	if h, ok := hint.Find(err); !ok || h.Code != "docker-not-isolated" {
		t.Errorf("%v", err)
	}
}

// TestCanaryFound: only a look that came to its end, and found nothing, is a proof.
func TestCanaryFound(t *testing.T) {
	for out, want := range map[string]string{
		"looked\n":                             "",
		"Terminated\nlooked\r\n":               "",
		"found a route that leads out\nlooked": "a route that leads out",
		"found a\nfound b\nlooked\n":           "a, b",
	} {
		if got, err := canaryFound(out); got != want || err != nil {
			t.Errorf("%q: %q, %v", out, got, err)
		}
	}
	for _, out := range []string{"", "sh: nc: not found\n", "found a route\n"} {
		if got, err := canaryFound(out); err == nil {
			t.Errorf("%q proves %q", out, got)
		}
	}
}
