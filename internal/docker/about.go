package docker

import (
	"context"

	"github.com/moby/moby/client"
)

// Root is the folder in which the engine keeps images, on the engine's machine.
func (e *Engine) Root(ctx context.Context) (string, error) {
	a, err := e.connect(ctx)
	if err != nil {
		return "", err
	}
	info, err := a.Info(ctx, client.InfoOptions{})
	return info.Info.DockerRootDir, trouble(err, e.Host())
}
