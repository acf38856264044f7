package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/labs"
)

// TestShipped: a lab of the course is known wherever it lies, and no longer once a file of it is another.
func TestShipped(t *testing.T) {
	ours, err := fs.Sub(labs.FS, "03-reverse-proxy")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, ours); err != nil {
		t.Fatal(err)
	}
	env := func(files fs.FS, id string) course.Environment { return course.Environment{Lab: id, FS: files} }
	if !shipped(env(ours, "03-reverse-proxy")) || !shipped(env(os.DirFS(dir), "03-reverse-proxy")) {
		t.Error("a lab of the course is not known")
	}
	for name, e := range map[string]course.Environment{
		"another id": env(ours, "04-tls"), "no id": env(ours, ""), "no files": {Lab: "03-reverse-proxy"},
		"all labs": env(labs.FS, "."), "nothing": env(os.DirFS(t.TempDir()), "03-reverse-proxy"),
	} {
		if shipped(e) {
			t.Errorf("%s is taken for one of the course's", name)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	data[0] ^= 1
	if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if shipped(env(os.DirFS(dir), "03-reverse-proxy")) {
		t.Error("a lab with another compose.yaml is taken for the course's")
	}
}
