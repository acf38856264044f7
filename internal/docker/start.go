package docker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/session"
)

var _ session.Engine = (*Engine)(nil)

// Start brings up env in containers of its own: see session.Engine. Images that are missing are pulled or built.
// Errors carry a hint: those of Available and Prepare, service-died, service-not-ready, docker-networks-full.
func (e *Engine) Start(ctx context.Context, id string, env course.Environment, files []session.File,
	say func(session.Stage)) (session.Environment, error) {
	a, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	say = inTurn(say)
	ours := e.options.Shipped != nil && e.options.Shipped(env)
	p, err := e.planned(ctx, a, id, env, files, ours, say)
	if err != nil {
		return nil, err
	}
	v := newEnvironment(ctx, e, a, p)
	if err := e.up(ctx, v, env, say); err != nil {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
		defer cancel()
		err = trouble(err, e.Host())
		if left := v.Stop(clean); left != nil {
			return nil, errors.Join(err, &session.Remains{Err: left, Stop: v.Stop})
		}
		if errors.Is(err, errNotIsolated) {
			if e.opened(); ours {
				return e.Start(ctx, id, env, files, say)
			}
		}
		return nil, err
	}
	for _, s := range v.services {
		v.warm(s) // not before: it would take the processor from services that are still starting
	}
	v.work.Go(func() { v.watch(v.life) })
	v.work.Go(func() { v.watchRoots(v.life) })
	return v, nil
}

// planned decides what to make; ours says that the lab came with the program.
func (e *Engine) planned(ctx context.Context, a api, id string, env course.Environment, files []session.File, ours bool,
	say func(session.Stage)) (p plan, err error) {
	images, err := imagesOf(env)
	if err != nil {
		return p, err
	}
	refs := map[string]string{}
	for _, image := range images {
		refs[image.Service] = image.Ref
	}
	p, err = planFor(id, e.launder(ctx, a, id), env, files, refs, e.owner)
	if err != nil {
		return p, err
	}
	switch {
	case e.isolates():
		p.isolate(refs[forwarderName])
	case ours:
		say(session.Stage{Name: "not-isolated"})
		say(session.Stage{Name: "not-isolated", End: true})
	default:
		return p, trouble(errNotIsolated, e.Host())
	}
	if e.podman {
		p.forPodman()
	}
	if !ours {
		if _, err := e.prepare(ctx, a, env, say); err != nil {
			return p, err
		}
		declared, err := declaredVolumes(ctx, a, p)
		if err != nil {
			return p, trouble(err, e.Host())
		}
		p.bind(declared)
	}
	return p, nil
}

