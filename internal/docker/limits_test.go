package docker

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

// TestLimits: whatever a lab asks for, an engine is never asked for something without an end.
func TestLimits(t *testing.T) {
	for _, test := range []struct {
		memory, pids int64
		ok           bool
	}{
		{0, 0, true}, {64 << 20, 10, true}, {-1, 0, false}, {0, -1, false}, {1, 0, false}, {math.MaxInt64, 0, false},
		{math.MinInt64, 0, false}, {0, math.MaxInt64, false}, {maxMemory + 1, 0, false}, {0, maxPids + 1, false},
	} {
		env := course.Environment{Services: []course.Service{{Name: "a", Memory: test.memory, Pids: test.pids}}}
		p, err := planFor("x", "", env, nil, nil, someone)
		if (err == nil) != test.ok {
			t.Errorf("%+v: %v", test, err)
		}
		if err != nil {
			continue
		}
		p.isolate("f")
		for _, h := range []*container.HostConfig{p.services[0].create.HostConfig, p.forwarder.create.HostConfig} {
			if h.Memory < minMemory || h.Memory > maxMemory || h.MemorySwap != h.Memory || h.PidsLimit == nil || *h.PidsLimit < 1 ||
				h.CPUQuota <= 0 || h.CPUPeriod <= 0 || h.ShmSize <= 0 || h.LogConfig.Config["max-size"] == "" || len(h.Ulimits) == 0 {
				t.Errorf("%+v: %+v", test, h)
			}
			for _, u := range h.Ulimits {
				if u.Hard < 0 || u.Soft < 0 {
					t.Errorf("%+v: %s has no end", test, u.Name)
				}
			}
		}
	}
}

// TestPlanBound: volumes are in memory and have a size, those that an image declares included.
func TestPlanBound(t *testing.T) {
	env := course.Environment{Volumes: []string{"conf"}, Services: []course.Service{{Name: "a", Tmpfs: []string{"/run"},
		Mounts: map[string]string{"/conf": "conf"}}}}
	p, err := planFor("x", "", env, nil, nil, someone)
	if err != nil {
		t.Fatal(err)
	}
	p.isolate("f")
	if o := p.volumeOptions("v"); len(o.DriverOpts) > 0 {
		t.Errorf("before: %+v", o)
	}
	p.bind(map[string][]string{"a": {"/conf", "/data/", "/run"}})
	if got := strings.Join(p.volumes, " "); got != "lab-x-conf lab-x-a_1" {
		t.Errorf("volumes: %s", got)
	}
	if o := p.volumeOptions("lab-x-conf"); o.DriverOpts["type"] != "tmpfs" || !strings.Contains(o.DriverOpts["o"], "size=") {
		t.Errorf("a volume is made with %+v", o)
	}
	if m := p.forwarder.create.HostConfig.Mounts; len(m) != 2 || !m[0].ReadOnly || !m[1].VolumeOptions.NoCopy {
		t.Errorf("the forwarder has %+v", m)
	}
	if m := p.services[0].create.HostConfig.Mounts; len(m) != 2 || m[1].Target != "/data/" {
		t.Errorf("the service has %+v", m)
	}
}

// scribbler writes up to 300 MiB, into one file or into many, and says how much could be written.
const scribbler = `
import sys
path, many, n = sys.argv[1], sys.argv[2] == "many", 0
piece = b"x" * (1 << 20)
try:
    f = open(path + "/big", "wb", buffering=0)
    for i in range(300):
        if many: f = open("%s/big%d" % (path, i), "wb", buffering=0)
        if f.write(piece) < len(piece): break
        n += 1
except OSError: pass
print("wrote %d" % n)
`

// TestWritingHasAnEnd: wherever a service writes to, it is not much that it can write; and what it wrote into a volume
// is there after a restart.
func TestWritingHasAnEnd(t *testing.T) {
	real(t)
	e := New(Options{})
	t.Cleanup(func() { _ = e.Close() })
	refs, err := Refs(lab03(t).Env)
	if err != nil {
		t.Fatal(err)
	}
	env := course.Environment{Lab: "writes", Volumes: []string{"conf"}, Services: []course.Service{{Name: "web", Image: refs[0],
		Ports: []int{8000}, User: "0:0", Tmpfs: []string{"/run"}, Mounts: map[string]string{"/conf": "conf"}, Memory: 512 << 20,
		Ready: course.Ready{Port: 8000, Path: "/"}, Apply: course.Apply{Restart: true}}}}
	began, err := e.Start(t.Context(), newID(), env, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := began.(*environment)
	t.Cleanup(func() {
		if err := v.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	write := func(path, how string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		r, err := v.Exec(ctx, "web", "python3.13", "-S", "-c", scribbler, path, how)
		return r.Stdout + r.Stderr, err
	}
	for _, path := range []string{"/conf", "/dev/shm", "/run", "/"} {
		for _, how := range []string{"one", "many"} {
			if path == "/" && how == "many" {
				continue
			}
			if got, err := write(path, how); err != nil || !strings.Contains(got, "wrote ") || strings.Contains(got, "wrote 300") {
				t.Errorf("%s into %s: %s, %v", how, path, got, err)
			}
			if r, err := v.Exec(t.Context(), "web", "sh", "-c", "rm -f "+path+"/big*; echo kept >/conf/kept"); err != nil || r.Code != 0 {
				t.Fatalf("%+v, %v", r, err)
			}
		}
	}
	if a, err := v.Apply(t.Context(), "web"); err != nil || !a.OK {
		t.Fatalf("%+v, %v", a, err)
	}
	if r, err := v.Exec(t.Context(), "web", "cat", "/conf/kept"); err != nil || r.Stdout != "kept\n" {
		t.Errorf("after a restart: %+v, %v", r, err)
	}
	_, _ = write("/", "many")
	select {
	case <-v.Died():
		if h, ok := hint.Find(v.Cause()); !ok || h.Code != "service-wrote-too-much" {
			t.Errorf("it ended with %v", v.Cause())
		}
	case <-time.After(30 * time.Second):
		t.Error("300 MiB in many files of the root went unnoticed")
	}
}
