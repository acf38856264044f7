package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

// builder is a student of an own folder who may be asked.
func builder(t *testing.T, in any) (*app, *bytes.Buffer) {
	t.Helper()
	home, said := t.TempDir(), &bytes.Buffer{}
	a := &app{world: world{in: strings.NewReader(""), out: said, err: said, getenv: func(name string) string {
		if name == "LAB_HOME" {
			return home
		}
		return ""
	}}}
	if f, ok := in.(*os.File); ok {
		a.in = f
	}
	return a, said
}

// ownLab is a lab on disk with a Dockerfile of its author's.
func ownLab(t *testing.T) (dir string, load func() course.Lab) {
	t.Helper()
	dir = layLab(t, "salt")
	return dir, func() course.Lab {
		t.Helper()
		found, err := (&app{}).findPath(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		return found.lab
	}
}

// TestForeignBuilds wants a build to be asked about unless these very files came with the program, or were agreed to.
func TestForeignBuilds(t *testing.T) {
	a, _ := builder(t, nil)
	services := func(labs ...course.Lab) string {
		t.Helper()
		builds, err := a.foreignBuilds(labs...)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, b := range builds {
			names = append(names, b.service)
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	c, err := a.course()
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := labsOf(c)
	if err != nil || len(shipped) < 7 {
		t.Fatalf("%d labs, %v", len(shipped), err)
	}
	if got := services(shipped...); got != "" {
		t.Errorf("the course's own: asked about %s", got)
	}

	t.Chdir(t.TempDir())
	if err := a.scaffold("demo"); err != nil {
		t.Fatal(err)
	}
	demo := func() course.Lab {
		t.Helper()
		found, err := a.findPath("demo", "")
		if err != nil {
			t.Fatal(err)
		}
		return found.lab
	}
	if got := services(demo()); got != "" {
		t.Errorf("the template as it comes: asked about %s", got)
	}
	write(t, "demo/backend/app.py", "import os\n")
	if got := services(demo()); got != "backend" {
		t.Errorf("the template with another file to copy: asked about %q, want backend", got)
	}

	dir, load := ownLab(t)
	if got := services(load()); got != "web" {
		t.Errorf("a lab of somebody's: asked about %q, want web", got)
	}
	a.yes = true
	builds, err := a.foreignBuilds(load())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.agree(t.Context(), builds); err != nil {
		t.Fatal(err)
	}
	if got := services(load()); got != "" {
		t.Errorf("once agreed to: asked about %s", got)
	}
	for _, file := range []string{"web/Dockerfile", "web/salt"} {
		write(t, filepath.Join(dir, file), buildLab["web/Dockerfile"]+"# "+file+"\n")
		if got := services(load()); got != "web" {
			t.Errorf("%s changed: asked about %q, want web", file, got)
		}
	}
	write(t, filepath.Join(dir, "files/a.conf"), "c\n")
	write(t, filepath.Join(dir, "web/salt"), "salt")
	write(t, filepath.Join(dir, "web/Dockerfile"), buildLab["web/Dockerfile"])
	if got := services(load()); got != "" {
		t.Errorf("a file that no build sees changed: asked about %s", got)
	}
}

// TestConsent asks at a terminal, and shows what would run without what a terminal would obey.
func TestConsent(t *testing.T) {
	for _, tt := range []struct {
		answer, lang, says string
		agreed             bool
	}{
		{"y\n", "en", "Build? [y/N]", true},
		{"YES\n", "en", "is no lab of the course", true},
		{"\n", "en", "it reaches the internet", false},
		{"n\n", "en", "run as root", false},
		{"yikes\n", "en", "held to: 2048 MiB of memory, 2 processors, 512 processes for an instruction, 4 GiB written", false},
		{"예\n", "ko", "빌드할까요?", true},
		{"아니요\n", "ko", "과정에 포함된 실습이 아니며", false},
	} {
		terminal, in, err := pty.Open()
		if err != nil {
			t.Skip("needs a terminal:", err)
		}
		a, said := builder(t, in)
		a.langFlag = tt.lang
		builds := []foreignBuild{{lab: "shop\x1b]0;x\a", service: "web", sum: "0123", commands: []string{"RUN echo \x1b[31m\u202e   &&  true"}}}
		if _, err := terminal.WriteString(tt.answer); err != nil {
			t.Fatal(err)
		}
		err = a.agree(t.Context(), builds)
		h, _ := hint.Find(err)
		if tt.agreed != (err == nil) || tt.agreed != a.agreed("0123") || err != nil && h.Code != "build-declined" {
			t.Errorf("%q: got %v, remembered %t", tt.answer, err, a.agreed("0123"))
		}
		if text := said.String(); !strings.Contains(text, tt.says) || !strings.Contains(text, "RUN echo") ||
			strings.ContainsAny(text, "\x1b\a\u202e") {
			t.Errorf("%q: said %q", tt.answer, text)
		}
		_, _ = terminal.Close(), in.Close()
	}
}

// TestConsentWithoutTerminal wants nothing to be built, nor anything to be waited for, where nobody can be asked.
func TestConsentWithoutTerminal(t *testing.T) {
	builds := []foreignBuild{{lab: "shop", service: "web", sum: "0123"}}
	a, said := builder(t, nil)
	err := a.agree(t.Context(), builds)
	if h, ok := hint.Find(err); !ok || h.Code != "build-unasked" || exitCode(t.Context(), err) != exitCannotRun || said.Len() > 0 {
		t.Errorf("got %v, said %q", err, said)
	}
	a.yes = true
	if err := a.agree(t.Context(), builds); err != nil || !a.agreed("0123") {
		t.Errorf("with --yes: got %v, remembered %t", err, a.agreed("0123"))
	}
}

// TestConsentOnDocker wants each command that could build to refuse without an answer, on a real engine.
func TestConsentOnDocker(t *testing.T) {
	onDocker(t)
	t.Parallel()
	lab := layLab(t, t.Name()+t.TempDir())
	for _, args := range [][]string{
		{"run", lab}, {"check", lab}, {"start", lab}, {"start", lab, "--plain"}, {"pull", lab}, {"test", lab}, {"run", lab, "--engine", "docker"},
	} {
		cmd := exec.Command(program(t), args...)
		cmd.Env = append(os.Environ(), "LAB_HOME="+t.TempDir(), "LAB_LANG=en")
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != exitCannotRun || !strings.Contains(string(out), "--yes") {
			t.Errorf("lab %s: exit code %d\n%s", args[0], code, out)
		}
	}
}
