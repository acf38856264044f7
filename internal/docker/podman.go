package docker

import (
	"context"
	"strings"

	"github.com/moby/moby/client"
)

// isPodman tells whether the engine is Podman, which answers Docker's API. Docker names its builder in the answer to a
// ping, so that only an engine that does not has to be asked.
func isPodman(ctx context.Context, a api, pong client.PingResult) bool {
	if pong.BuilderVersion != "" {
		return false
	}
	v, err := a.ServerVersion(ctx, client.ServerVersionOptions{})
	return err == nil && podmanIn(v)
}

func podmanIn(v client.ServerVersionResult) bool {
	for _, c := range v.Components {
		if strings.Contains(c.Name, "Podman") {
			return true
		}
	}
	return false
}

// forPodman takes out of a plan what Podman reads in another way. A name server that is given replaces Podman's own,
// the one that knows the services' names, where Docker puts it behind its own.
func (p *plan) forPodman() {
	for i := range p.services {
		p.services[i].create.HostConfig.DNS = nil
	}
}
