package docker

import (
	"context"
	"errors"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
	buildtypes "github.com/moby/moby/api/types/build"
	"github.com/moby/moby/client"
)

// make builds image with the engine's classic builder, which every engine has, within the limits of e.
func (e *Engine) make(ctx context.Context, a api, env course.Environment, image Image, say func(session.Stage)) error {
	c, err := image.context(env)
	if err != nil {
		return err
	}
	content, err := c.tar(e.owner, image.Ref)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, e.limits.time, errBuildSlow)
	defer cancel()
	ctx, exceed := context.WithCancelCause(ctx)
	defer exceed(nil)
	watch := e.watchBuild(ctx, a, image.Ref, exceed)
	defer watch.stop()
	progress := &buildProgress{stage: session.Stage{Name: "build", Subject: image.Service}}
	say(progress.stage)
	// Without the builder's cache, as what would be in it is dropped below, and another process that builds the same
	// must not come to depend on it meanwhile.
	options := client.ImageBuildOptions{
		Tags: []string{image.Ref}, Dockerfile: c.dockerfile, Remove: true, ForceRemove: true, NoCache: true,
		BuildArgs: map[string]*string{}, Labels: map[string]string{labelLab: env.Lab, labelService: image.Service},
		Version: buildtypes.BuilderV1,
	}
	e.limits.confine(&options)
	proxies := buildProxies(e.options.Getenv, e.Host())
	for _, args := range []map[string]string{proxies, c.args} { // a lab's own arguments count
		for name, value := range args {
			options.BuildArgs[name] = &value
		}
	}
	response, err := a.ImageBuild(ctx, content, options)
	if err == nil {
		err = progress.read(response.Body, e.limits.output, say, watch.made)
		_ = response.Body.Close()
	}
	if err == nil {
		err = e.finished(ctx, a, image.Ref)
	}
	if err != nil {
		watch.remove(ctx, true)
		return buildTrouble(ctx, image.Service, progress, secretsOf(proxies), err)
	}
	watch.remove(ctx, false)
	progress.stage.End, progress.stage.Done = true, progress.stage.Total
	say(progress.stage)
	return nil
}

// finished makes sure that a build whose output ended without an error made its image: a connection that is cut in the
// middle looks the same.
func (e *Engine) finished(ctx context.Context, a api, ref string) error {
	there, err := present(ctx, a, ref)
	if err == nil && !there {
		err = errors.New("the builder's output ended before the image was made")
	}
	return err
}
