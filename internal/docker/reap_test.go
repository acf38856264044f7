package docker

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/course"
)

// TestReap: what a process that is gone made is removed, also what comes late, and nothing of anybody else's.
func TestReap(t *testing.T) {
	e := real(t)
	gone, other := e.owner, e.owner
	gone.PID, other.PID = 1<<22, 1<<22+1
	volume := func(name string, o Owner) {
		_, err := e.api.VolumeCreate(context.Background(), client.VolumeCreateOptions{Name: name, Labels: map[string]string{
			labelSession: name, labelOwner: o.String()}})
		if err != nil {
			t.Error(err)
		}
	}
	ids := []string{newID(), newID(), newID(), newID()}
	volume(ids[0], gone)
	volume(ids[1], other)
	defer func() {
		_, _ = e.api.VolumeRemove(context.Background(), ids[1], client.VolumeRemoveOptions{Force: true})
	}()
	var late sync.WaitGroup
	late.Go(func() {
		time.Sleep(300 * time.Millisecond)
		volume(ids[2], gone)
		time.Sleep(4 * time.Second)
		volume(ids[3], gone)
	})
	if err := e.Reap(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	late.Wait()
	for i, want := range []int{0, 1, 0, 0} {
		if left := ofSession(t, e, ids[i]); len(left) != want {
			t.Errorf("volume %d: left %v, want %d", i, left, want)
		}
	}
}

// TestReapWhatAContainerMade: a request of the dead that makes a container after its volume was swept makes the volume
// anew. It goes, too.
func TestReapWhatAContainerMade(t *testing.T) {
	e := real(t)
	gone, id := e.owner, newID()
	gone.PID = 1<<22 + 2
	env := course.Environment{Lab: "late", Volumes: []string{"conf"},
		Services: []course.Service{{Name: "web", Mounts: map[string]string{"/etc/lab": "conf"}}}}
	p, err := planFor(id, "", env, nil, map[string]string{"web": "debian:trixie-slim"}, gone)
	if err != nil {
		t.Fatal(err)
	}
	create := p.services[0].create
	create.HostConfig.NetworkMode, create.NetworkingConfig = "none", nil
	if _, err := e.api.ContainerCreate(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	if err := e.Reap(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	left, err := e.api.VolumeList(t.Context(), client.VolumeListOptions{Filters: make(client.Filters).Add("name", "lab-"+id)})
	if err != nil || len(left.Items) > 0 {
		t.Errorf("left %v: %v", left.Items, err)
	}
}

// TestReapGivesUp: an engine that is not there is asked until ctx ends, and no longer.
func TestReapGivesUp(t *testing.T) {
	e := New(Options{Host: "unix:///nonexistent.sock"})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := e.Reap(ctx, someone); err == nil || time.Since(begun) > 2*time.Second {
		t.Errorf("Reap took %v: %v", time.Since(begun), err)
	}
}

// TestAliveOfZombie: a process that has ended is gone, whether its parent has noticed or not; one of another
// namespace of process ids cannot be judged.
func TestAliveOfZombie(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	o := Self()
	o.PID, o.Start = cmd.Process.Pid, startOf(cmd.Process.Pid)
	if !o.Alive() {
		t.Error("a running process counts as gone")
	}
	_ = cmd.Process.Kill()
	for begun := time.Now(); o.Alive() && time.Since(begun) < 5*time.Second; time.Sleep(time.Millisecond) {
	}
	if _, err := os.Stat("/proc/self/stat"); err == nil && o.Alive() {
		t.Error("a zombie counts as alive")
	}
	_ = cmd.Wait()
	if o.Alive() {
		t.Error("a process that is gone counts as alive")
	}
	if strings.Count(o.Start, "-") == 2 {
		o.Start = o.Start[:strings.LastIndexByte(o.Start, '-')] + "-1"
		if !o.Alive() {
			t.Error("a process of another namespace counts as gone")
		}
	}
}

// TestBuildOnce: processes that want the same image at once take turns, and only the first builds.
func TestBuildOnce(t *testing.T) {
	folder := t.TempDir()
	var most, now int
	var mu sync.Mutex
	var wg sync.WaitGroup
	waited := 0
	for range 8 {
		wg.Go(func() {
			e := New(Options{Locks: folder})
			done, err := e.turn(t.Context(), "lab/x:1", func() { mu.Lock(); waited++; mu.Unlock() })
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(5 * time.Millisecond)
			mu.Lock()
			now--
			mu.Unlock()
			done()
		})
	}
	wg.Wait()
	if most != 1 || waited == 0 {
		t.Errorf("%d at once, %d waited", most, waited)
	}
	e := New(Options{Locks: folder})
	done, err := e.turn(t.Context(), "lab/x:1", func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := New(Options{Locks: folder}).turn(ctx, "lab/x:1", func() {}); err == nil {
		t.Error("waiting for a turn does not end with ctx")
	}
}