// up makes what the plan says. When it returns, whether with an error or not, no call that makes something is in
// flight, so that removing finds everything.
func (e *Engine) up(ctx context.Context, v *environment, env course.Environment, say func(session.Stage)) error {
	volumes := make([]client.VolumeCreateOptions, len(v.plan.volumes))
	for i, name := range v.plan.volumes { // before the network, which writes its addresses into the plan
		volumes[i] = v.plan.volumeOptions(name)
	}
	g, gctx := hint.NewTasks(ctx)
	g.Go(func() error {
		_, err := e.prepare(gctx, v.api, env, say)
		return err
	})
	g.Go(func() error { return v.network(gctx, say) })
	for _, o := range volumes {
		g.Go(func() error {
			return steady(gctx, func(ctx context.Context) error {
				_, err := v.api.VolumeCreate(ctx, o)
				return wrap(err, "creating volume %s", o.Name)
			})
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	g, gctx = hint.NewTasks(ctx)
	if v.forwarder != nil {
		g.Go(func() error { return v.bringForwarder(gctx) })
		if v.plan.bounded { // what is laid into a volume that nobody has mounted is lost
			if err := v.forwarder.wait(gctx); err != nil {
				return errors.Join(g.Wait(), err)
			}
			if err := e.prove(gctx, v); err != nil {
				return errors.Join(err, g.Wait())
			}
		}
	}
	for _, s := range v.services {
		g.Go(func() error { return v.bring(gctx, s, say) })
	}
	return g.Wait()
}

// bring makes, fills and starts one container, after those that it depends on, and waits until it is ready.
func (v *environment) bring(ctx context.Context, s *service, say func(session.Stage)) error {
	stage := func(name string, end bool) { say(session.Stage{Name: name, Subject: s.Name, End: end}) }
	stage("create", false)
	err := steady(ctx, func(ctx context.Context) error {
		_, err := v.api.ContainerCreate(ctx, s.create)
		return wrap(err, "creating container %s", s.container)
	})
	if err != nil {
		return err
	}
	if err := v.put(ctx, s, s.files); err != nil {
		return err
	}
	stage("create", true)
	for _, name := range s.DependsOn {
		if before := v.service(name); before != nil {
			if err := before.wait(ctx); err != nil {
				return err
			}
			// Nothing passes between services before the forwarder's cable is in the bridge beneath them.
			if err := v.forwarder.wait(ctx); err != nil {
				return err
			}
		}
	}
	stage("start", false)
	err = steady(ctx, func(ctx context.Context) error {
		_, err := v.api.ContainerStart(ctx, s.container, client.ContainerStartOptions{})
		return wrap(err, "starting %s", s.Name)
	})
	if err != nil {
		return err
	}
	close(s.started)
	v.work.Go(func() { v.follow(v.life, s) })
	stage("start", true)
	stage("ready", false)
	if err := v.ready(ctx, s); err != nil {
		return err
	}
	stage("ready", true)
	return nil
}

// wait waits until a service was started; for no service there is nothing to wait for.
func (s *service) wait(ctx context.Context) error {
	if s == nil {
		return nil
	}
	select {
	case <-s.started:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ready finds a service's ports and waits until it answers.
func (v *environment) ready(ctx context.Context, s *service) error {
	if err := v.findPorts(ctx, s); err != nil {
		return err
	}
	if s.Ready.Log != "" {
		if err := v.saidReady(ctx, s); err != nil {
			return err
		}
	}
	if s.Ready.Port == 0 {
		return nil
	}
	addr, err := v.Addr(s.Name, s.Ready.Port)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, readyLimit, errNotReady)
	defer cancel()
	for began := time.Now(); !answers(ctx, "http://"+addr+s.Ready.Path, time.Since(began)); {
		select {
		case <-s.ended:
			return v.obituary(ctx, s)
		default:
		}
		// Asking costs the machine something, and many labs may be starting on it: what takes long is asked seldom.
		if !pause(ctx, min(max(time.Since(began)/16, 8*time.Millisecond), 250*time.Millisecond)) {
			if errors.Is(context.Cause(ctx), errNotReady) {
				return hint.With(fmt.Errorf("waiting for %s: %w", s.Name, errNotReady), "service-not-ready", s.Name,
					readyLimit.Seconds())
			}
			return ctx.Err()
		}
	}
	return nil
}

var errNotReady = errors.New("it did not answer in time")

// answers tells whether there is an HTTP server behind url, whatever its status. A server that has let itself be waited
// for is given as long again: on a machine with too much to do its answer takes long, too.
func answers(ctx context.Context, url string, waited time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, max(2*time.Second, waited))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	request.Close = true
	// No proxy from the environment, and nothing kept: the connection is ours to the service.
	t := &http.Transport{DisableKeepAlives: true}
	defer t.CloseIdleConnections()
	response, err := t.RoundTrip(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return true
}

// findPorts asks the engine for the numbers that it chose.
func (v *environment) findPorts(ctx context.Context, s *service) error {
	if len(s.Ports) == 0 {
		return nil
	}
	if v.forwarder != nil {
		return v.forwarder.wait(ctx) // that has them
	}
	r, err := v.api.ContainerInspect(ctx, s.container, client.ContainerInspectOptions{})
	if err != nil {
		return fmt.Errorf("asking for the ports of %s: %w", s.Name, err)
	}
	v.mu.Lock()
	s.addrs = published(r)
	v.mu.Unlock()
	return nil
}

// steady runs a call that makes something. If ctx ends meanwhile, the call may still finish for a while: a request
// that is torn off may or may not have made its thing, after we looked for it.
func steady(ctx context.Context, call func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(graceLimit, cancel)
	})
	defer stop()
	return call(inner)
}

func wrap(err error, format string, args ...any) error {
	if err == nil || errdefs.IsCanceled(err) {
		return err
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
