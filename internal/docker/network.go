package docker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/session"
)

// subnets is how many address ranges are tried before the engine is believed to have none left.
const subnets = 16

// network makes the lab's networks: the one that publishes ports, and the one without a way out that is upon it.
func (v *environment) network(ctx context.Context, say func(session.Stage)) error {
	say(session.Stage{Name: "network"})
	name, options := v.plan.network, map[string]string{
		// Packets leave with an address that nobody answers to. Unlike an internal network, this one publishes ports.
		"com.docker.network.bridge.enable_ip_masquerade": "false"}
	if v.plan.outer != "" {
		name, options["com.docker.network.bridge.name"] = v.plan.outer, linkName(v.plan.network)
	}
	create := client.NetworkCreateOptions{Driver: "bridge", Labels: v.plan.labels, Options: options}
	err := v.makeNetwork(ctx, name, create)
	for i := 0; i < subnets && outOfAddresses(err); i++ {
		create.IPAM = smallSubnet()
		err = v.makeNetwork(ctx, name, create)
	}
	if err == nil && v.plan.outer != "" {
		err = v.isolated(ctx)
	}
	if err == nil {
		say(session.Stage{Name: "network", End: true})
	}
	return err
}

// isolated makes the network without a way out. See the beginning of forwarder.go.
func (v *environment) isolated(ctx context.Context) error {
	create := client.NetworkCreateOptions{Driver: "macvlan", Internal: true, Labels: v.plan.labels,
		Options: map[string]string{"parent": linkName(v.plan.network)}}
	var err error
	for range subnets {
		create.IPAM = privateSubnet()
		if err = v.makeNetwork(ctx, v.plan.network, create); err == nil {
			v.plan.settle(create.IPAM.Config[0].Subnet)
			return nil
		}
		if errdefs.IsInternal(err) && !outOfAddresses(err) || errdefs.IsNotFound(err) || errdefs.IsNotImplemented(err) || errdefs.IsInvalidArgument(err) {
			return fmt.Errorf("%w: %w", errNotIsolated, err)
		}
		if !outOfAddresses(err) {
			return err
		}
	}
	return err
}

func (v *environment) makeNetwork(ctx context.Context, name string, create client.NetworkCreateOptions) error {
	return steady(ctx, func(ctx context.Context) error {
		_, err := v.api.NetworkCreate(ctx, name, create)
		return wrap(err, "creating network %s", name)
	})
}

// privateSubnet is one of the 2^18 ranges of 32 addresses in 10.128.0.0/9. It is on no interface of the machine, so that
// it can be in nobody's way; that no other network of the engine has it is for the engine to say. It is a private one
// because that is what servers trust that are told to trust the proxies before them.
func privateSubnet() *network.IPAM {
	n := rand.IntN(1 << 18)
	base := netip.AddrFrom4([4]byte{10, byte(128 + n>>11), byte(n >> 3), byte(n << 5)})
	return &network.IPAM{Config: []network.IPAMConfig{{Subnet: netip.PrefixFrom(base, 27)}}}
}

// outOfAddresses tells whether the engine has no address range left, or not the one that was asked for.
func outOfAddresses(err error) bool {
	if err == nil {
		return false
	}
	code, _ := classify(err, "")
	return code == "docker-networks-full" || strings.Contains(err.Error(), "Pool overlaps")
}

// smallSubnet is one of the 8192 ranges of 16 addresses in 198.18.0.0/15, which RFC 2544 keeps for tests and which
// leads nowhere. An engine's own ranges are for 65536 addresses each, so that it has about thirty.
func smallSubnet() *network.IPAM {
	n := rand.IntN(1 << 13)
	base := netip.AddrFrom4([4]byte{198, byte(18 + n>>12), byte(n >> 4), byte(n << 4)})
	return &network.IPAM{Config: []network.IPAMConfig{{Subnet: netip.PrefixFrom(base, 28)}}}
}
