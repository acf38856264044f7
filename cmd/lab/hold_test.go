package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/hint"
)

// opened starts `lab start 03` with prompts in home, and gives its output from the first prompt on.
func opened(t *testing.T, home string, args ...string) (*exec.Cmd, io.WriteCloser, <-chan string) {
	t.Helper()
	cmd := exec.Command(program(t), append([]string{"start", "03", "--plain", "--engine", "embedded", "--lang", "en"}, args...)...)
	cmd.Env = append(os.Environ(), "LAB_HOME="+home)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	for line := range lines {
		if strings.Contains(line, "websocket.conf") {
			return cmd, in, lines
		}
	}
	t.Fatal("it ended before its first prompt")
	return nil, nil, nil
}

// TestSecondStart: the second program says that the lab is open, and by whom; told to, it takes the lab over, and the
// first one ends in order; what the first one leaves when it is killed keeps nobody out.
func TestSecondStart(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	first, _, _ := opened(t, home)

	var errs bytes.Buffer
	second := exec.Command(program(t), "start", "03", "--plain", "--engine", "embedded", "--lang", "en")
	second.Env, second.Stderr = append(os.Environ(), "LAB_HOME="+home), &errs
	err := second.Run()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != exitCannotRun {
		t.Errorf("the second ended with %v, want exit code 3", err)
	}
	for _, want := range []string{"is open in another window already (process ", "--take-over"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("the second said %q, want %q in it", errs.String(), want)
		}
	}

	third, in, _ := opened(t, home, "--take-over")
	done := make(chan error, 1)
	go func() { done <- first.Wait() }()
	select {
	case err := <-done:
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != exitInterrupted {
			t.Errorf("the first ended with %v, want exit code 130", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the first did not end")
	}
	_, _ = io.WriteString(in, "q\n")
	if err := third.Wait(); err != nil {
		t.Errorf("the third ended with %v", err)
	}

	fourth, _, _ := opened(t, home)
	_ = fourth.Process.Kill()
	_ = fourth.Wait()
	fifth, in, _ := opened(t, home)
	_ = in.Close()
	if err := fifth.Wait(); err != nil {
		t.Errorf("after one that was killed: %v", err)
	}
}

// TestHoldByNobodyInReach: a lock that another machine or user holds is not taken over.
func TestHoldByNobodyInReach(t *testing.T) {
	dir := t.TempDir()
	release, err := hold(t.Context(), dir, "x", "x", false)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for _, note := range []string{`{"owner":"elsewhere/0/1/x"}`, `{"owner":`, ""} {
		write(t, filepath.Join(dir, ".session"), note)
		_, err := hold(t.Context(), dir, "x", "x", true)
		if h, ok := hint.Find(err); !ok || h.Code != "lab-not-released" {
			t.Errorf("%q: %v", note, err)
		}
	}
}

// TestHoldByItself: a lab that this program is just closing is waited for.
func TestHoldByItself(t *testing.T) {
	dir := t.TempDir()
	release, err := hold(t.Context(), dir, "x", "x", false)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, release)
	again, err := hold(t.Context(), dir, "x", "x", false)
	if err != nil {
		t.Fatal(err)
	}
	again()
}
