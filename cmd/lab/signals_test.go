//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// waiting are commands that wait for something that does not come: a line, a writer, a lock.
var waiting = map[string]struct {
	command string
	prepare func(t *testing.T, home string)
}{
	"standard input":      {"progress merge -", nil},
	"prompt":              {"start 03 --plain --engine embedded", nil},
	"a pipe to merge":     {"progress merge HOME/pipe", func(t *testing.T, home string) { fifo(t, filepath.Join(home, "pipe")) }},
	"a held journal lock": {"hint 03", func(t *testing.T, home string) { locked(t, filepath.Join(home, "progress.jsonl.lock")) }},
	"a pipe as journal lock": {"hint 03", func(t *testing.T, home string) {
		fifo(t, filepath.Join(home, "progress.jsonl.lock"))
	}},
	"a pipe as lock of the lab": {"start 03 --plain --engine embedded", func(t *testing.T, home string) {
		fifo(t, filepath.Join(home, "work", "03-reverse-proxy", "nginx", ".lock"))
	}},
	"a pipe in a lab's folder": {"lint HOME/lab", func(t *testing.T, home string) { fifo(t, filepath.Join(home, "lab", "lab.yaml")) }},
	"a pipe as lab": {"check HOME/lab --engine embedded", func(t *testing.T, home string) {
		fifo(t, filepath.Join(home, "lab", "lab.yaml"))
	}},
	"a pipe as bundle":         {"bundle load HOME/pipe", func(t *testing.T, home string) { fifo(t, filepath.Join(home, "pipe")) }},
	"a pipe as a bundle's end": {"bundle save HOME/pipe 03", func(t *testing.T, home string) { fifo(t, filepath.Join(home, "pipe")) }},
	"a drop":                   {"run 03 --engine embedded", nil},
}

func fifo(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
}

func locked(t *testing.T, path string) {
	t.Helper()
	l := flock.New(path)
	if ok, err := l.TryLock(); !ok {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
}

// TestPipeAsLoadedCourse: what is no file is no loaded course, and is not waited for; the built-in one is in force.
func TestPipeAsLoadedCourse(t *testing.T) {
	home := t.TempDir()
	fifo(t, filepath.Join(home, "course", "origin.json"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t), "list")
	cmd.Env = append(os.Environ(), "LAB_HOME="+home, "LAB_LANG=en")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "03") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestSignalsActAtOnce: whatever a command waits for, the signals that end programs end it, within the time that a
// person gives it, and without a trace of the program's insides.
func TestSignalsActAtOnce(t *testing.T) {
	for name, w := range waiting {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
			t.Run(fmt.Sprintf("%s, %v", name, s), func(t *testing.T) {
				t.Parallel()
				home := t.TempDir()
				if w.prepare != nil {
					w.prepare(t, home)
				}
				cmd := exec.Command(program(t), strings.Fields(strings.ReplaceAll(w.command, "HOME", home))...)
				cmd.Env = append(os.Environ(), "LAB_HOME="+home, "LAB_LANG=en", "DOCKER_HOST=unix:///nonexistent.sock", "TMPDIR="+t.TempDir())
				var errs bytes.Buffer
				cmd.Stderr = &errs
				in, err := cmd.StdinPipe()
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = in.Close() }()
				cmd.Stdout = io.Discard
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				ended := make(chan struct{})
				go func() { defer close(ended); _ = cmd.Wait() }()
				select {
				case <-ended: // it need not wait
					if code := cmd.ProcessState.ExitCode(); code == exitPassed || code == exitInterrupted {
						t.Errorf("it ended by itself with %d: %s", code, errs.String())
					}
					return
				case <-time.After(2 * time.Second):
				}
				_ = cmd.Process.Signal(s)
				select {
				case <-ended:
				case <-time.After(5 * time.Second):
					_ = cmd.Process.Kill()
					<-ended
					t.Fatalf("it went on waiting")
				}
				if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || strings.Contains(errs.String(), "goroutine") {
					t.Errorf("it ended with %d: %s", code, errs.String())
				}
			})
		}
	}
}
