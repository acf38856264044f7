package docker

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
)

// oneImage is an environment whose only image is built from a Dockerfile of the test's own.
func oneImage(t testing.TB, dockerfile string) course.Environment {
	id := newID()
	return course.Environment{Lab: id, FS: fstest.MapFS{"b/Dockerfile": {Data: []byte(dockerfile)}, "b/mark": {Data: []byte(id)}},
		Services: []course.Service{{Name: "web", Build: &course.Build{Dir: "b"}}}}
}

// built builds an environment's image, removes it, and gives the error, its code and its words.
func built(t *testing.T, e *Engine, env course.Environment) (code, words string) {
	t.Helper()
	err := e.Prepare(t.Context(), env, nil)
	images, _ := imagesOf(env)
	if err == nil {
		defer func() {
			_, _ = e.api.ImageRemove(t.Context(), images[0].Ref, client.ImageRemoveOptions{PruneChildren: true})
		}()
	}
	ours := make(client.Filters).Add("label", labelImage+"="+images[0].Ref)
	if left, err := e.api.ContainerList(t.Context(), client.ContainerListOptions{All: true, Filters: ours}); err != nil || len(left.Items) > 0 {
		t.Errorf("the build left %d containers: %v", len(left.Items), err)
	}
	if left, err := e.api.ImageList(t.Context(), client.ImageListOptions{Filters: ours.Clone().Add("dangling", "true")}); err != nil || len(left.Items) > 0 {
		t.Errorf("the build left %d images: %v", len(left.Items), err)
	}
	h, ok := hint.Find(err)
	if !ok {
		return "", fmt.Sprint(err)
	}
	return h.Code, locale.English.Say("error."+h.Code, h.Args...)
}

// TestFailedBuildSaysWhatFailed: the instruction, how it ended and its last lines, and nothing of the builder's own
// housekeeping.
func TestFailedBuildSaysWhatFailed(t *testing.T) {
	e := real(t)
	for _, test := range []struct{ name, run, code, want string }{
		{"nothing said", "RUN false", "build-failed", "could not be built: RUN false → 1"},
		{"one line", "RUN echo the reason >&2; exit 3", "build-failed", "RUN echo the reason >&2; exit 3 → 3\n    the reason"},
		{"many lines", "RUN for i in 1 2 3 4 5 6 7 8 9 10; do echo line $i; done; exit 4", "build-failed", " → 4\n    line 3\n    line 4\n    line 5\n    line 6\n    line 7\n    line 8\n    line 9\n    line 10"},
		{"no newline", "RUN printf 'no newline'; exit 5", "build-failed", " → 5\n    no newline"},
		{"a meter", `RUN printf '10%%\r50%%\rstopped\n'; exit 6`, "build-failed", " → 6\n    stopped"},
		{"escapes", `RUN printf '\033]0;title\007\033[31mred\033[0m\n'; exit 7`, "build-failed", " → 7\n    red"},
		{"a program that is not there", "RUN nosuchprogram", "build-failed", "RUN nosuchprogram → 127\n    /bin/sh: 1: nosuchprogram: not found"},
		{"a missing package", "RUN apt-get install -y no-such-package-at-all", "build-failed", "E: Unable to locate package no-such-package-at-all"},
		{"a missing file", "COPY nothing /x", "build-failed", "COPY failed: "},
		{"no network", "RUN echo \"Temporary failure resolving 'deb.debian.org'\"; exit 100", "build-network", "Temporary failure resolving"},
		{"no disk", "RUN echo 'dpkg: error: No space left on device'; exit 2", "docker-disk-full", "disk is full"},
	} {
		code, words := built(t, e, oneImage(t, "FROM debian:trixie-slim\n"+test.run+"\n"))
		if code != test.code || !strings.Contains(words, test.want) || strings.Contains(words, "intermediate") || strings.ContainsRune(words, 0x1b) {
			t.Errorf("%s: %s %q, want %s … %q", test.name, code, words, test.code, test.want)
		}
	}
}

// TestBuildIsConfined: what a lab's Dockerfile does at a build is held to limits, and said when it goes beyond one.
func TestBuildIsConfined(t *testing.T) {
	e := real(t)
	e.limits.memory, e.limits.processes, e.limits.file = 64<<20, 40, 8<<20
	for _, test := range []struct{ name, run, code string }{
		{"within", "RUN head -c 4m /dev/zero >/x && (sleep 0.1 & sleep 0.1 & wait)", ""},
		{"memory", "RUN head -c 200m /dev/zero | tail -c 200m >/dev/null", "build-memory"},
		{"a large file", "RUN head -c 9m /dev/zero >/x", "build-large"},
		{"many processes", "RUN sleep 1; for i in $(seq 200); do sleep 3 & done; wait", "build-processes"},
	} {
		if code, words := built(t, e, oneImage(t, "FROM debian:trixie-slim\n"+test.run+"\n")); code != test.code {
			t.Errorf("%s: %q %s, want %q", test.name, code, words, test.code)
		}
	}
}

// TestBuildIsGivenUp: a build that writes or takes too much ends, and leaves nothing.
func TestBuildIsGivenUp(t *testing.T) {
	e := real(t)
	// The base is weighed, too.
	base, err := e.api.ImageInspect(t.Context(), "debian:trixie-slim")
	if err != nil {
		t.Fatal(err)
	}
	e.limits.size = base.Size + 20<<20
	many := "RUN for i in 1 2 3 4; do head -c 10m /dev/zero >/x$i; done"
	for name, dockerfile := range map[string]string{
		"at once":     many,
		"in steps":    "RUN head -c 15m /dev/zero >/x\nRUN head -c 15m /dev/zero >/y\nRUN sleep 20",
		"while it is": "RUN head -c 15m /dev/zero >/x\n" + many + "; sleep 60",
	} {
		begun := time.Now()
		if code, words := built(t, e, oneImage(t, "FROM debian:trixie-slim\n"+dockerfile+"\n")); code != "build-large" {
			t.Errorf("%s: %q %s", name, code, words)
		}
		if took := time.Since(begun); took > 50*time.Second {
			t.Errorf("%s: given up after %v", name, took)
		}
	}
	e.limits = defaultBuildLimits()
	e.limits.time = 3 * time.Second
	if code, words := built(t, e, oneImage(t, "FROM debian:trixie-slim\nRUN sleep 60\n")); code != "build-slow" {
		t.Errorf("a slow build: %q %s", code, words)
	}
	e.limits = defaultBuildLimits()
	e.limits.output = 64 << 10
	if code, words := built(t, e, oneImage(t, "FROM debian:trixie-slim\nRUN yes | head -c 1m\n")); code != "build-failed" || !strings.Contains(words, "MiB") {
		t.Errorf("a talkative build: %q %s", code, words)
	}
}
