package docker

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"
)

// What a service may have of the machine, whatever its lab asks for.
const (
	minMemory = 6 << 20 // bytes; the least that engines take
	maxMemory = 4 << 30 // bytes
	maxPids   = 4096
	maxOpen   = 8192      // descriptors of one process; engines may be unable to give more
	maxWrite  = 192 << 20 // bytes of one file, and of all that a service writes into its root
	maxVolume = 64 << 20  // bytes of a volume, which is in memory
	shmSize   = 64 << 20  // bytes of /dev/shm, which is, too

	sizeEvery = time.Second // how often the size of writable roots is looked at
)

// limit gives a service its share of the machine. None of it is ever left to the engine, to which 0 and less mean
// without end.
func limit(h *container.HostConfig, s course.Service) error {
	memory, pids := s.Memory, s.Pids
	if memory == 0 {
		memory = defaultMemory
	}
	if pids == 0 {
		pids = defaultPids
	}
	if memory < minMemory || memory > maxMemory {
		return fmt.Errorf("planning %s: %d bytes of memory is not between %d and %d", s.Name, memory, minMemory, maxMemory)
	}
	if pids < 1 || pids > maxPids {
		return fmt.Errorf("planning %s: %d processes is not between 1 and %d", s.Name, pids, maxPids)
	}
	h.Memory, h.MemorySwap, h.PidsLimit = memory, memory, &pids
	h.CPUPeriod, h.CPUQuota, h.ShmSize = 100_000, defaultCPUs*100_000, shmSize
	h.Ulimits = []*container.Ulimit{
		{Name: "nofile", Soft: maxOpen, Hard: maxOpen},
		{Name: "fsize", Soft: maxWrite, Hard: maxWrite},
		{Name: "core", Soft: 0, Hard: 0},
	}
	return nil
}

// bind has the volumes of a plan in memory, each with a size. The forwarder mounts them all, so that they are there
// before the services are made, and stay while these are restarted. declared are the volumes that the services' images
// ask for, by service: an engine would make them without an end.
func (p *plan) bind(declared map[string][]string) {
	p.bounded = true
	for i, s := range p.services {
		for j, target := range declared[s.Name] {
			if !coveredBy(target, s.create.HostConfig) {
				name := p.network + "-" + clean(s.Name) + "_" + strconv.Itoa(j)
				p.volumes = append(p.volumes, name)
				p.services[i].create.HostConfig.Mounts = append(s.create.HostConfig.Mounts, mount.Mount{Type: mount.TypeVolume,
					Source: name, Target: target, VolumeOptions: &mount.VolumeOptions{Labels: p.labels}})
				s = p.services[i]
			}
		}
	}
	h := p.forwarder.create.HostConfig
	for i, name := range p.volumes {
		h.Mounts = append(h.Mounts, mount.Mount{Type: mount.TypeVolume, Source: name, Target: "/volumes/" + strconv.Itoa(i),
			ReadOnly: true, VolumeOptions: &mount.VolumeOptions{NoCopy: true, Labels: p.labels}})
	}
}

// coveredBy tells whether something is mounted at a path already.
func coveredBy(target string, h *container.HostConfig) bool {
	target = path.Clean(target)
	_, ok := h.Tmpfs[target]
	return ok || slices.ContainsFunc(h.Mounts, func(m mount.Mount) bool { return path.Clean(m.Target) == target })
}

// declaredVolumes asks for the volumes that images want at every start.
func declaredVolumes(ctx context.Context, a api, p plan) (map[string][]string, error) {
	out := map[string][]string{}
	for _, s := range p.services {
		r, err := a.ImageInspect(ctx, s.create.Config.Image)
		if err != nil {
			return nil, fmt.Errorf("looking at the image of %s: %w", s.Name, err)
		}
		if r.Config != nil {
			out[s.Name] = slices.Sorted(maps.Keys(r.Config.Volumes))
		}
	}
	return out, nil
}

// volumeOptions says how a volume is made.
func (p plan) volumeOptions(name string) client.VolumeCreateOptions {
	o := client.VolumeCreateOptions{Name: name, Driver: "local", Labels: p.labels}
	if p.bounded {
		o.DriverOpts = map[string]string{"type": "tmpfs", "device": "tmpfs", "o": "size=" + strconv.Itoa(maxVolume) + ",nosuid,nodev"}
	}
	return o
}

// watchRoots ends the environment when a service has written more into its root than it may. A root that is read-only
// need not be looked at.
func (v *environment) watchRoots(ctx context.Context) {
	if !slices.ContainsFunc(v.services, func(s *service) bool { return !s.ReadOnly }) {
		return
	}
	for pause(ctx, sizeEvery) {
		for _, s := range v.services {
			if s.ReadOnly {
				continue
			}
			ask, cancel := context.WithTimeout(ctx, pingLimit)
			r, err := v.api.ContainerInspect(ask, s.container, client.ContainerInspectOptions{Size: true})
			cancel()
			if err != nil || r.Container.SizeRw == nil || *r.Container.SizeRw <= maxWrite {
				continue
			}
			_, _ = v.api.ContainerKill(ctx, s.container, client.ContainerKillOptions{Signal: "KILL"})
			v.fell(hint.With(fmt.Errorf("%s has written %d MiB", s.Name, *r.Container.SizeRw>>20), "service-wrote-too-much",
				s.Name, maxWrite>>20))
			return
		}
	}
}
