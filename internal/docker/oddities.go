package docker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/hint"
)

// watch notices what befalls containers that go on running: somebody froze one, or took it off the lab's network. What
// the lab itself does to them, by an action, is no surprise.
func (v *environment) watch(ctx context.Context) {
	for ctx.Err() == nil {
		v.watchOnce(ctx)
		if !pause(ctx, time.Second) {
			return
		}
	}
}

func (v *environment) watchOnce(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream := v.api.Events(ctx, client.EventsListOptions{
		Filters: make(client.Filters).Add("event", "pause", "disconnect")})
	v.look(ctx) // what happened before the stream began is not in it
	for {
		select {
		case <-ctx.Done():
			return
		case <-stream.Err:
			return
		case m := <-stream.Messages:
			about := m.Actor.Attributes
			if about[labelSession] != v.plan.id && about["name"] != v.plan.network {
				continue
			}
			// Engines tell of it a moment before their own lists know.
			for _, wait := range []time.Duration{0, 50 * time.Millisecond, 500 * time.Millisecond} {
				if !pause(ctx, wait) {
					return
				}
				v.look(ctx)
			}
		}
	}
}

// look compares the containers with what they should be like.
func (v *environment) look(ctx context.Context) {
	list, err := v.api.ContainerList(ctx, client.ContainerListOptions{
		Filters: make(client.Filters).Add("label", labelSession+"="+v.plan.id)})
	if err != nil {
		return // whether the engine is still there is for those to find out who follow the logs
	}
	for _, c := range list.Items {
		s := v.service(c.Labels[labelService])
		if s == nil || !slices.Contains(c.Names, "/"+s.container) {
			continue
		}
		v.mu.Lock()
		busy, frozen, unplugged := s.busy > 0, s.frozen, s.unplugged
		v.mu.Unlock()
		switch {
		case busy:
		case c.State == "paused" && !frozen:
			v.fell(hint.With(fmt.Errorf("%s was paused by somebody", s.Name), "service-paused", s.Name))
		case c.State == "running" && !unplugged && c.NetworkSettings != nil && c.NetworkSettings.Networks[v.plan.network] == nil:
			v.fell(hint.With(fmt.Errorf("%s was taken off the lab's network", s.Name), "network-gone", s.Name))
		}
	}
}

// bend says that the lab itself is doing verb to a service; settle, that it is done.
func (v *environment) bend(s *service, verb string) (settle func(error)) {
	v.mu.Lock()
	s.busy++
	v.mu.Unlock()
	return func(err error) {
		v.mu.Lock()
		defer v.mu.Unlock()
		s.busy--
		if err != nil {
			return
		}
		switch verb {
		case "pause":
			s.frozen = true
		case "unpause", "kill", "stop", "start", "restart":
			s.frozen = false
		case "disconnect":
			s.unplugged = true
		case "connect":
			s.unplugged = false
		}
	}
}
