package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// environment is one running environment: the session.Environment of this package.
type environment struct {
	engine   *Engine
	api      api
	plan     plan
	services []*service

	forwarder *service // nil where the services' network publishes their ports itself

	life context.Context // of the log followers: ends with Stop, not with Start's ctx
	end  context.CancelFunc
	work hint.Workers // log followers

	died chan struct{}

	mu       sync.Mutex
	cause    error // why died was closed
	stopping bool  // Died never fires from here on

	stop    sync.Mutex // held while removing
	removed bool
}

// service is one container of an environment.
type service struct {
	piece
	log     probe.Log
	started chan struct{} // closed once the container was started
	ended   chan struct{} // closed once it ended for good

	apply   sync.Mutex    // held during Apply
	workers workers       // that serve; under apply
	pending int           // Seq after which an Apply that was given up still has its Until line to come; -1 for none
	hold    chan struct{} // not nil while it is being restarted; then closed. Under environment.mu, as the next two
	addrs   map[int]string

	// What the lab did to it by actions, under environment.mu; busy counts those that are under way.
	frozen, unplugged bool
	busy              int

	readyFrom int    // Seq before its latest start, for Ready.Log; under environment.mu
	shell     *shell // for validation; nil where there is none
}

func newEnvironment(ctx context.Context, e *Engine, a api, p plan) *environment {
	v := &environment{engine: e, api: a, plan: p, died: make(chan struct{})}
	v.work.Failed = v.fell
	v.life, v.end = context.WithCancel(context.WithoutCancel(ctx))
	for _, x := range p.services {
		v.services = append(v.services, &service{piece: x, pending: -1,
			started: make(chan struct{}), ended: make(chan struct{})})
	}
	if p.outer != "" {
		v.forwarder = &service{piece: p.forwarder, pending: -1, started: make(chan struct{}), ended: make(chan struct{})}
	}
	return v
}

