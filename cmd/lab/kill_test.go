package main

import (
	"bytes"
	"context"
	rand2 "crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/docker"
)

// removed is how long after the program's death everything of it must be gone. The shortened form runs beside other
// packages' tests, which keep the engine busy.
func removed() time.Duration { return time.Duration(long(15, 5)) * time.Second }

// buildLab is a lab whose image takes seconds to build and is not there: %s is salt.
var buildLab = map[string]string{
	"lab.yaml": `title: { en: Build, ko: 빌드 }
variant: plain
engines: [docker]
edit: [{ path: a.conf, service: web, target: /etc/lab/a.conf }]
steps:
  - id: one
    title: { en: One, ko: 하나 }
    goal: { en: One., ko: 하나. }
    xp: 1
    checks: [{ exec: { service: web, command: ["true"], expect: { code: 0 } } }]
`,
	"compose.yaml": "services: { web: { build: ./web, volumes: [\"conf:/etc/lab\"] } }\nvolumes: { conf: {} }\n",
	"web/Dockerfile": `FROM debian:trixie-slim AS first
COPY salt /salt
RUN sleep 0.6
RUN echo second > /second
FROM debian:trixie-slim
COPY --from=first /second /second
RUN sleep 0.6
CMD ["sleep", "60"]
`,
	"files/a.conf": "a\n", "solutions/one/a.conf": "b\n",
}

// layLab writes a lab into a folder of its own, with an image that nobody has.
func layLab(t *testing.T, salt string) string {
	t.Helper()
	name := "torture-" + strings.ToLower(rand2.Text()[:10])
	t.Cleanup(func() { dropImages("lab/" + name + "-web") })
	dir := filepath.Join(t.TempDir(), name)
	for name, text := range buildLab {
		write(t, filepath.Join(dir, name), text)
	}
	write(t, filepath.Join(dir, "web/salt"), salt)
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// kill is one run of the program that is killed.
type kill struct {
	args  []string
	after time.Duration
	phase string        // what it was doing
	clean time.Duration // from its death until nothing was left, as far as it was looked
	left  []string      // what was there longer than it may be
}

// TestKillLeavesNothing kills the program at random moments of start, image build, checks, reload and stop, and wants
// nothing of it on the engine or in the temporary folder after a few seconds, nor anything that comes later.
func TestKillLeavesNothing(t *testing.T) {
	e := onDocker(t)
	bin := program(t)
	prepared(t, bin)
	r := rand.New(rand.NewPCG(seed(), 6))
	before := unlabelled(t)
	check, build := []string{"check", "03"}, func(i int) []string { return []string{"run", "--yes", layLab(t, fmt.Sprint(seed(), i))} }
	whole, whole2 := lasts(t, bin, check), lasts(t, bin, build(-1))
	kills := make([]kill, long(6, 200))
	for i := range kills {
		k := &kills[i]
		switch i % 3 {
		case 0: // start, checks, reload, and the first seconds of a wait
			k.args, k.after = []string{"run", "03"}, moment(r, whole+2*time.Second)
		case 1: // start, check, stop
			k.args, k.after = check, moment(r, whole)
		case 2: // image build, start, reload, check, stop
			k.args, k.after = build(i), moment(r, whole2)
		}
	}
	var next sync.Mutex
	var wg sync.WaitGroup
	todo := kills
	for range 3 {
		wg.Go(func() {
			for {
				next.Lock()
				if len(todo) == 0 {
					next.Unlock()
					return
				}
				k := &todo[0]
				todo = todo[1:]
				next.Unlock()
				k.run(t, e, bin)
			}
		})
	}
	wg.Wait()
	for _, name := range unlabelled(t) {
		if !slices.Contains(before, name) {
			kills[0].left = append(kills[0].left, name+", without a label") // whose it was cannot be known
		}
	}
	tellKills(t, kills)
}

// unlabelled lists what has a name of ours and not the label by which it would be swept.
func unlabelled(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, kind := range []string{"volume", "network", "container"} {
		args := []string{kind, "ls", "--filter", "name=lab-", "--format", `{{.Name}}|{{.Label "lab.owner"}}`}
		if kind == "container" {
			args = []string{"ps", "-a", "--filter", "name=lab-", "--format", `{{.Names}}|{{.Label "lab.owner"}}`}
		}
		list, err := exec.CommandContext(t.Context(), "docker", args...).Output()
		if err != nil {
			t.Fatalf("docker %v: %v", args, err)
		}
		for line := range strings.Lines(string(list)) {
			if name, owner, _ := strings.Cut(strings.TrimSpace(line), "|"); owner == "" {
				out = append(out, kind+" "+name)
			}
		}
	}
	return out
}

// lasts tells how long the program takes for something.
func lasts(t *testing.T, bin string, args []string) time.Duration {
	t.Helper()
	began := time.Now()
	out, err := exec.Command(bin, append(args, "--engine", "docker")...).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); err != nil && (!ok || exit.ExitCode() != exitNotMet) {
		t.Fatalf("lab %v: %v\n%s", args, err, out)
	}
	return time.Since(began)
}

