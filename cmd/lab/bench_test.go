//go:build bench

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/cwk-stream/lab/internal/docker"
)

// row is one line of the table.
type row struct{ what, ours, beside, ratio string }

type table struct {
	rows []row
}

func (t *table) add(what, ours, beside, ratio string) {
	t.rows = append(t.rows, row{what, ours, beside, ratio})
	fmt.Fprintf(os.Stderr, "… %s: %s %s %s\n", what, ours, beside, ratio)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func median(d []time.Duration) time.Duration { return quantile(d, 50) }

func quantile(d []time.Duration, percent int) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[min(len(d)-1, len(d)*percent/100)]
}

// TestBench prints one table: ours beside a peer, on the same machine in the same run. `make bench` runs it.
func TestBench(t *testing.T) {
	out := &table{}
	bin := program(t)
	t.Run("commands", func(t *testing.T) { benchCommands(t, out) })
	t.Run("frame", func(t *testing.T) { benchFrame(t, out, bin) })
	t.Run("packages", func(t *testing.T) { benchPackages(t, out) })
	t.Run("run", func(t *testing.T) { benchRun(t, out, bin) })
	t.Run("verdicts", func(t *testing.T) { benchVerdicts(t, out) })
	t.Run("compose", func(t *testing.T) { benchCompose(t, out, bin) })
	t.Run("many", func(t *testing.T) { benchMany(t, out, bin) })
	fmt.Printf("\n%d cores, %s, %s\n\n| what | ours | beside | ratio |\n|---|---|---|---|\n", runtime.NumCPU(), runtime.Version(), platform)
	for _, r := range out.rows {
		fmt.Printf("| %s | %s | %s | %s |\n", r.what, r.ours, r.beside, r.ratio)
	}
}

// benchFrame times the first bytes that `lab start 03` draws on a terminal, and takes its memory after a while.
func benchFrame(t *testing.T, out *table, bin string) {
	var took []time.Duration
	var rss int64
	for range 10 {
		cmd := exec.Command(bin, "start", "03", "--engine", "embedded")
		cmd.Env = append(os.Environ(), "LAB_HOME="+t.TempDir(), "TERM=xterm-256color")
		began := time.Now()
		f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 30, Cols: 100})
		if err != nil {
			t.Fatal(err)
		}
		var seen bytes.Buffer
		buf := make([]byte, 64<<10)
		for !bytes.Contains(seen.Bytes(), []byte("Stream")) {
			n, err := f.Read(buf)
			if err != nil {
				t.Fatalf("%v after %q", err, seen.String())
			}
			seen.Write(buf[:n])
		}
		took = append(took, time.Since(began))
		go func() {
			for {
				if _, err := f.Read(buf); err != nil {
					return
				}
			}
		}()
		time.Sleep(700 * time.Millisecond)
		rss = max(rss, resident(cmd.Process.Pid))
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		f.Close()
	}
	out.add("lab start 03, first frame", ms(median(took)), fmt.Sprintf("%d MB resident, on embedded", rss>>20), "")
}

func resident(pid int) int64 {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if f := strings.Fields(string(data)); len(f) > 1 {
		pages, _ := strconv.ParseInt(f[1], 10, 64)
		return pages * int64(os.Getpagesize())
	}
	return 0
}

var metric = regexp.MustCompile(`([\d.e+-]+) (\S+)`)

// benchPackages runs the packages' own benchmarks and takes their figures.
func benchPackages(t *testing.T, out *table) {
	for _, b := range []struct{ pkg, name, count string }{
		{"../../internal/docker", "StartStop", "10x"}, {"../../internal/docker", "Apply", "60x"},
		{"../../internal/embedded", "Ready", "50x"}, {"../../internal/embedded", "Save", "200x"},
		{"../../internal/workspace", "SaveToChange", "50x"}, {"../../internal/journal", "Append", "200x"},
		{"../../internal/tui", "View|Key|Resize", "200x"},
	} {
		cmd := exec.Command("go", "test", "-run", "^$", "-bench", b.name, "-benchtime", b.count, b.pkg)
		text, err := cmd.CombinedOutput()
		if err != nil {
			out.add(b.pkg+" "+b.name, "failed", "", "")
			continue
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "Benchmark") {
				f := strings.Fields(line)
				var all []string
				for _, m := range metric.FindAllStringSubmatch(strings.Join(f[2:], " "), -1) {
					all = append(all, m[1]+" "+m[2])
				}
				out.add(strings.TrimPrefix(b.pkg, "../../internal/")+" "+f[0], strings.Join(all, " · "), "", "")
			}
		}
	}
}

