package docker

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/session"
)

// crowded is an engine without address ranges of its own, on which the first few that are asked for are taken.
type crowded struct {
	api
	taken int
	asked []client.NetworkCreateOptions
}

func (c *crowded) NetworkCreate(_ context.Context, _ string, o client.NetworkCreateOptions) (r client.NetworkCreateResult, err error) {
	c.asked = append(c.asked, o)
	if o.IPAM == nil {
		return r, errors.New("could not find an available, non-overlapping IPv4 address pool among the defaults")
	}
	if c.taken--; c.taken >= 0 {
		return r, errors.New("Pool overlaps with other one on this address space")
	}
	return r, nil
}

// TestNetworkAmongMany: an engine that has given away its own ranges is asked for a small one, a few times.
func TestNetworkAmongMany(t *testing.T) {
	for taken, want := range map[int]int{0: 2, 3: 5, 1000: 1 + subnets} {
		c := &crowded{taken: taken}
		v := &environment{api: c, plan: plan{network: "lab-x"}}
		err := v.network(t.Context(), func(session.Stage) {})
		if (err == nil) != (taken < subnets) || len(c.asked) != want {
			t.Errorf("%d taken: asked %d times, want %d; %v", taken, len(c.asked), want, err)
		}
		for _, o := range c.asked[1:] {
			if s := o.IPAM.Config[0].Subnet; s.Bits() != 28 || s.Masked() != s || !netip.MustParsePrefix("198.18.0.0/15").Contains(s.Addr()) {
				t.Errorf("asked for %v", s)
			}
		}
	}
}

// TestNetworkWithoutAWayOut: of the ranges for it, one that nobody has is found, and it is decided where each service is.
func TestNetworkWithoutAWayOut(t *testing.T) {
	p, err := planFor("x", "", one(), nil, map[string]string{"a": "i"}, someone)
	if err != nil {
		t.Fatal(err)
	}
	p.isolate("f")
	c := &crowded{taken: 3}
	v := &environment{api: c, plan: p}
	if err := v.network(t.Context(), func(session.Stage) {}); err != nil {
		t.Fatal(err)
	}
	last := c.asked[len(c.asked)-1]
	if len(c.asked) != 6 || last.Driver != "macvlan" || !last.Internal || last.Options["parent"] != c.asked[0].Options["com.docker.network.bridge.name"] {
		t.Errorf("asked %d times, last for %+v", len(c.asked), last)
	}
	if s := last.IPAM.Config[0].Subnet; s.Bits() != 27 || s.Masked() != s || !netip.MustParsePrefix("10.128.0.0/9").Contains(s.Addr()) || !s.Contains(v.plan.inner) {
		t.Errorf("%v is the range, and the forwarder at %v", s, v.plan.inner)
	}
}

// TestSmallSubnet: the engine takes such a range, and the ports of what is in it can be reached.
func TestSmallSubnet(t *testing.T) {
	e, id := real(t), newID()
	e.api = &fullEngine{api: e.api}
	v, err := e.Start(t.Context(), id, lab03(t).Env, files(t)(""), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = v.Stop(context.Background()) }()
	addr, err := v.Addr("proxy", 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := handshake(addr); got != 101 || err != nil {
		t.Errorf("status %d, %v", got, err)
	}
}

// fullEngine is a real engine that has no range of its own left.
type fullEngine struct{ api }

func (f *fullEngine) NetworkCreate(ctx context.Context, name string, o client.NetworkCreateOptions) (r client.NetworkCreateResult, err error) {
	if o.IPAM == nil {
		return r, errors.New("could not find an available, non-overlapping IPv4 address pool among the defaults")
	}
	return f.api.NetworkCreate(ctx, name, o)
}

// TestSweepHeldNetwork: a dead session's network goes even if something that is not ours still holds it, as an
// engine's own leftovers do; what held it stays.
func TestSweepHeldNetwork(t *testing.T) {
	e, id := real(t), newID()
	dead := Owner{Host: e.owner.Host, UID: e.owner.UID, PID: 1 << 22, Start: "x"}
	_, err := e.api.NetworkCreate(t.Context(), "lab-"+id, client.NetworkCreateOptions{
		Labels: map[string]string{labelSession: id, labelOwner: dead.String()}})
	if err != nil {
		t.Fatal(err)
	}
	refs, err := Refs(lab03(t).Env)
	if err != nil {
		t.Fatal(err)
	}
	name := "holds-" + id
	_, err = e.api.ContainerCreate(t.Context(), client.ContainerCreateOptions{
		Name: name, Config: &container.Config{Image: refs[0], Entrypoint: []string{"sleep", "60"}},
		HostConfig: &container.HostConfig{NetworkMode: container.NetworkMode("lab-" + id)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = removeContainer(context.Background(), e.api, name) })
	if _, err := e.api.ContainerStart(t.Context(), name, client.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Sweep(t.Context(), false); err != nil {
		t.Error(err)
	}
	if left := ofSession(t, e, id); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	r, err := e.api.ContainerInspect(t.Context(), name, client.ContainerInspectOptions{})
	if err != nil || !r.Container.State.Running {
		t.Errorf("what held the network: %v, %v", r.Container.State, err)
	}
}
