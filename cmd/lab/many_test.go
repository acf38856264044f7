package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// crowd is many programs at once.
type crowd struct {
	took []time.Duration
	outs []string
	errs []string
	pids []int
	bad  []string
}

// together starts n programs at once and waits for all of them.
func together(t *testing.T, n int, args ...string) *crowd {
	t.Helper()
	c := &crowd{took: make([]time.Duration, n), outs: make([]string, n), errs: make([]string, n), pids: make([]int, n)}
	bin := program(t)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range n {
		var out, errs bytes.Buffer
		cmd := exec.Command(bin, args...)
		temp, home := t.TempDir(), t.TempDir()
		cmd.Env = append(os.Environ(), "TMPDIR="+temp, "LAB_HOME="+home)
		cmd.Stdout, cmd.Stderr = &out, &errs
		wg.Go(func() {
			began := time.Now()
			err := cmd.Run()
			c.took[i], c.outs[i], c.errs[i], c.pids[i] = time.Since(began), out.String(), errs.String(), cmd.Process.Pid
			left, _ := filepath.Glob(filepath.Join(temp, "*"))
			if err != nil || len(left) > 0 {
				mu.Lock()
				c.bad = append(c.bad, fmt.Sprintf("%d: %v, left %v\n%s%s", i, err, left, unmet(c.outs[i]), c.errs[i]))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return c
}

// unmet picks the verdicts that do not hold, and troubles, out of a program's JSON.
func unmet(out string) string {
	var picked []string
	for line := range strings.Lines(out) {
		var e struct{ Kind, Outcome string }
		if json.Unmarshal([]byte(line), &e) == nil && (e.Kind == "verdict" && e.Outcome != "met" || e.Kind == "trouble" || e.Kind == "rejected") {
			picked = append(picked, line)
		}
	}
	return strings.Join(picked, "")
}

// TestManyAtOnce starts many `lab run 03` at once: all pass, on files, ports and containers of their own.
func TestManyAtOnce(t *testing.T) {
	e := onDocker(t)
	t.Parallel()
	prepared(t, program(t))
	n := long(3, 20)
	c := together(t, n, "run", "03", "--engine", "docker", "--output", "json")
	row := tally{Harness: fmt.Sprintf("%d × lab run 03 at once", n), Tried: n, Survived: n - len(c.bad), Lost: len(c.bad)}
	for _, b := range c.bad {
		t.Error(b)
	}
	var drops []float64
	for i := range n {
		row.Left += len(leftOf(t, e, c.pids[i]))
		var s struct {
			Steps []struct {
				Checks []struct {
					ClosedAfter float64 `json:"closed_after"`
				}
			}
		}
		lines := strings.Split(strings.TrimSpace(c.outs[i]), "\n")
		if json.Unmarshal([]byte(lines[len(lines)-1]), &s) == nil && len(s.Steps) > 2 && len(s.Steps[2].Checks) > 0 {
			drops = append(drops, s.Steps[2].Checks[0].ClosedAfter)
		}
	}
	slices.Sort(drops)
	row.Note = fmt.Sprintf("slowest %.1f s", slices.Max(c.took).Seconds())
	if len(drops) > 0 {
		row.Note += fmt.Sprintf("; idle drop after %.3f to %.3f s", drops[0], drops[len(drops)-1])
	}
	row.report(t)
}

// TestManyBuildOnce wants an image that nobody has in many programs at once: one builds it, the others wait for that.
func TestManyBuildOnce(t *testing.T) {
	onDocker(t)
	lab := layLab(t, "many"+time.Now().String())
	n := long(3, 20)
	c := together(t, n, "pull", "--yes", lab)
	builders := 0
	for i := range n {
		if strings.Contains(c.errs[i], "1/") {
			builders++
		}
	}
	row := tally{Harness: fmt.Sprintf("%d × the same image at once", n), Tried: n, Survived: n - len(c.bad), Lost: len(c.bad),
		Note: fmt.Sprintf("built %d time(s), slowest %.1f s", builders, slices.Max(c.took).Seconds())}
	for _, b := range c.bad {
		t.Error(b)
	}
	if builders != 1 {
		t.Errorf("%d of %d built the image", builders, n)
	}
	row.report(t)
}
