package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cwk-stream/lab/internal/bundle"
	"github.com/cwk-stream/lab/labs"
	"github.com/cwk-stream/lab/lessons"
)

// home is a student's machine without an engine.
type home struct {
	t   *testing.T
	dir string
}

func (h home) run(args ...string) (out, complaint string, code int) {
	var o, e bytes.Buffer
	env := map[string]string{"LAB_HOME": h.dir, "LAB_LANG": "en"}
	code = run(h.t.Context(), args, world{in: strings.NewReader(""), out: &o, err: &e, getenv: func(k string) string { return env[k] }})
	return o.String(), e.String(), code
}

// copyOf reads a file system into memory.
func copyOf(t *testing.T, fsys fs.FS) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		out[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// bundleOf writes a bundle of a course, with images that are no images.
func bundleOf(t *testing.T, lessonsFS, labsFS fs.FS, images ...string) string {
	t.Helper()
	return bundleBy(t, nil, lessonsFS, labsFS, images...)
}

// bundleBy is bundleOf, signed; nil for unsigned.
func bundleBy(t *testing.T, s *bundle.Signer, lessonsFS, labsFS fs.FS, images ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "b")
	w, err := bundle.Create(file, "v9")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if s != nil {
		w.Sign(s)
	}
	err = errors.Join(w.AddFiles("lessons", lessonsFS), w.AddFiles("labs", labsFS))
	for _, ref := range images {
		err = errors.Join(err, w.AddImage(ref, func(w io.Writer) (string, error) { _, err := io.WriteString(w, "?"); return "", err }))
	}
	if err == nil {
		_, err = w.Finish(context.Background(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestLoadedCourse: another course takes the place of the built-in one, and gives it back.
func TestLoadedCourse(t *testing.T) {
	h := home{t, t.TempDir()}
	texts := copyOf(t, lessons.FS)
	for name, f := range texts {
		if strings.HasSuffix(name, "03-reverse-proxy/lesson.en.md") {
			f.Data = append(f.Data, "\nA sentence that only the bundle has.\n"...)
		}
	}
	if _, complaint, code := h.run("bundle", "load", bundleOf(t, texts, labs.FS)); code != 0 {
		t.Fatalf("load: %d, %s", code, complaint)
	}
	const sentence = "only the bundle has"
	if out, complaint, _ := h.run("read", "03"); !strings.Contains(out, sentence) {
		t.Errorf("the bundle's lesson is not in force: %s", complaint)
	}
	// The same file again, and a bad one, change nothing.
	bad := copyOf(t, lessons.FS)
	bad["03-reverse-proxy/lesson.en.md"].Data = []byte("no front matter")
	if _, complaint, code := h.run("bundle", "load", bundleOf(t, bad, labs.FS)); code != exitCannotRun || !strings.Contains(complaint, "03-reverse-proxy/lesson.en.md") || !strings.Contains(complaint, "tell its author") {
		t.Errorf("a course that does not load: %d, %s", code, complaint)
	}
	evil := copyOf(t, labs.FS)
	compose := evil["03-reverse-proxy/compose.yaml"]
	compose.Data = append(bytes.ReplaceAll(compose.Data, []byte("cap_drop: [ALL]"), []byte("privileged: true")), '\n')
	if _, complaint, code := h.run("bundle", "load", bundleOf(t, texts, evil)); code != exitCannotRun ||
		!strings.Contains(complaint, "compose.yaml:") || !strings.Contains(complaint, "privileged") || !strings.Contains(complaint, "tell its author") {
		t.Errorf("a hostile lab: %d, %s", code, complaint)
	}
	if _, complaint, code := h.run("bundle", "load", "--no-images", bundleOf(t, texts, labs.FS, "debian:trixie-slim")); code != exitCannotRun {
		t.Errorf("an image that no lab needs: %d, %s", code, complaint)
	}
	if out, _, _ := h.run("read", "03"); !strings.Contains(out, sentence) {
		t.Error("a refused bundle changed the course")
	}
	if left, _ := filepath.Glob(filepath.Join(h.dir, ".course-*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	// A program with another course of its own is newer than what was loaded.
	origin := filepath.Join(h.dir, "course", "origin.json")
	was, err := os.ReadFile(origin)
	if err != nil {
		t.Fatal(err)
	}
	own, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(origin, bytes.ReplaceAll(was, []byte(own), []byte("another")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, _ := h.run("read", "03"); strings.Contains(out, sentence) {
		t.Error("an old bundle outlives the program that it was loaded into")
	}
	if err := os.WriteFile(origin, was, 0o600); err != nil {
		t.Fatal(err)
	}
	h.run("bundle", "drop")
	if out, _, _ := h.run("read", "03"); strings.Contains(out, sentence) {
		t.Error("drop did not bring the built-in course back")
	}
}
