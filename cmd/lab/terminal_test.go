//go:build unix

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// inTerminal starts a shell command in a terminal of its own, in which $LAB is a lab that opens lesson 03, and gives
// the terminal's other end and the id of lab's process once the lab is open.
func inTerminal(t *testing.T, command string, args ...string) (tty *os.File, pid int, home string) {
	t.Helper()
	home = t.TempDir()
	words := append([]string{"env", "LAB_HOME=" + home, "DOCKER_HOST=unix:///nonexistent.sock", "TERM=xterm-256color",
		program(t), "start", "03", "--engine", "embedded"}, args...)
	cmd := exec.Command("sh", "-c", strings.ReplaceAll(command, "$LAB", strings.Join(words, " ")))
	cmd.Dir = t.TempDir()
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 30, Cols: 100})
	if err != nil {
		t.Skipf("needs a terminal: %v", err)
	}
	tty = closable(t, tty)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	t.Cleanup(func() {
		_ = tty.Close()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			t.Error("what the terminal was opened for is still there")
		}
	})
	go func() { _, _ = io.Copy(io.Discard, tty) }()
	dir := filepath.Join(home, "work", "03-reverse-proxy", "nginx")
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if owner, _, ok := held(dir); ok {
			t.Cleanup(func() {
				if processRuns(owner.PID) {
					_ = syscall.Kill(owner.PID, syscall.SIGKILL)
				}
			})
			return tty, owner.PID, home
		}
	}
	t.Fatal("lab did not open its lesson")
	return nil, 0, ""
}

// closable gives a file that Close closes though somebody reads it: reads are to be waited for by the runtime.
func closable(t *testing.T, f *os.File) *os.File {
	t.Helper()
	fd, err := syscall.Dup(int(f.Fd()))
	if err == nil {
		syscall.CloseOnExec(fd)
		err = errors.Join(f.Close(), syscall.SetNonblock(fd, true))
	}
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), f.Name())
}

func processRuns(pid int) bool {
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) && !defunct(pid)
}

// defunct tells whether a process has ended and was not waited for.
func defunct(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", fmt.Sprint(pid)).Output()
	return err != nil || strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}

// endsInOrder waits for the end of a process, which takes its environment with it and leaves its record.
func endsInOrder(t *testing.T, pid int, home string) {
	t.Helper()
	end := time.Now().Add(15 * time.Second)
	for processRuns(pid) {
		if time.Now().After(end) {
			t.Fatal("lab runs on without its terminal")
		}
		time.Sleep(50 * time.Millisecond)
	}
	if _, err := os.Stat(filepath.Join(home, "last-run.jsonl")); err != nil {
		t.Errorf("it did not end in order: %v", err)
	}
}

// TestEndsWithItsTerminal: however lab was started, it ends when its terminal does, also where nobody sends a signal.
func TestEndsWithItsTerminal(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]struct{ needs, command string }{
		"alone":                    {"", "exec $LAB"},
		"a shell keeps SIGHUP":     {"", "trap : HUP; $LAB; true"},
		"SIGHUP is ignored":        {"", "trap '' HUP; $LAB"},
		"make":                     {"make", "printf 'start:\\n\\t@$LAB\\n' > Makefile; trap : HUP; make start; true"},
		"nohup":                    {"nohup", "nohup sh -c '$LAB </dev/tty >/dev/tty 2>&1'"},
		"a session of its own":     {"setsid", "setsid --wait $LAB"},
		"script":                   {"script", "script -qec '$LAB' /dev/null"},
		"sudo":                     {"sudo", "sudo -n $LAB"},
		"a shell with job control": {"", "set -m; $LAB; true"},
	} {
		for _, plain := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, plain %v", name, plain), func(t *testing.T) {
				t.Parallel()
				if _, err := exec.LookPath(way.needs); way.needs != "" && err != nil {
					t.Skipf("needs %s", way.needs)
				}
				if way.needs == "sudo" && exec.Command("sudo", "-n", "true").Run() != nil {
					t.Skip("needs sudo without a password")
				}
				var args []string
				if plain {
					args = append(args, "--plain")
				}
				tty, pid, home := inTerminal(t, way.command, args...)
				time.Sleep(300 * time.Millisecond)
				if err := tty.Close(); err != nil {
					t.Fatal(err)
				}
				endsInOrder(t, pid, home)
			})
		}
	}
}

// TestEndsWithItsTmuxServer: `make start` in tmux, whose server is killed.
func TestEndsWithItsTmuxServer(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("needs tmux")
	}
	server := fmt.Sprintf("lab-end-%d", os.Getpid())
	tmux := "tmux -L " + server
	_, pid, home := inTerminal(t, tmux+" -f /dev/null new-session 'trap : HUP; $LAB; true'")
	if out, err := exec.Command("tmux", "-L", server, "kill-server").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	endsInOrder(t, pid, home)
}
