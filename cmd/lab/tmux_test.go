package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/docker"
)

// screenTest is the program in a terminal: tmux is the one that knows the width of Hangul.
type screenTest struct {
	t            *testing.T
	server, home string
}

// onScreen starts lab in a terminal of its own, or skips the test where there is no tmux.
func onScreen(t *testing.T, columns, rows int, env []string, args ...string) *screenTest {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("needs tmux")
	}
	s := &screenTest{t: t, server: fmt.Sprintf("lab-%d-%s", os.Getpid(), strings.ReplaceAll(t.Name(), "/", "-")), home: t.TempDir()}
	words := []string{"-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(columns), "-y", strconv.Itoa(rows)}
	for _, e := range append([]string{"LAB_HOME=" + s.home, "LAB_LANG=en", "LAB_MOTION=0", "TERM=screen-256color"}, env...) {
		words = append(words, "-e", e)
	}
	s.tmux(append(words, program(t)+" "+strings.Join(args, " ")+`; echo "ended $?"; sleep 60`)...)
	t.Cleanup(func() { _ = exec.Command("tmux", "-L", s.server, "kill-server").Run() })
	return s
}

func (s *screenTest) tmux(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-L", s.server}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %s: %v\n%s", args, err, out)
	}
	return string(out)
}

func (s *screenTest) keys(keys ...string) {
	s.t.Helper()
	s.tmux(append([]string{"send-keys"}, keys...)...)
}

// sees waits until the screen shows text.
func (s *screenTest) sees(text string, within time.Duration) string {
	s.t.Helper()
	screen := ""
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if screen = s.tmux("capture-pane", "-p"); strings.Contains(screen, text) {
			return screen
		}
	}
	s.t.Fatalf("%q is not on the screen after %s:\n%s", text, within, screen)
	return ""
}

func (s *screenTest) conf() string {
	return filepath.Join(s.home, "work", "03-reverse-proxy", "nginx", "websocket.conf")
}

