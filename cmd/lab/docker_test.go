package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/docker"
)

// onDocker gives an engine, or skips the test where none answers.
func onDocker(t *testing.T) *docker.Engine {
	t.Helper()
	e := docker.New(docker.Options{})
	t.Cleanup(func() { _ = e.Close() })
	if err := e.Available(t.Context()); err != nil {
		if os.Getenv("LAB_REQUIRE_DOCKER") != "" {
			t.Fatal(err)
		}
		t.Skip("needs Docker:", err)
	}
	return e
}

// built is the program that program builds; suite.Run removes it.
var built struct {
	once sync.Once
	dir  string
	err  error
}

// program builds lab, as users do, once for all tests.
func program(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "lab-test-"); built.err != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", filepath.Join(built.dir, "lab"), ".")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "lab")
}

// leftOf lists what the process of that id left on the engine.
func leftOf(t *testing.T, e *docker.Engine, pid int) []string {
	t.Helper()
	all, err := e.Leftovers(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range all {
		if l.Mine && l.Owner.PID == pid && l.Kind != "image" { // half a build is swept with the next command
			out = append(out, l.String())
		}
	}
	return out
}

// summary is the last line of `lab run --output json`.
type summary struct {
	Kind, Lab, Engine string
	Passed            bool
	Seconds           float64
	Steps             []struct {
		ID     string
		Passed bool
		Checks []struct {
			Kind, Outcome, Want, Got string
			ClosedAfter              float64 `json:"closed_after"`
			LoggedAfter              float64 `json:"logged_after"`
		}
	}
}

// told is what the engines have to agree on: steps, checks, outcomes and wants.
func (s summary) told() string {
	var b strings.Builder
	for _, step := range s.Steps {
		fmt.Fprintf(&b, "%s %v\n", step.ID, step.Passed)
		for _, c := range step.Checks {
			fmt.Fprintf(&b, "  %s %s want %s\n", c.Kind, c.Outcome, c.Want)
		}
	}
	return b.String()
}

// runLab runs lesson 03 on an engine and gives the summary, the time and the process id.
func runLab(t *testing.T, bin, engine string) (s summary, pid int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(bin, "run", "03", "--engine", engine, "--output", "json")
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", engine, err, errs.String())
	}
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &s); err != nil {
		t.Fatal(err)
	}
	if s.Kind != "summary" || s.Lab != "03-reverse-proxy" || s.Engine != engine || !s.Passed || len(s.Steps) != 4 {
		t.Fatalf("summary: got %s", lines[len(lines)-1])
	}
	drop := s.Steps[2].Checks[0]
	// How close the two are is a matter of the machine, and in the log below; that both speak of this drop is not.
	if drop.ClosedAfter < 29.5 || drop.ClosedAfter > 31.5 || drop.LoggedAfter < 29.5 || drop.LoggedAfter > 31.5 {
		t.Errorf("%s: closed after %.3f s, by the proxy's own log after %.3f s", engine, drop.ClosedAfter, drop.LoggedAfter)
	}
	t.Logf("%s: %.1f s in all; closed after %.3f s, logged after %.3f s", engine, s.Seconds, drop.ClosedAfter, drop.LoggedAfter)
	return s, cmd.Process.Pid
}

// TestRunOnBothEngines runs lesson 03 on the real software and on the stand-ins, side by side: both pass, and say the
// same.
func TestRunOnBothEngines(t *testing.T) {
	e := onDocker(t)
	t.Parallel()
	bin := program(t)
	var real, stand summary
	var pid int
	t.Run("side by side", func(t *testing.T) {
		t.Run("docker", func(t *testing.T) {
			t.Parallel()
			real, pid = runLab(t, bin, engineDocker)
		})
		t.Run("embedded", func(t *testing.T) {
			t.Parallel()
			stand, _ = runLab(t, bin, engineEmbedded)
		})
	})
	if left := leftOf(t, e, pid); len(left) > 0 {
		t.Errorf("left on the engine: %v", left)
	}
	if stand.told() != real.told() {
		t.Errorf("on docker:\n%son embedded:\n%s", real.told(), stand.told())
	}
	if real.Seconds > 85 || stand.Seconds > 75 {
		t.Logf("slow: docker %.1f s, embedded %.1f s", real.Seconds, stand.Seconds)
	}
}

// TestInterruptLeavesNothing ends `lab run` by each polite signal in each phase: starting, being checked, waiting.
func TestInterruptLeavesNothing(t *testing.T) {
	e := onDocker(t)
	t.Parallel()
	bin := program(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		for _, after := range []time.Duration{0, 300, 700, 1200, 2500, 6000} {
			t.Run(fmt.Sprintf("%s after %d ms", sig, after), func(t *testing.T) {
				cmd := exec.Command(bin, "run", "03", "--engine", "docker")
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				// From its first word on, the program listens for signals. Before that it has made nothing, and a shell in the
				// background may have it ignore them.
				_, _ = out.Read(make([]byte, 1))
				drained := make(chan struct{})
				go func() {
					defer close(drained)
					_, _ = io.Copy(io.Discard, out)
				}()
				time.Sleep(after * time.Millisecond)
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				<-drained
				err = cmd.Wait()
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
					t.Errorf("ended with %v, want exit code 130", err)
				}
				if left := leftOf(t, e, cmd.Process.Pid); len(left) > 0 {
					t.Errorf("left on the engine: %v", left)
				}
			})
		}
	}
}
