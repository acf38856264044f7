package docker

import (
	"archive/tar"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
)

var someone = Owner{Host: "host", UID: 1000, PID: 42, Start: "boot-7"}

func TestPlan(t *testing.T) {
	env := lab03(t).Env
	got, err := planFor("s/1", "", env, files(t)(""), map[string]string{"backend": "b:1", "proxy": "p:2"}, someone)
	if err != nil {
		t.Fatal(err)
	}
	want := `network lab-s-1, no way out
volume lab-s-1-conf
container lab-s-1-backend of b:1
  caps -[ALL] +[], [no-new-privileges], read-only true, 256 MiB, 64 processes
  port 8000 on 127.0.0.1
container lab-s-1-proxy of p:2
  caps -[ALL] +[], [no-new-privileges], read-only true, 128 MiB, 32 processes
  port 8080 on 127.0.0.1
  volume lab-s-1-conf at /etc/nginx/lab
  file /etc/nginx/lab/websocket.conf
  after backend
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
	for _, s := range got.services {
		labels := s.create.Config.Labels
		if labels[labelOwner] != "host/1000/42/boot-7" || labels[labelSession] != "s/1" || labels[labelLab] != env.Lab {
			t.Errorf("labels of %s: %v", s.Name, labels)
		}
	}
}

// TestPlanIsolated: the services publish nothing themselves; the forwarder does, and knows where they are.
func TestPlanIsolated(t *testing.T) {
	p, err := planFor("s/1", "", lab03(t).Env, nil, map[string]string{"backend": "b:1", "proxy": "p:2"}, someone)
	if err != nil {
		t.Fatal(err)
	}
	p.isolate("f:3")
	p.settle(netip.MustParsePrefix("10.200.0.32/27"))
	want := `network lab-s-1, no way out
network lab-s-1_outer, of the forwarder
container lab-s-1_forwarder of f:3
  port 8000 of backend at 20000 on 127.0.0.1
  port 8080 of proxy at 20001 on 127.0.0.1
volume lab-s-1-conf
container lab-s-1-backend of b:1
  caps -[ALL] +[], [no-new-privileges], read-only true, 256 MiB, 64 processes
container lab-s-1-proxy of p:2
  caps -[ALL] +[], [no-new-privileges], read-only true, 128 MiB, 32 processes
  volume lab-s-1-conf at /etc/nginx/lab
  after backend
`
	if diff := cmp.Diff(want, p.String()); diff != "" {
		t.Error(diff)
	}
	if h := p.forwarder.create.HostConfig; !h.ReadonlyRootfs || h.NetworkMode != "lab-s-1_outer" || h.Sysctls["net.ipv4.ip_forward"] != "0" {
		t.Errorf("the forwarder: %+v", h)
	}
	config := p.forwarder.create.Config.Env[0]
	for i, addr := range []string{"10.200.0.35:8000", "10.200.0.36:8080"} {
		if !strings.Contains(config, "server s "+addr+"\n") {
			t.Errorf("the forwarder does not know %s: %s", addr, config)
		}
		at := p.services[i].create.NetworkingConfig.EndpointsConfig["lab-s-1"].IPAMConfig.IPv4Address.String()
		if !strings.HasPrefix(addr, at+":") {
			t.Errorf("service %d is at %s", i, at)
		}
	}
	if strings.Count(config, " server ") != 2 || p.inner.String() != "10.200.0.34" {
		t.Errorf("at %v: %s", p.inner, config)
	}
}

func TestPlanRefuses(t *testing.T) {
	env := course.Environment{Services: []course.Service{{Name: "a", Ports: []int{70000}}}}
	if _, err := planFor("x", "", env, nil, nil, someone); err == nil {
		t.Error("a port that is none was planned")
	}
	env.Services[0].Ports = nil
	if _, err := planFor("x", "", env, []session.File{{Service: "b", Path: "/f"}}, nil, someone); err == nil {
		t.Error("a file for an unknown service was planned")
	}
}

func TestHash(t *testing.T) {
	lab := func(change func(fstest.MapFS)) fstest.MapFS {
		m := fstest.MapFS{"b/Dockerfile": {Data: []byte("FROM debian:trixie-slim\n")}, "b/app.py": {Data: []byte("1")}, "lab.yaml": {}}
		change(m)
		return m
	}
	hash := func(m fstest.MapFS, b course.Build) string {
		c, err := contextOf(m, b)
		if err != nil {
			t.Fatal(err)
		}
		return c.hash()
	}
	b := course.Build{Dir: "b"}
	base := hash(lab(func(fstest.MapFS) {}), b)
	if len(base) != 12 {
		t.Errorf("hash %q is not 12 digits", base)
	}
	if got := hash(lab(func(m fstest.MapFS) { m["lab.yaml"].Data = []byte("x") }), b); got != base {
		t.Error("a file outside the context changes the hash")
	}
	b.Dockerfile = "Dockerfile"
	if got := hash(lab(func(fstest.MapFS) {}), b); got != base {
		t.Error("naming the default Dockerfile changes the hash")
	}
	seen := map[string]string{base: "the original"}
	for name, h := range map[string]string{
		"other content": hash(lab(func(m fstest.MapFS) { m["b/app.py"].Data = []byte("2") }), b),
		"a new file":    hash(lab(func(m fstest.MapFS) { m["b/x"] = &fstest.MapFile{} }), b),
		"another name":  hash(lab(func(m fstest.MapFS) { m["b/app2.py"] = m["b/app.py"]; delete(m, "b/app.py") }), b),
		"an argument":   hash(lab(func(fstest.MapFS) {}), course.Build{Dir: "b", Args: map[string]string{"A": "1"}}),
	} {
		if other, ok := seen[h]; ok {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[h] = name
	}
}

func TestBases(t *testing.T) {
	c := buildContext{dockerfile: "D", files: []contextFile{{name: "D", data: []byte(`# FROM nothing
FROM debian:trixie-slim AS debian
from --platform=linux/amd64 alpine:3 as two
FROM debian AS three
FROM $BASE
FROM debian:trixie-slim
FROM scratch
COPY --from=debian / /
COPY --from=busybox:1 /bin /bin
`)}}}
	got, err := c.bases()
	if diff := cmp.Diff([]string{"debian:trixie-slim", "alpine:3", "busybox:1"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestParcels(t *testing.T) {
	got := parcels([]session.File{{Path: "/etc/a/1", Data: []byte("one")}, {Path: "/etc/b/2"}, {Path: "/etc/a/../a/3"}})
	if len(got) != 2 || got[0].folder != "/etc/a" || got[1].folder != "/etc/b" || len(got[0].files) != 2 {
		t.Fatalf("parcels: %+v", got)
	}
	r, err := got[0].tar()
	if err != nil {
		t.Fatal(err)
	}
	tr := tar.NewReader(r)
	for _, want := range []string{"1", "3"} {
		h, err := tr.Next()
		if err != nil || h.Name != want || h.Mode != 0o644 || h.Uid != 0 {
			t.Errorf("%+v, %v; want file %s of root", h, err, want)
		}
	}
	if _, err := tr.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("more in the parcel: %v", err)
	}
	again, _ := got[0].tar()
	if data, err := firstFile(again); err != nil || string(data) != "one" {
		t.Errorf("firstFile: %q, %v", data, err)
	}
	if _, err := firstFile(strings.NewReader("")); err == nil {
		t.Error("nothing was taken for a file")
	}
}

func TestOwner(t *testing.T) {
	me := Self()
	if got, ok := ParseOwner(me.String()); !ok || got != me {
		t.Errorf("ParseOwner(%s) = %+v, %v", me, got, ok)
	}
	if !me.Alive() {
		t.Error("this process is not alive")
	}
	for _, s := range []string{"", "a/b/c/d", "h/1/2", "/1/2/3", "h/1/-1/x", "h/1/0/x"} {
		if _, ok := ParseOwner(s); ok {
			t.Errorf("ParseOwner(%q) is ok", s)
		}
	}
	dead := me
	dead.Start = "another"
	if startOf(me.PID) != "" && dead.Alive() {
		t.Error("a process id that was used again counts as alive")
	}
	found := []Leftover{{Name: "mine, dead", Mine: true}, {Name: "mine", Mine: true, Alive: true}, {Name: "other"}}
	names := func(l []Leftover) (s string) {
		for _, x := range l {
			s += x.Name + ";"
		}
		return s
	}
	if got := names(toSweep(found, false)); got != "mine, dead;" {
		t.Errorf("sweeping the dead: %s", got)
	}
	if got := names(toSweep(found, true)); got != "mine, dead;mine;" {
		t.Errorf("sweeping all: %s", got)
	}
}
