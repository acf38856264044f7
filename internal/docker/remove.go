package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/moby/moby/client"
)

// remove removes containers, then networks and volumes, each kind side by side, and reports what could not be.
// What is not there counts as removed.
func remove(ctx context.Context, a api, containers, networks, volumes []string) error {
	err := each(containers, func(name string) error { return removeContainer(ctx, a, name) })
	var wg hint.Workers
	var errNetworks, errVolumes error
	wg.Go(func() {
		errNetworks = each(networks, func(name string) error { return removeNetwork(ctx, a, name) })
	})
	errVolumes = each(volumes, func(name string) error {
		_, err := a.VolumeRemove(ctx, name, client.VolumeRemoveOptions{Force: true})
		if !gone(err) {
			return fmt.Errorf("removing volume %s: %w", name, err)
		}
		return nil
	})
	wg.Wait()
	return errors.Join(err, errNetworks, errVolumes)
}

// each calls do for all names side by side and joins the errors.
func each(names []string, do func(string) error) error {
	errs := make([]error, len(names))
	var wg hint.Workers
	for i, name := range names[min(1, len(names)):] {
		wg.Go(func() { errs[i+1] = hint.Safely(func() error { return do(name) }) })
	}
	if len(names) > 0 {
		errs[0] = do(names[0])
	}
	wg.Wait()
	return errors.Join(errs...)
}

// removeContainer kills and removes in one call, and returns when the container is gone, even if somebody else
// removes it at the same time.
func removeContainer(ctx context.Context, a api, name string) error {
	// One that is frozen cannot be killed, and engines before 23 wait for it for ever.
	_, _ = a.ContainerUnpause(ctx, name, client.ContainerUnpauseOptions{})
	for {
		_, err := a.ContainerRemove(ctx, name, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		if gone(err) {
			return nil
		}
		if !errdefs.IsConflict(err) || !pause(ctx, 20*time.Millisecond) {
			return fmt.Errorf("removing container %s: %w", name, err)
		}
	}
}

// removeNetwork tries again while the engine still counts the endpoints of containers that have just gone.
func removeNetwork(ctx context.Context, a api, name string) error {
	for i := 0; ; i++ {
		_, err := a.NetworkRemove(ctx, name, client.NetworkRemoveOptions{})
		if gone(err) {
			return nil
		}
		if i == 25 {
			unplugAll(ctx, a, name)
		}
		if i == 50 || !pause(ctx, 20*time.Millisecond) {
			return fmt.Errorf("removing network %s: %w", name, err)
		}
	}
}

// unplugAll takes every endpoint off a network. An engine whose container start was cut short keeps one for a container
// that it no longer has.
func unplugAll(ctx context.Context, a api, name string) {
	r, err := a.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if err != nil {
		return
	}
	for id, endpoint := range r.Network.Containers {
		for _, container := range []string{id, endpoint.Name} {
			_, _ = a.NetworkDisconnect(ctx, name, client.NetworkDisconnectOptions{Container: container, Force: true})
		}
	}
}

// pause waits; false means that ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
