package docker

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"strings"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/session"
)

// subnets is how many address ranges are tried before the engine is believed to have none left.
const subnets = 16

// network makes the lab's network.
func (v *environment) network(ctx context.Context, say func(session.Stage)) error {
	say(session.Stage{Name: "network"})
	err := v.makeNetwork(ctx, nil)
	for i := 0; i < subnets && outOfAddresses(err); i++ {
		err = v.makeNetwork(ctx, smallSubnet())
	}
	if err == nil {
		say(session.Stage{Name: "network", End: true})
	}
	return err
}

func (v *environment) makeNetwork(ctx context.Context, addresses *network.IPAM) error {
	return steady(ctx, func(ctx context.Context) error {
		_, err := v.api.NetworkCreate(ctx, v.plan.network, client.NetworkCreateOptions{
			Driver: "bridge", Labels: v.plan.labels, IPAM: addresses,
			// No way out: packets leave with an address that nobody answers to. Unlike an internal network, this one
			// still publishes ports.
			Options: map[string]string{"com.docker.network.bridge.enable_ip_masquerade": "false"},
		})
		return wrap(err, "creating network %s", v.plan.network)
	})
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
