package docker

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
)

// plan is what is going to be made for one session: decided here, done by Start, removed by Stop.
type plan struct {
	id       string
	network  string // that the services are on
	volumes  []string
	services []piece
	labels   map[string]string
	bounded  bool // nothing but the roots of services is on disk; see bind

	outer     string     // network that publishes ports for network, which has no way out; "" where network does so itself
	forwarder piece      // on both, where there is outer
	inner     netip.Addr // the forwarder's address on network; see settle
	last      netip.Addr // an address on network that nobody has
}

// piece is one container of a plan.
type piece struct {
	course.Service
	container string
	files     []session.File
	create    client.ContainerCreateOptions
}

// planFor decides what to make for env. images gives the image of each service; suffix sets the names apart from those
// of an earlier environment of the session.
func planFor(id, suffix string, env course.Environment, files []session.File, images map[string]string, owner Owner) (plan, error) {
	base := baseName(id) + suffix
	p := plan{id: id, network: base, labels: map[string]string{
		labelSession: id, labelOwner: owner.String(), labelLab: env.Lab}}
	for _, v := range env.Volumes {
		p.volumes = append(p.volumes, base+"-"+clean(v))
	}
	for _, f := range files {
		if _, ok := env.Service(f.Service); !ok {
			return plan{}, fmt.Errorf("laying %s: there is no service %q", f.Path, f.Service)
		}
	}
	for _, s := range env.Services {
		x := piece{Service: s, container: base + "-" + clean(s.Name)}
		for _, f := range files {
			if f.Service == s.Name {
				x.files = append(x.files, f)
			}
		}
		host, err := hostConfig(s, base, p.labels)
		if err != nil {
			return plan{}, err
		}
		x.create = client.ContainerCreateOptions{
			Name: x.container, Config: config(s, images[s.Name], p.labels), HostConfig: host,
			NetworkingConfig: &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
				p.network: {Aliases: []string{s.Name}},
			}},
		}
		p.services = append(p.services, x)
	}
	return p, nil
}

func config(s course.Service, image string, labels map[string]string) *container.Config {
	labels = maps.Clone(labels)
	labels[labelService] = s.Name
	exposed := network.PortSet{}
	for _, port := range s.Ports {
		exposed[tcp(port)] = struct{}{}
	}
	grace := int((s.StopGrace + time.Second - 1) / time.Second)
	return &container.Config{Image: image, Hostname: clean(s.Name), Cmd: s.Command, Env: s.Env, User: s.User,
		ExposedPorts: exposed, Labels: labels, StopTimeout: &grace}
}

// hostConfig gives a service what the house allows and nothing else: see "Lessons and labs", the limits of a lab.
func hostConfig(s course.Service, base string, labels map[string]string) (*container.HostConfig, error) {
	h := &container.HostConfig{
		NetworkMode:    container.NetworkMode(base),
		CapDrop:        []string{"ALL"},
		CapAdd:         s.CapAdd,
		SecurityOpt:    []string{"no-new-privileges"},
		ReadonlyRootfs: s.ReadOnly,
		PortBindings:   network.PortMap{},
		Tmpfs:          map[string]string{},
		LogConfig:      boundedLog(),
		// The lab's network has no way out, so a name that is not one of its services is a mistake. With the host's
		// name servers that mistake takes 10 s to be reported; with one that cannot answer (RFC 5737) it takes 1.
		DNS:        nowhere(),
		DNSOptions: hasty(),
	}
	if err := limit(h, s); err != nil {
		return nil, err
	}
	for _, port := range s.Ports {
		if port < 1 || port > 65535 {
			return nil, fmt.Errorf("publishing port %d of %s: not a port", port, s.Name)
		}
		h.PortBindings[tcp(port)] = []network.PortBinding{{HostIP: netip.AddrFrom4([4]byte{127, 0, 0, 1})}}
	}
	for _, path := range s.Tmpfs {
		h.Tmpfs[path] = "rw,noexec,nosuid,nodev,size=16m,mode=1777"
	}
	for _, path := range slices.Sorted(maps.Keys(s.Mounts)) {
		h.Mounts = append(h.Mounts, mount.Mount{Type: mount.TypeVolume, Source: base + "-" + clean(s.Mounts[path]), Target: path,
			// A container that is made when its volume has just been swept makes another: that one must be found, too.
			VolumeOptions: &mount.VolumeOptions{Labels: labels}})
	}
	return h, nil
}

// nowhere is a name server that cannot answer: the address is of RFC 5737. An engine that is given none asks those of the
// machine, for a network without a way out, too, and answers what they say: CVE-2024-29018.
func nowhere() []netip.Addr { return []netip.Addr{netip.AddrFrom4([4]byte{192, 0, 2, 1})} }

func hasty() []string { return []string{"timeout:1", "attempts:1"} }

// boundedLog keeps what a container writes where it can be read, and within 32 MiB, whatever the engine's default is.
func boundedLog() container.LogConfig {
	return container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "16m", "max-file": "2"}}
}

// String is the plan as tests and people read it.
func (p plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "network %s, no way out\n", p.network)
	if p.outer != "" {
		fmt.Fprintf(&b, "network %s, of the forwarder\ncontainer %s of %s\n", p.outer, p.forwarder.container,
			p.forwarder.create.Config.Image)
		for _, t := range p.targets() {
			fmt.Fprintf(&b, "  port %d of %s at %d on %s\n", t.port, p.services[t.service].Name, t.listen,
				p.forwarder.create.HostConfig.PortBindings[tcp(t.listen)][0].HostIP)
		}
	}
	for _, v := range p.volumes {
		fmt.Fprintf(&b, "volume %s\n", v)
	}
	for _, s := range p.services {
		h := s.create.HostConfig
		fmt.Fprintf(&b, "container %s of %s\n", s.container, s.create.Config.Image)
		fmt.Fprintf(&b, "  caps -%v +%v, %v, read-only %v, %d MiB, %d processes\n", h.CapDrop, h.CapAdd, h.SecurityOpt,
			h.ReadonlyRootfs, h.Memory>>20, *h.PidsLimit)
		for _, port := range s.Ports {
			if bound := h.PortBindings[tcp(port)]; len(bound) > 0 {
				fmt.Fprintf(&b, "  port %d on %s\n", port, bound[0].HostIP)
			}
		}
		for _, m := range h.Mounts {
			fmt.Fprintf(&b, "  %s %s at %s\n", m.Type, m.Source, m.Target)
		}
		for _, f := range s.files {
			fmt.Fprintf(&b, "  file %s\n", f.Path)
		}
		if len(s.DependsOn) > 0 {
			fmt.Fprintf(&b, "  after %s\n", strings.Join(s.DependsOn, ", "))
		}
	}
	return b.String()
}

func tcp(port int) network.Port {
	p, _ := network.PortFrom(uint16(port), network.TCP)
	return p
}

// clean makes a part of an engine's name out of s.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, s)
}
