package docker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// TestLeastPrivilege inspects what the engine really made of lab 03.
func TestLeastPrivilege(t *testing.T) {
	e, id := real(t), newID()
	v, err := e.Start(t.Context(), id, lab03(t).Env, files(t)(""), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = v.Stop(context.Background()) }()
	for _, s := range v.(*environment).services {
		r, err := e.api.ContainerInspect(t.Context(), s.container, client.ContainerInspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		h, c := r.Container.HostConfig, r.Container.Config
		bad := map[string]bool{
			"privileged":          h.Privileged,
			"capabilities":        len(h.CapAdd) > 0 || !slices.Equal(h.CapDrop, []string{"ALL"}) && !e.podman, // it lists them one by one
			"new privileges":      !slices.Contains(h.SecurityOpt, "no-new-privileges"),
			"writable root":       !h.ReadonlyRootfs,
			"host mounts":         slices.ContainsFunc(h.Binds, func(b string) bool { return strings.HasPrefix(b, "/") }), // Podman lists volumes, too
			"host namespaces":     h.PidMode.IsHost() || h.IpcMode.IsHost() || h.NetworkMode.IsHost() || h.UTSMode.IsHost(),
			"memory without end":  h.Memory <= 0 || h.Memory > defaultMemory,
			"processes, no bound": h.PidsLimit == nil || *h.PidsLimit <= 0 || *h.PidsLimit > defaultPids,
			"CPU without end":     h.CPUQuota <= 0,
			"root":                c.User == "" || strings.HasPrefix(c.User, "0") || c.User == "root",
			"restarts":            !h.RestartPolicy.IsNone(),
			"no owner":            c.Labels[labelOwner] != e.owner.String() || c.Labels[labelSession] != id,
		}
		for what, is := range bad {
			if is {
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
	}
	inside(t, v.(*environment))
}

// inside looks from within: no capability is left, the root cannot be written, and no packet finds its way out.
func inside(t *testing.T, v *environment) {
	sh := func(command string) string {
		r, err := v.Exec(t.Context(), "proxy", "sh", "-c", command)
		if err != nil {
			t.Fatal(err)
		}
		return r.Stdout + r.Stderr
	}
	if got := sh("grep CapBnd /proc/1/status"); !strings.Contains(got, "0000000000000000") {
		t.Errorf("capabilities: %s", got)
	}
	if got := sh("grep NoNewPrivs /proc/1/status"); !strings.Contains(got, "1") {
		t.Errorf("new privileges: %s", got)
	}
	if got := sh("touch /x /etc/nginx/lab/x; echo done"); strings.Count(got, "Read-only file system")+strings.Count(got, "Permission denied") != 2 {
		t.Errorf("writing to the root and to the configuration: %s", got)
	}
	if got := sh("timeout 2 wget -q -O- http://deb.debian.org/ http://192.0.2.1/ http://1.1.1.1/ || echo no way out"); !strings.Contains(got, "no way out") {
		t.Errorf("a way out: %s", got)
	}
	begun := time.Now()
	if got := sh("timeout 8 nslookup no-such-name >/dev/null 2>&1; cat /etc/resolv.conf"); !strings.Contains(got, "attempts:1") {
		t.Errorf("a name that is not there took %v: %s", time.Since(begun), got)
	}
}

// TestNothingLeft gives up Start at many moments and then looks for anything with the session's label.
func TestNothingLeft(t *testing.T) {
	e, lab := real(t), lab03(t)
	moments := []int{0, 5, 20, 40, 60, 80, 100, 130, 160, 200, 250, 300, 400, 500, 600, 700, 900}
	if testing.Short() {
		moments = []int{20, 100, 300}
	}
	for _, ms := range moments {
		id := newID()
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(ms)*time.Millisecond)
		v, err := e.Start(ctx, id, lab.Env, files(t)(""), nil)
		if err == nil {
			err = v.Stop(context.Background())
		} else {
			err = nil
		}
		cancel()
		if left := ofSession(t, e, id); err != nil || len(left) > 0 {
			t.Errorf("given up after %d ms: left %v, %v", ms, left, err)
		}
	}
}

func ofSession(t *testing.T, e *Engine, id string) []Leftover {
	t.Helper()
	all, err := e.Leftovers(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(l Leftover) bool { return l.Session != id })
}

// TestSweep: what a dead process left is removed, what a living one or somebody else has is not.
func TestSweep(t *testing.T) {
	e, lab := real(t), lab03(t)
	owners := map[string]Owner{
		"alive":     e.owner,
		"dead":      {Host: e.owner.Host, UID: e.owner.UID, PID: 1 << 22, Start: "x"},
		"recycled":  {Host: e.owner.Host, UID: e.owner.UID, PID: e.owner.PID, Start: "another"},
		"stranger":  {Host: e.owner.Host, UID: e.owner.UID + 1, PID: 1 << 22, Start: "x"},
		"elsewhere": {Host: "elsewhere", UID: e.owner.UID, PID: 1 << 22, Start: "x"},
	}
	ids := map[string]string{}
	for name, owner := range owners {
		id := newID()
		ids[name] = id
		_, err := e.api.VolumeCreate(t.Context(), client.VolumeCreateOptions{Name: "lab-" + id, Labels: map[string]string{
			labelSession: id, labelOwner: owner.String(), labelLab: lab.ID}})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			_, _ = e.api.VolumeRemove(context.Background(), "lab-"+id, client.VolumeRemoveOptions{Force: true})
		}()
	}
	if _, err := e.Sweep(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	for name, id := range ids {
		left := len(ofSession(t, e, id)) > 0
		if want := name == "alive" || name == "stranger" || name == "elsewhere"; left != want {
			t.Errorf("%s: left %v, want %v", name, left, want)
		}
	}
}

// TestOneAfterTheOther: nothing is made that a session does not remove.
func TestOneAfterTheOther(t *testing.T) {
	e, lab := real(t), lab03(t)
	for i := range 3 {
		id := fmt.Sprintf("%s-%d", newID(), i)
		v, err := e.Start(t.Context(), id, lab.Env, files(t)(""), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(ofSession(t, e, id)); got != 6 {
			t.Errorf("%d labelled things while running, want 3 containers, 2 networks and a volume", got)
		}
		if err := v.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		if left := ofSession(t, e, id); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
}
