//go:build bench

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/report"
)

// stripped is a stripped binary of one package of this module.
func stripped(t *testing.T, pkg string) (path string, size int64) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, info.Size()
}

// timed runs a program and gives how long it took and the most memory it held, in bytes.
func timed(t *testing.T, bin string, args ...string) (time.Duration, int64) {
	t.Helper()
	cmd := exec.Command(bin, args...)
	began := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatal(bin, args, err)
	}
	return time.Since(began), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
}

// benchCommands times short commands, taking turns with the floor: a program that links the libraries which this one
// is built on, and does nothing.
func benchCommands(t *testing.T, out *table) {
	ours, size := stripped(t, ".")
	floor, floorSize := stripped(t, "./testdata/floor")
	megabytes := func(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
	out.add("binary, stripped", megabytes(size), "the libraries alone "+megabytes(floorSize), fmt.Sprintf("%.2f", float64(size)/float64(floorSize)))
	t.Setenv("LAB_HOME", t.TempDir())
	for _, args := range [][]string{{"--help"}, {"version"}, {"list"}, {"read", "03"}} {
		var took, least []time.Duration
		var rss, leastRSS int64
		for range 40 {
			d, m := timed(t, ours, args...)
			took, rss = append(took, d), max(rss, m)
			d, m = timed(t, floor)
			least, leastRSS = append(least, d), max(leastRSS, m)
		}
		out.add("lab "+strings.Join(args, " "), fmt.Sprintf("%s, %s resident", ms(median(took)), megabytes(rss)),
			fmt.Sprintf("the libraries alone %s, %s", ms(median(least)), megabytes(leastRSS)),
			fmt.Sprintf("%.2f", float64(median(took))/float64(median(least))))
	}
}

// benchRun takes one whole lab on Docker: how exact the idle drop is, and the memory at the end.
func benchRun(t *testing.T, out *table, bin string) {
	t.Setenv("LAB_HOME", t.TempDir())
	cmd := exec.Command(bin, "run", "03", "--engine", "docker", "--output", "json")
	began := time.Now()
	text, err := cmd.Output()
	if err != nil {
		out.add("lab run 03", "failed: "+err.Error(), "", "")
		return
	}
	out.add("lab run 03", fmt.Sprintf("%.1f s", time.Since(began).Seconds()), "two waits, of 30 and of 35 s", "")
	rss := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	out.add("lab run 03, the most memory", fmt.Sprintf("%.1f MB resident", float64(rss)/1e6), "", "")
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	var s report.Summary
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &s); err != nil {
		t.Fatal(err)
	}
	for _, step := range s.Steps {
		for _, c := range step.Checks {
			if c.ClosedAfter > 0 && c.LoggedAfter > 0 {
				out.add("idle drop after 30 s", fmt.Sprintf("%.3f s seen by the client", c.ClosedAfter),
					fmt.Sprintf("%.3f s in nginx's log", c.LoggedAfter),
					fmt.Sprintf("%.0f ms apart", math.Abs(c.ClosedAfter-c.LoggedAfter)*1000))
			}
		}
	}
}

// benchVerdicts takes what two tests print about verdicts on Docker: how soon after a save they are there, and how
// many came from the configuration before.
func benchVerdicts(t *testing.T, out *table) {
	for _, b := range []struct{ what, pkg, test, pattern string }{
		{"save → verdict on Docker", "../../internal/session", "TestNoStaleVerdictOnDocker", `save → verdict: (.*)`},
		{"handshakes just after a reload", "../../internal/docker", "TestAlternations", `: (\d+ alternations.*)`},
	} {
		cmd := exec.Command("go", "test", "-count=1", "-v", "-run", "^"+b.test+"$", b.pkg)
		cmd.Env = append(os.Environ(), "LAB_ALTERNATIONS=1000")
		text, _ := cmd.CombinedOutput()
		found := regexp.MustCompile(b.pattern).FindSubmatch(text)
		if found == nil {
			t.Errorf("%s printed no figures:\n%s", b.test, text)
			continue
		}
		out.add(b.what, string(found[1]), "", "")
	}
}