func (v *environment) service(name string) *service {
	for _, s := range v.services {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// known is service, with an error for an unknown name.
func (v *environment) known(name string) (*service, error) {
	if s := v.service(name); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("there is no service %q", name)
}

// Services lists the services in the order in which they start.
func (v *environment) Services() []string {
	var names []string
	for _, s := range v.services {
		names = append(names, s.Name)
	}
	return names
}

// Addr gives where a container port is published on loopback.
func (v *environment) Addr(name string, port int) (string, error) {
	s, err := v.known(name)
	if err != nil {
		return "", err
	}
	if port == 0 && len(s.Ports) > 0 {
		port = s.Ports[0]
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if addr, ok := s.addrs[port]; ok {
		if v.forwarder != nil && (s.hold != nil || s.unplugged) {
			return closedAddr, nil // the forwarder would answer in its place
		}
		return addr, nil
	}
	return "", fmt.Errorf("port %d of %s is not published", port, name)
}

// Log is a service's log; nil for an unknown service.
func (v *environment) Log(name string) *probe.Log {
	if s := v.service(name); s != nil {
		return &s.log
	}
	return nil
}

// ReadFile reads a file out of a container, of at most 4 MiB. Files on a tmpfs cannot be read this way.
func (v *environment) ReadFile(ctx context.Context, name, path string) ([]byte, error) {
	s, err := v.known(name)
	if err != nil {
		return nil, err
	}
	r, err := v.api.CopyFromContainer(ctx, s.container, client.CopyFromContainerOptions{SourcePath: path})
	if err != nil {
		return nil, v.trouble(fmt.Errorf("reading %s of %s: %w", path, name, err))
	}
	defer func() { _ = r.Content.Close() }()
	data, err := firstFile(r.Content)
	if err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", path, name, err)
	}
	return data, nil
}

// Put writes files into running services through the engine's copy API, so that no path of this machine is needed.
func (v *environment) Put(ctx context.Context, files []session.File) error {
	byService := map[string][]session.File{}
	for _, f := range files {
		if _, err := v.known(f.Service); err != nil {
			return fmt.Errorf("writing %s: %w", f.Path, err)
		}
		byService[f.Service] = append(byService[f.Service], f)
	}
	for _, s := range v.services {
		if err := v.put(ctx, s, byService[s.Name]); err != nil {
			return v.trouble(err)
		}
	}
	return nil
}

func (v *environment) put(ctx context.Context, s *service, files []session.File) error {
	for _, p := range parcels(files) {
		content, err := p.tar()
		if err != nil {
			return err
		}
		_, err = v.api.CopyToContainer(ctx, s.container, client.CopyToContainerOptions{DestinationPath: p.folder, Content: content})
		if err != nil {
			return fmt.Errorf("writing into %s of %s: %w", p.folder, s.Name, err)
		}
	}
	return nil
}

// Died is closed when a container ended that should be running.
func (v *environment) Died() <-chan struct{} { return v.died }

// Cause says which service ended, with what exit code, and what it last wrote; nil while all run.
func (v *environment) Cause() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.cause
}

// fell notes that a service ended by itself.
func (v *environment) fell(cause error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stopping || v.cause != nil {
		return
	}
	v.cause = cause
	close(v.died)
}

// obituary describes the end of a service.
func (v *environment) obituary(ctx context.Context, s *service) error {
	code, oom := 0, false
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	if r, err := v.api.ContainerInspect(ctx, s.container, client.ContainerInspectOptions{}); err == nil && r.Container.State != nil {
		code, oom = r.Container.State.ExitCode, r.Container.State.OOMKilled
	}
	last := "it wrote nothing"
	if lines := s.log.Since(s.log.Last() - 1); len(lines) > 0 {
		last = printable.Uncoloured(lines[len(lines)-1].Text)
	}
	if oom {
		return hint.With(fmt.Errorf("%s used more memory than it may and was killed", s.Name), "service-out-of-memory", s.Name)
	}
	return hint.With(fmt.Errorf("%s ended with exit code %d: %s", s.Name, code, last), "service-died", s.Name, code, last)
}

// Stop removes containers, network and volumes. A call that fails may be repeated; once one has succeeded, the
// others do nothing.
func (v *environment) Stop(ctx context.Context) error {
	v.mu.Lock()
	v.stopping = true
	v.mu.Unlock()
	v.stop.Lock()
	defer v.stop.Unlock()
	if v.removed {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	err := v.terminate(ctx)
	v.end()
	err = errors.Join(err, v.remove(ctx))
	v.work.Wait()
	all := v.services
	if v.forwarder != nil {
		all = append(slices.Clone(all), v.forwarder)
	}
	for _, s := range all {
		s.log.End()
	}
	if err != nil {
		v.engine.soil(v.plan.id)
		return v.trouble(fmt.Errorf("removing the environment: %w", err))
	}
	v.removed = true
	return nil
}

// remove removes the services with their network, and beside them the forwarder with its own. The network of the
// services is upon the forwarder's, and engines do not mind which goes first.
func (v *environment) remove(ctx context.Context) error {
	var outer error
	var beside hint.Workers
	if v.forwarder != nil {
		beside.Go(func() {
			outer = remove(ctx, v.api, []string{v.forwarder.container}, []string{v.plan.outer}, nil)
		})
	}
	var containers []string
	for _, s := range v.services {
		containers = append(containers, s.container)
	}
	volumes, held := v.plan.volumes, []string(nil)
	if v.plan.bounded { // the forwarder has them, too
		volumes, held = nil, volumes
	}
	err := remove(ctx, v.api, containers, []string{v.plan.network}, volumes)
	beside.Wait()
	return errors.Join(err, outer, remove(ctx, v.api, nil, nil, held))
}

// terminate gives the services that want it the time to end by themselves.
func (v *environment) terminate(ctx context.Context) error {
	var names []string
	grace := map[string]time.Duration{}
	for _, s := range v.services {
		if s.StopGrace > 0 {
			names, grace[s.container] = append(names, s.container), s.StopGrace
		}
	}
	return each(names, func(name string) error {
		_, err := v.api.ContainerKill(ctx, name, client.ContainerKillOptions{Signal: "TERM"})
		if err != nil {
			return nil // not running: nothing to wait for
		}
		wait, cancel := context.WithTimeout(ctx, grace[name])
		defer cancel()
		for pause(wait, 20*time.Millisecond) {
			r, err := v.api.ContainerInspect(wait, name, client.ContainerInspectOptions{})
			if err != nil || r.Container.State == nil || !r.Container.State.Running {
				break
			}
		}
		return nil
	})
}

func (v *environment) trouble(err error) error { return trouble(err, v.engine.Host()) }

// tail keeps the first bytes of what a command writes, so that one that never stops writing costs no memory.
type tail struct {
	bytes.Buffer
}

const maxOutput = 1 << 20 // bytes, of each of a command's outputs

func (t *tail) Write(p []byte) (int, error) {
	if room := maxOutput - t.Len(); room > 0 {
		t.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
