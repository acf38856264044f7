package docker

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/probe"
)

var _ probe.Actor = (*environment)(nil)

// stopGrace is how long a service that is stopped by an action has to end by itself, where its file names no time.
const stopGrace = 10 * time.Second

// Do does one thing to a container: see probe.Actor. A service that was killed or stopped stays part of the
// environment: its log goes on once it is started again, and its end is not the environment's.
func (v *environment) Do(ctx context.Context, a course.Action) error {
	verb, name := a.Verb()
	s, err := v.known(name)
	if err != nil {
		return err
	}
	if verb == "reload" {
		return v.reload(ctx, name)
	}
	s.apply.Lock()
	defer s.apply.Unlock()
	settle := v.bend(s, verb)
	switch verb {
	case "kill":
		err = v.down(s, func() error {
			_, err := v.api.ContainerKill(ctx, s.container, client.ContainerKillOptions{Signal: "KILL"})
			return err
		})
	case "stop":
		err = v.down(s, func() error { return v.halt(ctx, s) })
	case "start":
		err = v.up(ctx, s)
	case "restart":
		if err = v.down(s, func() error { return v.halt(ctx, s) }); err == nil {
			err = v.up(ctx, s)
		}
	case "pause":
		_, err = v.api.ContainerPause(ctx, s.container, client.ContainerPauseOptions{})
	case "unpause":
		_, err = v.api.ContainerUnpause(ctx, s.container, client.ContainerUnpauseOptions{})
	case "disconnect":
		_, err = v.api.NetworkDisconnect(ctx, v.plan.network, client.NetworkDisconnectOptions{Container: s.container, Force: true})
	case "connect":
		err = v.plug(ctx, s)
	default:
		err = fmt.Errorf("%q is nothing that can be done to a service", verb)
	}
	settle(err)
	if err != nil {
		return v.trouble(err)
	}
	return nil
}

// down ends a container by end, once; the follower of its log waits for it to come back.
func (v *environment) down(s *service, end func() error) error {
	v.mu.Lock()
	if s.hold != nil {
		v.mu.Unlock()
		return nil // it is down already
	}
	s.hold = make(chan struct{})
	v.mu.Unlock()
	err := end()
	if err != nil {
		v.release(s)
	}
	return err
}

// halt gives a container the time to end by itself.
func (v *environment) halt(ctx context.Context, s *service) error {
	grace := s.StopGrace
	if grace == 0 {
		grace = stopGrace
	}
	limit := int((grace + time.Second - 1) / time.Second)
	_, err := v.api.ContainerStop(ctx, s.container, client.ContainerStopOptions{Timeout: &limit})
	return err
}

func (v *environment) release(s *service) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.hold != nil {
		close(s.hold)
		s.hold = nil
	}
}

// up starts a container that is down, and waits until it is ready.
func (v *environment) up(ctx context.Context, s *service) error {
	v.mu.Lock()
	isDown := s.hold != nil
	s.readyFrom = s.log.Last()
	v.mu.Unlock()
	if !isDown {
		return nil
	}
	if _, err := v.api.ContainerStart(ctx, s.container, client.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("starting %s: %w", s.Name, err)
	}
	v.mu.Lock()
	s.shell = nil // it ended with the container, whether that was noticed yet or not
	v.mu.Unlock()
	s.workers = workers{seq: s.log.Last()} // those before it are gone, whether they said so or not
	v.release(s)
	if err := v.ready(ctx, s); err != nil {
		return err
	}
	v.warm(s)
	return nil
}

// plug puts a container's cable back. The engine publishes its ports anew, perhaps at other numbers.
func (v *environment) plug(ctx context.Context, s *service) error {
	r, err := v.api.ContainerInspect(ctx, s.container, client.ContainerInspectOptions{})
	if err != nil {
		return err
	}
	if n := r.Container.NetworkSettings; n != nil && n.Networks[v.plan.network] != nil {
		return nil // it is in place
	}
	_, err = v.api.NetworkConnect(ctx, v.plan.network, client.NetworkConnectOptions{Container: s.container,
		EndpointConfig: s.endpoint(v.plan.network)})
	if err != nil {
		return err
	}
	v.mu.Lock()
	s.unplugged = false
	v.mu.Unlock()
	return v.ready(ctx, s)
}

// reload is Apply for files that are in force already.
func (v *environment) reload(ctx context.Context, name string) error {
	applied, err := v.Apply(ctx, name)
	if err == nil && !applied.OK {
		err = fmt.Errorf("%s refused its own files: %s", name, applied.Message)
	}
	return err
}

// saidReady waits for the line by which a service says that it is ready.
func (v *environment) saidReady(ctx context.Context, s *service) error {
	pattern, err := regexp.Compile(s.Ready.Log)
	if err != nil {
		return fmt.Errorf("reading what %s says when it is ready: %w", s.Name, err)
	}
	wait, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	v.mu.Lock()
	from := s.readyFrom
	v.mu.Unlock()
	_, err = s.log.Wait(wait, from, func(l probe.Line) bool { return pattern.MatchString(l.Text) })
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, probe.ErrLogEnded):
		return v.obituary(ctx, s)
	}
	return hint.With(fmt.Errorf("waiting for %s: %w", s.Name, errNotReady), "service-not-ready", s.Name, readyLimit.Seconds())
}
