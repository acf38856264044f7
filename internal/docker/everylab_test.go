package docker

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/labs"
)

// everyLab gives each lab of the course that claims Docker, in each variant.
func everyLab(t *testing.T) []course.Lab {
	t.Helper()
	dirs, err := fs.ReadDir(labs.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	var out []course.Lab
	for _, d := range dirs {
		folder, err := fs.Sub(labs.FS, d.Name())
		if err != nil || !d.IsDir() {
			continue
		}
		variants, err := course.Variants(folder)
		if err != nil {
			t.Errorf("%s: %v", d.Name(), err)
		}
		for _, v := range variants {
			lab, err := course.LoadLab(folder, d.Name(), v)
			if err != nil {
				t.Errorf("%s %s: %v", d.Name(), v, err)
			} else if slices.Contains(lab.Engines, "docker") {
				out = append(out, lab)
			}
		}
	}
	return out
}

// TestLeastPrivilegeOfEveryLab starts each lab of the course and inspects what the engine made of it, from outside and
// from within.
func TestLeastPrivilegeOfEveryLab(t *testing.T) {
	e := real(t)
	for _, lab := range everyLab(t) {
		t.Run(lab.ID+"/"+lab.Variant, func(t *testing.T) {
			missing, err := e.Missing(t.Context(), lab.Env)
			if err != nil {
				t.Fatal(err)
			}
			if len(missing) > 0 && os.Getenv("LAB_TORTURE") == "" && os.Getenv("LAB_REQUIRE_DOCKER") == "" {
				t.Skip("its images are not here: lab pull --all")
			}
			initial, err := lab.Initial()
			if err != nil {
				t.Fatal(err)
			}
			var files []session.File
			for _, x := range lab.Edit {
				files = append(files, session.File{Service: x.Service, Path: x.Target, Data: initial[x.Path]})
			}
			v, err := e.Start(t.Context(), newID(), lab.Env, files, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = v.Stop(context.Background()) }()
			for _, s := range v.(*environment).services {
				outside(t, e, s)
				within(t, v.(*environment), s)
			}
			noWayOut(t, e, v.(*environment))
		})
	}
}

// capabilities are those that a container may be given, at most, by number: see course's list.
const capabilities = 1<<0 | 1<<1 | 1<<5 | 1<<6 | 1<<7 | 1<<10

// outside looks at what the engine says of a container.
func outside(t *testing.T, e *Engine, s *service) {
	t.Helper()
	r, err := e.api.ContainerInspect(t.Context(), s.container, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h := r.Container.HostConfig
	for what, bad := range map[string]bool{
		"privileged":          h.Privileged,
		"capabilities kept":   !slices.Equal(h.CapDrop, []string{"ALL"}) || len(h.CapAdd) != len(s.CapAdd),
		"new privileges":      !slices.Contains(h.SecurityOpt, "no-new-privileges"),
		"writable root":       h.ReadonlyRootfs != s.ReadOnly,
		"host mounts":         len(h.Binds) > 0,
		"devices":             len(h.Devices) > 0,
		"host namespaces":     h.PidMode.IsHost() || h.IpcMode.IsHost() || h.NetworkMode.IsHost() || h.UTSMode.IsHost(),
		"memory without end":  h.Memory <= 0 || h.MemorySwap != h.Memory,
		"processes, no bound": h.PidsLimit == nil || *h.PidsLimit <= 0,
		"CPU without end":     h.CPUQuota <= 0,
		"restarts":            !h.RestartPolicy.IsNone(),
	} {
		if bad {
			t.Errorf("%s: %s", s.Name, what)
		}
	}
	for port, bindings := range r.Container.NetworkSettings.Ports {
		for _, b := range bindings {
			if !b.HostIP.IsLoopback() {
				t.Errorf("%s: port %v is published on %v", s.Name, port, b.HostIP)
			}
		}
	}
	for _, m := range r.Container.Mounts {
		if m.Type == "bind" {
			t.Errorf("%s: %s of the host is mounted", s.Name, m.Source)
		}
	}
	if !s.ReadOnly {
		t.Logf("%s: its root can be written", s.Name)
	}
}

// within looks from inside: what the kernel says of the main process, and whether a packet finds a way out.
func within(t *testing.T, v *environment, s *service) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := v.Exec(ctx, s.Name, "cat", "/proc/1/status")
	if err != nil || r.Code != 0 {
		t.Logf("%s: cannot look inside: %v %s", s.Name, err, r.Stderr)
		return
	}
	var bound, user uint64
	for line := range strings.Lines(r.Stdout) {
		_, _ = fmt.Sscanf(line, "CapBnd: %x", &bound)
		_, _ = fmt.Sscanf(line, "Uid: %d", &user)
	}
	if bound&^capabilities != 0 {
		t.Errorf("%s: capabilities %#x", s.Name, bound)
	}
	if !strings.Contains(r.Stdout, "NoNewPrivs:\t1") {
		t.Errorf("%s: may gain privileges", s.Name)
	}
	if user == 0 {
		t.Errorf("%s: its main process is root", s.Name)
	}
	for _, out := range []string{"1.1.1.1:53", "8.8.8.8:443"} {
		host, port, _ := strings.Cut(out, ":")
		r, err := v.Exec(ctx, s.Name, "sh", "-c", fmt.Sprintf(
			"timeout 2 nc -w 1 %[1]s %[2]s </dev/null >/dev/null 2>&1 && echo out; timeout 2 wget -q -T 1 -O- http://%[1]s:%[2]s/ >/dev/null 2>&1 && echo out", host, port))
		if err == nil && strings.Contains(r.Stdout, "out") {
			t.Errorf("%s: %s can be reached", s.Name, out)
		}
	}
}

// noWayOut wants the lab's network to lead nowhere, and the forwarder's not to lend packets the host's address.
func noWayOut(t *testing.T, e *Engine, v *environment) {
	t.Helper()
	list, err := e.api.NetworkList(t.Context(), client.NetworkListOptions{Filters: make(client.Filters).Add("name", v.plan.network)})
	if err != nil || len(list.Items) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	for _, n := range list.Items {
		if inner := n.Name == v.plan.network; inner != n.Internal || !inner && n.Options["com.docker.network.bridge.enable_ip_masquerade"] != "false" {
			t.Errorf("%s: internal %v, %v", n.Name, n.Internal, n.Options)
		}
	}
}
