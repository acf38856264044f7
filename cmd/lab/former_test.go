package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/cwk-stream/lab/internal/course"
)

// TestFilesFollowTheirLab: the student's files of a lab that had another name go along with it, once, and those that are
// there already stay.
func TestFilesFollowTheirLab(t *testing.T) {
	home := t.TempDir()
	a := &app{world: world{err: io.Discard, getenv: func(key string) string { return map[string]string{"LAB_HOME": home}[key] }}}
	lab := course.Lab{ID: "03-proxy", Variant: "nginx", Was: []string{"02-older", "03-reverse-proxy"}}
	put := func(id, text string) {
		dir := filepath.Join(home, "work", id, "nginx")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wants := func(text string) {
		t.Helper()
		got, _ := os.ReadFile(filepath.Join(a.workFolder(lab), "file"))
		if string(got) != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	wants("")
	put("03-reverse-proxy", "mine")
	wants("mine")
	put("02-older", "another")
	wants("mine")
	if _, err := os.Stat(filepath.Join(home, "work", "02-older", "nginx", "file")); err != nil {
		t.Error("what nobody needed is gone:", err)
	}
}
