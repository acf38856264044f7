package docker

import (
	"context"
	"testing"

	buildtypes "github.com/moby/moby/api/types/build"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"
)

// answering is an engine that says who it is.
type answering struct {
	api
	name  string
	asked bool
}

func (a *answering) ServerVersion(context.Context, client.ServerVersionOptions) (r client.ServerVersionResult, err error) {
	a.asked = true
	r.Components = []system.ComponentVersion{{Name: a.name}}
	return r, nil
}

func TestIsPodman(t *testing.T) {
	for _, test := range []struct {
		name, builder string
		want, asked   bool
	}{
		{"Engine", "1", false, false},
		{"Podman Engine", "", true, true},
		{"Engine", "", false, true},
	} {
		a := &answering{name: test.name}
		var pong client.PingResult
		pong.BuilderVersion = buildtypes.BuilderVersion(test.builder)
		if got := isPodman(t.Context(), a, pong); got != test.want || a.asked != test.asked {
			t.Errorf("%s, builder %q: got %v, asked %v", test.name, test.builder, got, a.asked)
		}
	}
}

// TestForPodman: a name server of ours would take the place of the one that knows the services.
func TestForPodman(t *testing.T) {
	p, err := planFor("x", "", one(), nil, map[string]string{"a": "i"}, someone)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.services[0].create.HostConfig.DNS) != 1 {
		t.Fatal("on Docker, names that are no services are to be refused at once")
	}
	p.forPodman()
	if h := p.services[0].create.HostConfig; len(h.DNS) != 0 {
		t.Errorf("on Podman, too: %v", h.DNS)
	}
}

// TestPodmanBuilder: Podman numbers the steps of each stage.
func TestPodmanBuilder(t *testing.T) {
	var b buildProgress
	b.line("[2/3] STEP 2/5: RUN make")
	if b.stage.Done != 1 || b.stage.Total != 5 || b.stage.Detail != "RUN make" {
		t.Errorf("got %+v", b.stage)
	}
}
