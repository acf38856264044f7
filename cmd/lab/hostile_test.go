package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestHostileNamesAndFiles: what stands in the student's files, in paths and in the environment never reaches the
// terminal as something that it would obey.
func TestHostileNamesAndFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such names here")
	}
	const evil = "\x1b]52;c;QUFB\x07\x1b[2J\u009b31m\x7f\x1bP+q\x1b\\"
	home := filepath.Join(t.TempDir(), "home"+evil)
	conf := filepath.Join(home, "work", "03-reverse-proxy", "nginx", "websocket.conf")
	lab := func(in string, args ...string) {
		t.Helper()
		cmd := exec.Command(program(t), args...)
		cmd.Env = append(os.Environ(), "LAB_HOME="+home, "EDITOR=/nowhere/"+evil, "DOCKER_HOST=unix:///nowhere"+evil, "TERM=xterm")
		cmd.Stdin = strings.NewReader(in)
		out, _ := cmd.CombinedOutput()
		if len(out) == 0 {
			t.Errorf("lab %v says nothing", args)
		}
		text := string(out)
		bad := func(r rune) bool { return r != '\n' && r != '\t' && r != '\r' && unicode.IsControl(r) }
		if i := strings.IndexFunc(text, bad); i >= 0 {
			t.Errorf("lab %v: %q", args, text[max(0, i-60):min(len(text), i+30)])
		}
		if !utf8.ValidString(text) {
			t.Errorf("lab %v: not UTF-8: %q", args, text)
		}
	}
	lab("", "reset", "03")
	for _, text := range []string{"server { " + evil + " on; }\n", evil, "# " + evil + "\n"} {
		write(t, conf, text)
		lab("", "diff", "03")
		lab("", "check", "03", "--engine", "embedded")
		lab("", "check", "03", "--engine", "embedded", "--output", "json")
		lab("", "check", "03", "--engine", "embedded", "--output", "junit")
		lab("c\nd\ne\nr\ns\nn\nq\n", "start", "03", "--plain", "--engine", "embedded")
	}
	lab("", "doctor")
	lab("", "doctor", "--output", "json")
	lab("", "start", "./"+evil, "--plain")
	lab("", "read", evil)
	lab("", evil)
	lab("", "start", "03", "--"+evil)
	lab("", "progress", "merge", "/nowhere/"+evil)
	write(t, filepath.Join(home, "progress.jsonl"), "{\"id\":\"x\",\"kind\":\"step-met\",\"step\":\""+evil+"\"}\n"+evil+"\nnot json\n")
	lab("", "status")
	lab("", "solve", "03")
}
