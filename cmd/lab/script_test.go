package main

import (
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cwk-stream/lab/labs"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == watchWord { // never run the tests as a watchdog
		outlive()
		os.Exit(watch(os.Stdin, nil))
	}
	hearHangUp()
	testscript.Main(suite{m}, map[string]func(){"lab": main})
}

// suite is the package's tests, and removes what they share.
type suite struct{ *testing.M }

func (s suite) Run() int {
	defer func() { _ = os.RemoveAll(built.dir) }()
	return s.M.Run()
}

// TestScripts runs the command line's specification: each testdata/*.txtar is a transcript in a home of its own, on a
// machine without Docker.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("LAB_HOME", e.WorkDir+"/home")
			e.Setenv("DOCKER_HOST", "unix:///nonexistent.sock")
			e.Setenv("LAB_LANG", "en")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code, "copy-lab": copyLab, "edit": edit},
	})
}

// copyLab makes a copy of a lab of the course: copy-lab 03-reverse-proxy DIR.
func copyLab(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: copy-lab LAB DIR")
	}
	lab, err := fs.Sub(labs.FS, args[0])
	ts.Check(err)
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), lab))
}

// edit puts one text in the place of another, which must be there once: edit FILE OLD NEW.
func edit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%s has %q %d times", args[0], args[1], n)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o600))
}

// code runs lab and wants an exit code: code 2 lab start 99.
func code(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		got = strconv.Itoa(exit.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("exit code: got %s, want %s", got, args[0])
	}
}
