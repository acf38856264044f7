package internal_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// oneMachine is what only one processor's Debian has, or what pins an image to one: a student's machine may be another.
var oneMachine = regexp.MustCompile(`\blib(64|32|x32)\b|(\b|_)(amd64|x86[-_]64|x64|i[3-6]86|arm64|aarch64|armhf|armv[78]l?)(\b|_)|-linux-(gnu|musl)|\bld-(linux|musl)|--platform\b`)

// TestAnyArchitecture: no Dockerfile of ours, and no script beside one, names a folder, a library or a platform that only
// one architecture has. Comments count, too: they would be copied.
func TestAnyArchitecture(t *testing.T) {
	dockerfiles := map[string]int{}
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		top, _, _ := strings.Cut(name, "/")
		if err != nil || d.IsDir() || top != "labs" && top != "internal" || strings.HasSuffix(name, ".go") {
			return err
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		isDockerfile := path.Base(name) == "Dockerfile"
		if isDockerfile {
			dockerfiles[top]++
		}
		isBuilt := isDockerfile || strings.HasPrefix(string(data), "#!") || strings.HasSuffix(name, ".sh")
		if !isBuilt || name == "labs/base-image.sh" { // which asks the engine for its architecture
			return nil
		}
		for n, line := range strings.Split(string(data), "\n") {
			if found := oneMachine.FindString(line); found != "" {
				t.Errorf("%s:%d: %q is one architecture's", name, n+1, found)
			}
		}
		return nil
	})
	if err != nil || dockerfiles["labs"] == 0 || dockerfiles["internal"] == 0 {
		t.Errorf("Dockerfiles: %v, %v", dockerfiles, err)
	}
}

func TestOneMachine(t *testing.T) {
	for line, want := range map[string]bool{
		"cp -a bin sbin lib lib64 /image/":                           true,
		"COPY --from=a /usr/lib/x86_64-linux-gnu/libz.so.1 /lib/":    true,
		"RUN cp /usr/lib/aarch64-linux-gnu/libz.so.1 /image":         true,
		"RUN cp /lib64/ld-linux-x86-64.so.2 /image":                  true,
		"FROM --platform=linux/amd64 debian:trixie-slim":             true,
		"ADD caddy_2.11.9_linux_amd64.tar.gz /":                      true,
		"cp -a bin sbin lib* /image/":                                false,
		"{ echo usr/bin/busybox; find / -name '*.so'; } | xargs ldd": false,
	} {
		if got := oneMachine.MatchString(line); got != want {
			t.Errorf("%q: got %v, want %v", line, got, want)
		}
	}
}
