package docker

import (
	"context"
	"time"

	"github.com/moby/moby/client"
)

// callLimit is how long one call to the engine may take that makes, asks or removes one thing. A call takes
// milliseconds, on a machine that can hardly breathe seconds; an engine that hangs would hold up a save for ever.
const callLimit = 20 * time.Second

// patient gives each call a limit of its own. What streams for long (pulls, builds, logs, copies out, images) has none
// here, nor have actions on services: each has the limit of the one who wants it.
type patient struct {
	api
	limit time.Duration
}

// bounded runs call within the limit.
func bounded[T any](ctx context.Context, limit time.Duration, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return call(ctx)
}

func (p patient) ServerVersion(ctx context.Context, o client.ServerVersionOptions) (client.ServerVersionResult, error) {
	return bounded(ctx, p.limit, func(ctx context.Context) (client.ServerVersionResult, error) {
		return p.api.ServerVersion(ctx, o)
	})
}

func (p patient) ImageInspect(ctx context.Context, ref string, o ...client.ImageInspectOption) (client.ImageInspectResult, error) {
	return bounded(ctx, p.limit, func(ctx context.Context) (client.ImageInspectResult, error) {
		return p.api.ImageInspect(ctx, ref, o...)
	})
}

func (p patient) NetworkCreate(ctx context.Context, name string, o client.NetworkCreateOptions) (client.NetworkCreateResult, error) {
	return bounded(ctx, p.limit, func(ctx context.Context) (client.NetworkCreateResult, error) {
		return p.api.NetworkCreate(ctx, name, o)
	})
}

func (p patient) VolumeCreate(ctx context.Context, o client.VolumeCreateOptions) (client.VolumeCreateResult, error) {
	return bounded(ctx, p.limit, func(ctx context.Context) (client.VolumeCreateResult, error) {
		return p.api.VolumeCreate(ctx, o)
	})
}

func (p patient) ContainerCreate(ctx context.Context, o client.ContainerCreateOptions) (client.ContainerCreateResult, error) {
	return bounded(ctx, p.limit, func(ctx context.Context) (client.ContainerCreateResult, error) {
		return p.api.ContainerCreate(ctx, o)
	})
}

func (p patient) ContainerStart(ctx context.Context, name string, o client.ContainerStartOptions) (client.ContainerStartResult, error) {
	return bounded(ctx, p.limit, func(ctx context.Context) (client.ContainerStartResult, error) {
		return p.api.ContainerStart(ctx, name, o)
	})
}

func (p patient) ContainerRestart(ctx context.Context, name string, o client.ContainerRestartOptions) (client.ContainerRestartResult, error) {
	limit := p.limit
	if o.Timeout != nil {
		limit += time.Duration(*o.Timeout) * time.Second
	}
	return bounded(ctx, limit, func(ctx context.Context) (client.ContainerRestartResult, error) {
		return p.api.ContainerRestart(ctx, name, o)
	})
}

func (p patient) ContainerKill(ctx context.Context, name string, o client.ContainerKillOptions) (client.ContainerKillResult, error) {
	return bounded(ctx, p.limit, func(ctx context.Context) (client.ContainerKillResult, error) {
		return p.api.ContainerKill(ctx, name, o)
	})
}

func (p patient) ContainerInspect(ctx context.Context, name string, o client.ContainerInspectOptions) (client.ContainerInspectResult, error) {
	return bounded(ctx, p.limit, func(ctx context.Context) (client.ContainerInspectResult, error) {
		return p.api.ContainerInspect(ctx, name, o)
	})
}

func (p patient) ContainerList(ctx context.Context, o client.ContainerListOptions) (client.ContainerListResult, error) {
	return bounded(ctx, p.limit, func(ctx context.Context) (client.ContainerListResult, error) {
		return p.api.ContainerList(ctx, o)
	})
}

func (p patient) CopyToContainer(ctx context.Context, name string, o client.CopyToContainerOptions) (client.CopyToContainerResult, error) {
	return bounded(ctx, p.limit, func(ctx context.Context) (client.CopyToContainerResult, error) {
		return p.api.CopyToContainer(ctx, name, o)
	})
}

func (p patient) ExecCreate(ctx context.Context, name string, o client.ExecCreateOptions) (client.ExecCreateResult, error) {
	return bounded(ctx, p.limit, func(ctx context.Context) (client.ExecCreateResult, error) {
		return p.api.ExecCreate(ctx, name, o)
	})
}

func (p patient) ExecAttach(ctx context.Context, id string, o client.ExecAttachOptions) (client.ExecAttachResult, error) {
	// What is attached lives on by itself: it knows nothing of ctx.
	return bounded(ctx, p.limit, func(ctx context.Context) (client.ExecAttachResult, error) {
		return p.api.ExecAttach(ctx, id, o)
	})
}

func (p patient) ExecInspect(ctx context.Context, id string, o client.ExecInspectOptions) (client.ExecInspectResult, error) {
	return bounded(ctx, p.limit, func(ctx context.Context) (client.ExecInspectResult, error) {
		return p.api.ExecInspect(ctx, id, o)
	})
}
