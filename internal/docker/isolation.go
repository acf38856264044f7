package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/printable"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// errNotIsolated is why a lab cannot be shut off from the machine on an engine. The program's own labs then run all the
// same, on a network as engines make them, and it is said; a lab from elsewhere does not run there.
var errNotIsolated = errors.New("this engine has no network that leads nowhere")

// provedWithin is how long the proof that nothing leads out of a network may take.
const provedWithin = 20 * time.Second

// canary looks for ways out of the network that it is on: a route, an address that has one, a neighbour that answers for
// an address of the machine, a name server that knows the outside. It prints what it finds.
const canary = `
awk 'NR > 1 && $2 == "00000000" { print "found a route that leads out" }' /proc/net/route
[ ! -e /proc/net/if_inet6 ] || awk '$6 != "lo" { print "found the address " $1 }' /proc/net/if_inet6
for to in %s; do
  (said=$(nc -w 1 $to 22 </dev/null 2>&1) || [ "${said%%refused}" != "$said" ] && echo "found an answer from $to") &
done
(said=$(wget -T 5 -q -O- http://deb.debian.org/ 2>&1) || [ "${said%%remote host (*}" != "$said" ] && echo "found a name server that knows the outside") &
wait
echo looked
`

// isolates tells whether labs are shut off on this engine, as far as is known: until it fails, it is tried.
func (e *Engine) isolates() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.podman && !e.open
}

// opened notes that labs cannot be shut off on this engine.
func (e *Engine) opened() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open = true
}

// prove has a container look for ways out of the lab's network, before anything of somebody else's is on it. It is done
// once an engine: what it depends on are the engine and the kernel beneath it.
func (e *Engine) prove(ctx context.Context, v *environment) error {
	e.mu.Lock()
	proved := e.proved
	e.mu.Unlock()
	if proved {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, provedWithin)
	defer cancel()
	found, err := v.lookOut(ctx)
	if err != nil {
		return fmt.Errorf("looking for a way out of the lab's network: %w", err)
	}
	if found != "" {
		return fmt.Errorf("%w: there is %s", errNotIsolated, found)
	}
	e.mu.Lock()
	e.proved = true
	e.mu.Unlock()
	return nil
}

// lookOut runs the canary and gives what it found, "" for nothing.
func (v *environment) lookOut(ctx context.Context) (string, error) {
	to := []string{"1.1.1.1", "172.17.0.1", v.plan.inner.Prev().String()}
	r, err := v.api.NetworkInspect(ctx, v.plan.outer, client.NetworkInspectOptions{})
	if err != nil {
		return "", err
	}
	for _, c := range r.Network.IPAM.Config {
		if c.Gateway.IsValid() {
			to = append(to, c.Gateway.String())
		}
	}
	name, pids := v.plan.network+"_canary", int64(forwarderPids)
	h := &container.HostConfig{NetworkMode: container.NetworkMode(v.plan.network), CapDrop: []string{"ALL"}, ReadonlyRootfs: true,
		SecurityOpt: []string{"no-new-privileges"}, LogConfig: boundedLog(), DNS: nowhere(), DNSOptions: hasty()}
	h.Memory, h.MemorySwap, h.PidsLimit = forwarderMemory, forwarderMemory, &pids
	settings := &network.EndpointSettings{IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: v.plan.last}}
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
		defer cancel()
		_ = removeContainer(clean, v.api, name)
	}()
	err = steady(ctx, func(ctx context.Context) error {
		_, err := v.api.ContainerCreate(ctx, client.ContainerCreateOptions{Name: name, HostConfig: h,
			Config: &container.Config{Image: v.forwarder.create.Config.Image, Labels: v.plan.labels,
				Entrypoint: []string{"sh", "-c", fmt.Sprintf(canary, strings.Join(to, " "))}},
			NetworkingConfig: &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{v.plan.network: settings}}})
		return err
	})
	if err == nil {
		err = steady(ctx, func(ctx context.Context) error {
			_, err := v.api.ContainerStart(ctx, name, client.ContainerStartOptions{})
			return err
		})
	}
	for err == nil {
		r, err := v.api.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
		if err != nil {
			return "", err
		}
		if r.Container.State != nil && !r.Container.State.Running {
			break
		}
		if !pause(ctx, 50*time.Millisecond) {
			return "", ctx.Err()
		}
	}
	if err != nil {
		return "", err
	}
	logs, err := v.api.ContainerLogs(ctx, name, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		return "", err
	}
	defer func() { _ = logs.Close() }()
	var out tail
	if err := demux(&out, &out, logs); err != nil {
		return "", err
	}
	return canaryFound(out.String())
}

// canaryFound reads what the canary printed. One that did not come to its end has proved nothing.
func canaryFound(out string) (string, error) {
	var found []string
	looked := false
	for line := range strings.Lines(out) {
		if what, ok := strings.CutPrefix(strings.TrimSpace(line), "found "); ok {
			found = append(found, what)
		}
		looked = looked || strings.TrimSpace(line) == "looked"
	}
	if !looked {
		return "", fmt.Errorf("it did not come to an end: %s", printable.Line(out))
	}
	return strings.Join(found, ", "), nil
}