// composeCommand finds docker compose, as a plugin or alone.
func composeCommand() []string {
	if path := os.Getenv("COMPOSE"); path != "" {
		return []string{path}
	}
	if exec.Command("docker", "compose", "version").Run() == nil {
		return []string{"docker", "compose"}
	}
	if path, err := exec.LookPath("docker-compose"); err == nil {
		return []string{path}
	}
	return nil
}

// benchCompose has compose bring up the same environment from the same images, taking turns with ours.
func benchCompose(t *testing.T, out *table, bin string) {
	compose := composeCommand()
	e := docker.New(docker.Options{})
	if compose == nil || e.Available(t.Context()) != nil {
		out.add("compose", "", "neither an engine nor compose is at hand", "")
		return
	}
	a := &app{world: world{getenv: os.Getenv}}
	tg, err := a.find("03", "nginx")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Prepare(t.Context(), tg.lab.Env, nil); err != nil {
		t.Fatal(err)
	}
	images, err := e.Images(t.Context(), tg.lab.Env)
	if err != nil {
		t.Fatal(err)
	}
	override := "services:\n"
	for _, i := range images {
		if _, ok := tg.lab.Env.Service(i.Service); !ok {
			continue // the forwarder, which compose knows nothing of
		}
		override += fmt.Sprintf("  %s:\n    image: %s\n", i.Service, i.Ref)
	}
	file := filepath.Join(t.TempDir(), "images.yaml")
	if err := os.WriteFile(file, []byte(override), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append(slices.Clone(compose), "-p", "lab-bench", "-f", "../../labs/03-reverse-proxy/compose.yaml", "-f", file)
	run := func(more ...string) []byte {
		text, err := exec.Command(args[0], append(slices.Clone(args[1:]), more...)...).Output()
		if err != nil {
			t.Fatalf("%v: %v", more, err)
		}
		return text
	}
	initial, _ := tg.lab.Initial()
	var up, down, ours, gone []time.Duration
	for range 8 {
		began := time.Now()
		run("up", "-d", "--no-build")
		addr := strings.TrimSpace(string(run("port", "proxy", "8080")))
		for {
			res, err := http.Get("http://" + addr + "/ws")
			if err == nil {
				res.Body.Close()
				if res.StatusCode == http.StatusBadRequest { // the backend's own answer, through the proxy
					break
				}
			}
			time.Sleep(5 * time.Millisecond)
		}
		up = append(up, time.Since(began))
		began = time.Now()
		run("down", "-v")
		down = append(down, time.Since(began))
		r, err := a.begin(t.Context(), plan{target: tg, engine: engineDocker, demo: true})
		if err != nil {
			t.Fatal(err)
		}
		_ = initial
		began = time.Now()
		if err := r.Boot(t.Context()); err != nil {
			t.Fatal(err)
		}
		ours = append(ours, time.Since(began))
		began = time.Now()
		if err := a.end(context.WithoutCancel(t.Context()), r, nil); err != nil {
			t.Fatal(err)
		}
		gone = append(gone, time.Since(began))
	}
	version, _ := exec.Command(compose[0], append(slices.Clone(compose[1:]), "version", "--short")...).Output()
	name := "compose " + strings.TrimSpace(string(version))
	ratio := func(a, b []time.Duration) string { return fmt.Sprintf("%.2f", float64(median(a))/float64(median(b))) }
	out.add("environment ready", ms(median(ours)), name+" up "+ms(median(up)), ratio(ours, up))
	out.add("environment removed", ms(median(gone)), name+" down "+ms(median(down)), ratio(gone, down))
}

// benchMany runs whole labs at once.
func benchMany(t *testing.T, out *table, bin string) {
	for _, n := range []int{1, 5, 10, 20} {
		var all sync.WaitGroup
		var mu sync.Mutex
		var took []time.Duration
		failed := 0
		for range n {
			all.Go(func() {
				began := time.Now()
				err := exec.Command(bin, "run", "03", "--engine", "docker", "--output", "json").Run()
				mu.Lock()
				defer mu.Unlock()
				took = append(took, time.Since(began))
				if err != nil {
					failed++
				}
			})
		}
		all.Wait()
		out.add(fmt.Sprintf("lab run 03, %d at once", n), fmt.Sprintf("slowest %.1f s, %d failed", quantile(took, 100).Seconds(), failed), "", "")
	}
}