// edit saves the student's file, changed by do, as an editor would.
func (s *screenTest) edit(do func(string) string) {
	s.t.Helper()
	data, err := os.ReadFile(s.conf())
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.conf(), []byte(do(string(data))), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

const upgradeLine = "        proxy_set_header Upgrade    $http_upgrade;\n"

// TestJourneyOnScreen takes a student through lesson 03 on the embedded engine: break, mend, drop, live, recap.
func TestJourneyOnScreen(t *testing.T) {
	t.Parallel()
	s := onScreen(t, 100, 30, []string{"DOCKER_HOST=unix:///nonexistent.sock"}, "start", "03")
	s.sees("embedded ●", 20*time.Second)
	s.sees("Break it: drop the Upgrade", time.Second)

	s.edit(func(c string) string { return strings.Replace(c, "proxy_buffering off;", "proxy_bufering off;", 1) })
	s.sees("unknown directive", 10*time.Second)

	s.edit(func(c string) string {
		return strings.Replace(strings.Replace(c, "proxy_bufering", "proxy_buffering", 1), upgradeLine, "", 1)
	})
	s.sees("+20 XP", 10*time.Second)
	s.sees("400", time.Second)
	s.edit(func(c string) string {
		return strings.Replace(c, "        proxy_set_header Connection", upgradeLine+"        proxy_set_header Connection", 1)
	})
	s.sees("This step is met already", 10*time.Second) // saved for the next step before going there
	s.keys("n")
	s.sees("40/120 XP", 10*time.Second)
	s.keys("n")
	s.edit(func(c string) string {
		return strings.Replace(c, "        proxy_buffering off;", "        proxy_read_timeout 30s;\n        proxy_buffering off;", 1)
	})
	s.sees("/ 30 s", 10*time.Second) // the countdown
	s.tmux("resize-window", "-x", "80", "-y", "24")
	time.Sleep(time.Second) // tmux keeps a change to itself that it takes back at once
	s.tmux("resize-window", "-x", "100", "-y", "30")
	s.sees("80/120 XP", 45*time.Second)
	s.keys("n")
	s.edit(func(c string) string { return strings.Replace(c, "30s;", "3600s;", 1) })
	s.sees("Lv 1 Long-Poller", 60*time.Second)
	s.keys("n")
	s.sees("nginx hung up without a WebSocket close frame", 10*time.Second) // the recap says what was learnt
	s.keys("q")
	s.sees("ended 0", 15*time.Second)
}

// TestVisitOnScreen opens a lab from disk that has a lab of the course's name and no lesson: its steps stand in the
// lesson's place, and meeting one gives no XP. Leaving it leads to the course.
func TestVisitOnScreen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "03-reverse-proxy")
	if out, err := exec.Command(program(t), "new", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{"lesson.en.md", "lesson.ko.md"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := onScreen(t, 100, 30, []string{"DOCKER_HOST=unix:///nonexistent.sock"}, "start", dir)
	s.sees("embedded ●", 20*time.Second)
	s.sees("A proxy that forwards nothing", time.Second)
	s.sees("silent connection should be dropped", 5*time.Second) // step 2 is read while step 1 is to be done
	s.keys("s")
	s.sees("y write it", 10*time.Second)
	s.keys("y")
	if screen := s.sees("✓ Met", 10*time.Second); strings.Contains(screen, "+0") || strings.Contains(screen, "+20") {
		t.Errorf("XP are promised:\n%s", screen)
	}
	s.keys("Escape")
	s.sees("0/120 XP", 10*time.Second)
	s.sees("Scaling out", 5*time.Second)
	s.keys("q")
	s.sees("ended 0", 15*time.Second)
}

// TestLeavingOnDocker leaves while the environment boots and while a check counts down, by key and by a terminal
// that is killed; nothing is left on the engine.
func TestLeavingOnDocker(t *testing.T) {
	e := onDocker(t)
	t.Parallel()
	for _, tt := range []struct {
		name  string
		leave func(*screenTest)
	}{
		{"Ctrl-C while booting", func(s *screenTest) {
			time.Sleep(300 * time.Millisecond)
			s.keys("C-c")
			s.sees("ended 130", 30*time.Second)
		}},
		{"Ctrl-C while counting down", func(s *screenTest) {
			s.countDown()
			s.keys("C-c")
			s.sees("ended 130", 30*time.Second)
		}},
		{"terminal killed while counting down", func(s *screenTest) {
			s.countDown()
			s.tmux("kill-server")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := onScreen(t, 100, 30, nil, "start", "03", "--engine", "docker")
			s.sees("Stream", 20*time.Second)
			pid := childOf(t, s)
			tt.leave(s)
			gone(t, e, pid)
		})
	}
}

// countDown brings the lab to the idle check of step 3.
func (s *screenTest) countDown() {
	s.t.Helper()
	s.sees("docker ●", 60*time.Second)
	solved := func(step string, add string) {
		s.keys("s")
		s.sees("y write it", 10*time.Second)
		s.keys("y")
		s.sees(step, 20*time.Second)
		if add != "" {
			s.keys(add)
		}
	}
	solved("solved, no XP", "n")
	s.sees("● 2 Fix it", 10*time.Second)
	solved("solved, no XP", "n")
	s.sees("● 3 Watch", 10*time.Second)
	solved("/ 30 s", "")
}

// childOf gives the process id of lab in the terminal.
func childOf(t *testing.T, s *screenTest) int {
	t.Helper()
	shell := strings.TrimSpace(s.tmux("display-message", "-p", "#{pane_pid}"))
	for range 100 {
		out, _ := exec.Command("pgrep", "-P", shell).Output()
		if f := strings.Fields(string(out)); len(f) > 0 {
			pid, _ := strconv.Atoi(f[0])
			return pid
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("lab does not run")
	return 0
}

// gone wants that process ended, and everything of it off the engine, within a few seconds.
func gone(t *testing.T, e *docker.Engine, pid int) {
	t.Helper()
	process := docker.Self()
	process.PID, process.Start = pid, ""
	var left []string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if left = leftOf(t, e, pid); len(left) == 0 && !process.Alive() {
			return
		}
	}
	t.Errorf("left on the engine: %v; the process runs: %v", left, process.Alive())
}