// moment is one of the moments before end.
func moment(r *rand.Rand, end time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(end)))
}

// dropImages removes the images of one of layLab's labs that came to be.
func dropImages(repository string) {
	out, err := exec.Command("docker", "images", "-q", repository).Output()
	if ids := strings.Fields(string(out)); err == nil && len(ids) > 0 {
		// The engine may be long about it while others build; what is left costs a little disk.
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_ = exec.CommandContext(ctx, "docker", append([]string{"rmi", "-f"}, ids...)...).Run()
	}
}

// prepared has the images of lab 03 made, so that runs begin alike.
func prepared(t *testing.T, bin string) {
	t.Helper()
	if out, err := exec.Command(bin, "pull", "03").CombinedOutput(); err != nil {
		t.Fatalf("lab pull: %v\n%s", err, out)
	}
}

func tellKills(t *testing.T, kills []kill) {
	t.Helper()
	row := tally{Harness: "kill -9 at random moments", Tried: len(kills)}
	phases := map[string]int{}
	var slowest time.Duration
	for _, k := range kills {
		phases[k.phase]++
		slowest = max(slowest, k.clean)
		if row.Left += len(k.left); len(k.left) == 0 {
			row.Survived++
		} else {
			t.Errorf("lab %v killed after %v, %s: left %v", k.args, k.after, k.phase, k.left)
		}
	}
	var in []string
	for _, name := range slices.Sorted(maps.Keys(phases)) {
		in = append(in, fmt.Sprintf("%s %d", name, phases[name]))
	}
	row.Note = fmt.Sprintf("all gone within %.1f s; %s", slowest.Seconds(), strings.Join(in, ", "))
	row.report(t)
}

func (k *kill) run(t *testing.T, e *docker.Engine, bin string) {
	temp := t.TempDir()
	var out bytes.Buffer
	cmd := exec.Command(bin, append(k.args, "--engine", "docker", "--output", "json")...)
	cmd.Env = append(os.Environ(), "TMPDIR="+temp, "LAB_HOME="+filepath.Join(t.TempDir(), "home"))
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return
	}
	time.Sleep(k.after)
	_ = cmd.Process.Kill()
	dead := time.Now()
	_ = cmd.Wait()
	if k.phase = phase(out.Bytes()); cmd.ProcessState.Exited() {
		k.phase = "over already"
	}
	for time.Since(dead) < k.clean+5*time.Second { // long enough to see what appears late
		if k.left = k.remains(t, e, cmd.Process.Pid, temp); len(k.left) > 0 {
			k.clean = time.Since(dead)
		}
		if k.clean > removed() {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// remains lists what is left of a process on the engine and in its temporary folder.
func (k *kill) remains(t *testing.T, e *docker.Engine, pid int, temp string) []string {
	left := leftOf(t, e, pid)
	folders, err := filepath.Glob(filepath.Join(temp, scratchPrefix+"*"))
	if err != nil {
		t.Error(err)
	}
	// The containers in which a build runs carry the label of the images that it makes.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ps, err := exec.CommandContext(ctx, "docker", "ps", "-a", "--filter", "label=lab.build", "--format",
		`{{.Label "lab.build"}} {{.Label "lab.owner"}} {{.Names}} {{.Status}}`).Output()
	if err != nil {
		t.Error(err)
	}
	for line := range strings.Lines(string(ps)) {
		build, rest, _ := strings.Cut(line, " ")
		if o, ok := docker.ParseOwner(build); ok && o.PID == pid && strings.HasPrefix(rest, " ") {
			left = append(left, "build container"+rest)
		}
	}
	return append(left, folders...)
}

// phase says what a run was at, by the last event that it told of.
func phase(out []byte) string {
	last := "before anything"
	for line := range bytes.Lines(out) {
		var e struct {
			Kind  string
			Stage *struct{ Name string }
		}
		if json.Unmarshal(line, &e) == nil && e.Kind != "" {
			if last = e.Kind; e.Stage != nil {
				last = e.Stage.Name
			}
		}
	}
	for name, kinds := range map[string][]string{"start": {"booting", "image", "network", "create", "start", "ready"}, "build": {"build"},
		"checks": {"checking", "probing", "seen", "verdict", "step-met", "step-unmet", "moved", "solved"},
		"reload": {"applying", "applied", "rejected"}, "stop": {"stopped", "summary"}} {
		if slices.Contains(kinds, last) {
			return name
		}
	}
	return last
}
