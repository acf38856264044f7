//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// alone gives the environment of a program in a home of its own, where something was read, on a machine without Docker.
func alone(t *testing.T) []string {
	t.Helper()
	home := t.TempDir()
	write(t, filepath.Join(home, "progress.jsonl"), `{"v":1,"id":"a-000001","seq":1,"time":"2026-01-01T00:00:00Z","kind":"read","lesson":"01-x"}`+"\n")
	return append(os.Environ(), "LAB_HOME="+home, "LAB_LANG=en", "DOCKER_HOST=unix:///nonexistent.sock", "TMPDIR="+t.TempDir())
}

// ends runs lab and gives its exit code and what it said on standard error.
func ends(t *testing.T, cmd *exec.Cmd) (code int, said string) {
	t.Helper()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), errs.String()
}

// printing are commands that print to standard output, and exit with 0 or 1 where that can be written.
var printing = []string{"list", "list --output json", "read 01", "status", "status --output json", "progress export -", "doctor",
	"doctor --output json", "version", "completion bash", "completion zsh", "--help", "start --help", "hint 03",
	"diff 03 --solution", "solve 03", "check 03 --step 1 --engine embedded", "test 03 --quick --step 1 --engine embedded",
	"check 03 --step 1 --engine embedded --output json", "check 03 --step 1 --engine embedded --output junit",
	"run 03 --engine embedded", "start 03 --plain --engine embedded"}

// TestOutputThatCannotBeWritten: a command whose output is lost says so and does not take it for printed.
func TestOutputThatCannotBeWritten(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("needs /dev/full")
	}
	t.Cleanup(func() { _ = full.Close() })
	for _, command := range printing {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(program(t), strings.Fields(command)...)
			cmd.Env, cmd.Stdout = alone(t), full
			if code, said := ends(t, cmd); code != exitCannotRun || !strings.Contains(said, "the output could not be written: no space left on device\nhint:") {
				t.Errorf("it ended with %d: %q", code, said)
			}
		})
	}
}

// TestOutputThatNobodyReads: the reader has closed the pipe, as head does after its lines. That is no fault.
func TestOutputThatNobodyReads(t *testing.T) {
	for _, command := range printing {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			_ = read.Close()
			defer write.Close()
			cmd := exec.Command(program(t), strings.Fields(command)...)
			cmd.Env, cmd.Stdout = alone(t), write
			code, said := ends(t, cmd)
			for _, trace := range []string{"lab: ", "pipe", "goroutine"} {
				if code != exitClosedPipe || strings.Contains(said, trace) {
					t.Errorf("it ended with %d: %q", code, said)
				}
			}
		})
	}
}
