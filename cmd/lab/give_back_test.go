//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/tui"
)

// aTerminal is a terminal with a shell in it; what comes out of it is kept.
type aTerminal struct {
	t      *testing.T
	file   *os.File
	home   string
	before *unix.Termios

	mu  sync.Mutex
	out bytes.Buffer
}

// withShell opens a terminal, notes its modes, and runs a command in it by a shell that stays. $LAB is the program.
func withShell(t *testing.T, command string) *aTerminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("needs a terminal: %v", err)
	}
	x := &aTerminal{t: t, home: t.TempDir()}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 30, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	x.file = closable(t, master)
	x.before = x.modes()
	cmd := exec.Command("sh", "-c", strings.ReplaceAll(command, "$LAB", program(t))+"; echo shell goes on; read line")
	cmd.Env = append(os.Environ(), "LAB_HOME="+x.home, "LAB_LANG=en", "DOCKER_HOST=unix:///nonexistent.sock", "TERM=xterm-256color", "TMPDIR="+t.TempDir())
	cmd.Dir = t.TempDir()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	read := make(chan struct{})
	go func() {
		defer close(read)
		for b := make([]byte, 4096); ; {
			n, err := x.file.Read(b)
			x.mu.Lock()
			x.out.Write(b[:n])
			x.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the shell's session: its group
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = x.file.Close()
		<-read
	})
	return x
}

func (x *aTerminal) modes() *unix.Termios {
	x.t.Helper()
	m, err := unix.IoctlGetTermios(int(x.file.Fd()), unix.TCGETS)
	if err == nil {
		err = syscall.SetNonblock(int(x.file.Fd()), true)
	}
	if err != nil {
		x.t.Fatal(err)
	}
	return m
}

func (x *aTerminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.out.String()
}

// sees waits until the terminal has been written something, and gives what came after it.
func (x *aTerminal) sees(words string) (after string) {
	x.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, after, ok := strings.Cut(x.text(), words); ok {
			return after
		}
	}
	x.t.Fatalf("%q never came, but %q", words, x.text())
	return ""
}

// asBefore waits until the terminal has the modes that it began with.
func (x *aTerminal) asBefore() {
	x.t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		now := x.modes()
		if reflect.DeepEqual(now, x.before) {
			return
		}
		if time.Now().After(end) {
			x.t.Fatalf("modes %+v, want %+v", now, x.before)
		}
	}
}

// program gives the id of the process that runs in the terminal.
func (x *aTerminal) program() int {
	x.t.Helper()
	owner, _, ok := held(filepath.Join(x.home, "work", "03-reverse-proxy", "nginx"))
	for end := time.Now().Add(20 * time.Second); !ok && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		owner, _, ok = held(filepath.Join(x.home, "work", "03-reverse-proxy", "nginx"))
	}
	if !ok {
		x.t.Fatalf("lab did not open its lesson: %q", x.text())
	}
	return owner.PID
}

// TestTerminalGivenBack: whatever ends the program, its terminal is as it was, out of the full screen, and says so.
func TestTerminalGivenBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		command string
		by      syscall.Signal
		crash   bool
	}{
		"killed":                       {"$LAB start 03 --engine embedded", syscall.SIGKILL, false},
		"killed in a job of its own":   {"set -m; $LAB start 03 --engine embedded", syscall.SIGKILL, false},
		"ended by the runtime":         {"$LAB start 03 --engine embedded", syscall.SIGABRT, true},
		"ended by the runtime, stderr": {"$LAB start 03 --engine embedded 2>/dev/null", syscall.SIGSEGV, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := withShell(t, c.command)
			pid := x.program()
			x.sees("\x1b[?1049h")
			if reflect.DeepEqual(x.modes(), x.before) {
				t.Fatal("the full screen has changed nothing")
			}
			if err := syscall.Kill(pid, c.by); err != nil {
				t.Fatal(err)
			}
			report := filepath.Join(x.home, "crash.txt")
			words := locale.English.Say("ended.lost")
			if c.crash {
				words = locale.English.Say("ended.crashed", report)
			}
			x.sees(tui.Leave + "\r\n" + words + "\r\n")
			x.asBefore()
			text, err := os.ReadFile(report)
			if got := err == nil && strings.Contains(string(text), "goroutine "); got != c.crash {
				t.Errorf("a report of the crash: %v, want %v (%v)", got, c.crash, err)
			}
		})
	}
}

// TestTerminalLeftAlone: an end in order has the last word itself.
func TestTerminalLeftAlone(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]syscall.Signal{"told to end": syscall.SIGTERM, "interrupted": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := withShell(t, "$LAB start 03 --engine embedded")
			pid := x.program()
			x.sees("\x1b[?1049h")
			if err := syscall.Kill(pid, by); err != nil {
				t.Fatal(err)
			}
			x.sees("shell goes on")
			x.asBefore()
			time.Sleep(200 * time.Millisecond)
			if got := x.text(); strings.Contains(got, "unexpectedly") {
				t.Errorf("the watchdog wrote: %q", got)
			}
		})
	}
}

// TestTerminalOfAnother: nothing is written to a terminal in which somebody else's program runs by now, nor are modes
// changed that a shell has set since.
func TestTerminalOfAnother(t *testing.T) {
	x := withShell(t, "set -m; sleep 50")
	leader := 0
	for end := time.Now().Add(5 * time.Second); leader == 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if group, err := unix.IoctlGetInt(int(x.file.Fd()), unix.TIOCGSID); err == nil {
			leader = group
		}
	}
	var group int
	for end := time.Now().Add(5 * time.Second); (group == 0 || group == leader) && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		group, _ = foreground(leader)
	}
	if group == 0 || group == leader {
		t.Fatalf("the job did not get the terminal of %d: %d", leader, group)
	}
	for want, h := range map[bool]heldTerminal{false: {Leader: leader, Groups: []int{leader, 1 << 22}}, true: {Leader: leader, Groups: []int{leader, group}}} {
		if got := h.ours(); got != want {
			t.Errorf("group %d has the terminal; ours for %v: %v, want %v", group, h.Groups, got, want)
		}
	}
	if gone := (&heldTerminal{Leader: 1 << 22, Groups: []int{1}}); !gone.ours() {
		t.Error("a session without a leader is nobody else's")
	}
}

// TestPutBackOnlyOurs: modes that a shell's line editor has set since stay.
func TestPutBackOnlyOurs(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("needs a terminal: %v", err)
	}
	defer master.Close()
	defer slave.Close()
	was, ok := terminalNow(slave)
	if !ok {
		t.Fatal("no modes")
	}
	for name, c := range map[string]struct {
		change func(*unix.Termios)
		back   bool
	}{
		"raw":           {func(m *unix.Termios) { m.Oflag &^= unix.OPOST; m.Lflag &^= unix.ISIG | unix.ICANON | unix.ECHO }, true},
		"a password":    {func(m *unix.Termios) { m.Lflag &^= unix.ECHO }, true},
		"a line editor": {func(m *unix.Termios) { m.Lflag &^= unix.ICANON | unix.ECHO }, false},
	} {
		changed := *was.Modes
		c.change(&changed)
		if err := unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, &changed); err != nil {
			t.Fatal(err)
		}
		putBack(slave, &was)
		now, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if got := reflect.DeepEqual(now, was.Modes); got != c.back {
			t.Errorf("%s: put back %v, want %v (%s)", name, got, c.back, fmt.Sprintf("%+v", now))
		}
		_ = unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, was.Modes)
	}
}
