package docker

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// A lab's services are on a network that leads nowhere: a macvlan network whose parent is a bridge of the session's own.
// What a service sends goes to the other services or out of the bridge's ports, of which there is one, the forwarder's.
// The machine itself is not on it: the kernel hands nothing that a macvlan interface sends to the interface beneath it,
// whatever its address, broadcasts included. So a network with no way out publishes no ports either: the forwarder, on
// both networks, does. It forwards inwards only, to addresses that are fixed when it starts.

//go:embed forwarder
var forwarderFiles embed.FS

// forwarderName is the forwarder's among the images of a lab; no service has a name with a slash.
const forwarderName = "lab/forwarder"

const (
	forwarderPort   = 20_000 // of the first published port; those after it follow
	forwarderMemory = 128 << 20
	forwarderPids   = 32
	forwarderOpen   = maxOpen // descriptors, two a connection
)

// closedAddr is the address of a port of a service that is down: nothing listens there.
const closedAddr = "127.0.0.1:1"

// forwarderBuild is how the forwarder's image is made.
func forwarderBuild() course.Build {
	return course.Build{Dir: "forwarder", Dockerfile: "Dockerfile"}
}

// target is a published port and where the forwarder listens for it.
type target struct {
	service int // index in plan.services
	port    int
	listen  int
}

// targets lists what the forwarder is for.
func (p plan) targets() []target {
	var out []target
	for i, s := range p.services {
		for _, port := range s.Ports {
			out = append(out, target{i, port, forwarderPort + len(out)})
		}
	}
	return out
}

// isolate puts the services of a plan on a network without a way out, and a forwarder of that image in front of it. Its
// configuration follows when the addresses are known.
func (p *plan) isolate(image string) {
	p.outer = p.network + "_outer"
	for _, s := range p.services {
		s.create.HostConfig.PortBindings = network.PortMap{}
	}
	exposed, bindings := network.PortSet{}, network.PortMap{}
	for _, t := range p.targets() {
		exposed[tcp(t.listen)] = struct{}{}
		bindings[tcp(t.listen)] = []network.PortBinding{{HostIP: netip.AddrFrom4([4]byte{127, 0, 0, 1})}}
	}
	grace, pids := 0, int64(forwarderPids)
	h := &container.HostConfig{
		NetworkMode: container.NetworkMode(p.outer), CapDrop: []string{"ALL"}, SecurityOpt: []string{"no-new-privileges"},
		ReadonlyRootfs: true, PortBindings: bindings, LogConfig: boundedLog(),
		// It is no router: what a service addresses to something beyond it stays where it is.
		Sysctls: map[string]string{"net.ipv4.ip_forward": "0"},
	}
	h.Memory, h.MemorySwap, h.PidsLimit, h.ShmSize = forwarderMemory, forwarderMemory, &pids, 1<<20
	h.CPUPeriod, h.CPUQuota = 100_000, defaultCPUs*100_000
	h.Ulimits = []*container.Ulimit{{Name: "nofile", Soft: forwarderOpen, Hard: forwarderOpen}}
	p.forwarder = piece{Service: course.Service{Name: forwarderName}, container: p.network + "_forwarder",
		create: client.ContainerCreateOptions{Name: p.network + "_forwarder",
			Config:           &container.Config{Image: image, ExposedPorts: exposed, Labels: p.labels, StopTimeout: &grace},
			HostConfig:       h,
			NetworkingConfig: &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{p.outer: {}}},
		}}
}

// settle gives every container its address on the lab's network: the first is the engine's, for a gateway that there is
// not, the second the forwarder's.
func (p *plan) settle(subnet netip.Prefix) {
	at := subnet.Masked().Addr().Next().Next()
	p.inner = at
	var addrs []netip.Addr
	for _, s := range p.services {
		at = at.Next()
		addrs = append(addrs, at)
		s.create.NetworkingConfig.EndpointsConfig[p.network].IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: at}
	}
	var b strings.Builder
	// No limits of its own on how long a connection may be silent: that is what labs are about. What cannot be reached is
	// closed at once and not tried again.
	fmt.Fprintf(&b, "global\n nbthread 1\n maxconn %d\ndefaults\n mode tcp\n retries 0\n timeout connect 10s\n", forwarderOpen/2-64)
	// HAProxy does not start with nothing to listen for, and a lab need not publish anything.
	b.WriteString("listen idle\n bind 127.0.0.1:19999\n")
	for _, t := range p.targets() {
		fmt.Fprintf(&b, "listen p%d\n bind :%d\n server s %s\n", t.listen, t.listen,
			net.JoinHostPort(addrs[t.service].String(), strconv.Itoa(t.port)))
	}
	p.last = at.Next()
	p.forwarder.create.Config.Env = []string{"CONFIG=" + b.String()}
}

// address gives a service its settings on the lab's network, for plugging it in again.
func (s *service) endpoint(lab string) *network.EndpointSettings {
	out := &network.EndpointSettings{Aliases: []string{s.Name}}
	if was := s.create.NetworkingConfig.EndpointsConfig[lab]; was != nil {
		out.IPAMConfig = was.IPAMConfig
	}
	return out
}

// linkName names a bridge, of which the kernel wants at most 15 bytes.
func linkName(network string) string {
	sum := sha256.Sum256([]byte(network))
	return "lab" + hex.EncodeToString(sum[:6])
}

// bringForwarder makes and starts the forwarder and finds the numbers that the engine chose for the published ports.
func (v *environment) bringForwarder(ctx context.Context) error {
	f := v.forwarder
	err := steady(ctx, func(ctx context.Context) error {
		_, err := v.api.ContainerCreate(ctx, f.create)
		return wrap(err, "creating container %s", f.container)
	})
	if err != nil {
		return err
	}
	err = steady(ctx, func(ctx context.Context) error {
		_, err := v.api.NetworkConnect(ctx, v.plan.network, client.NetworkConnectOptions{Container: f.container,
			EndpointConfig: &network.EndpointSettings{IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: v.plan.inner}}})
		return wrap(err, "connecting %s", f.container)
	})
	if err != nil {
		return err
	}
	err = steady(ctx, func(ctx context.Context) error {
		_, err := v.api.ContainerStart(ctx, f.container, client.ContainerStartOptions{})
		return wrap(err, "starting %s", f.container)
	})
	if err != nil {
		return err
	}
	r, err := v.api.ContainerInspect(ctx, f.container, client.ContainerInspectOptions{})
	if err != nil {
		return fmt.Errorf("asking for the published ports: %w", err)
	}
	found := published(r)
	v.mu.Lock()
	for _, t := range v.plan.targets() {
		s := v.services[t.service]
		if s.addrs == nil {
			s.addrs = map[int]string{}
		}
		s.addrs[t.port] = found[t.listen]
	}
	v.mu.Unlock()
	close(f.started)
	v.work.Go(func() { v.follow(v.life, f) })
	return nil
}

// published gives the addresses on loopback of a container's ports.
func published(r client.ContainerInspectResult) map[int]string {
	addrs := map[int]string{}
	if r.Container.NetworkSettings == nil {
		return addrs
	}
	for port, bindings := range r.Container.NetworkSettings.Ports {
		for _, b := range bindings {
			if _, err := strconv.Atoi(b.HostPort); err == nil && (!b.HostIP.IsValid() || b.HostIP.Is4()) {
				addrs[int(port.Num())] = net.JoinHostPort("127.0.0.1", b.HostPort)
			}
		}
	}
	return addrs
}
