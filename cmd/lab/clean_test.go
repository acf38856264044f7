package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cwk-stream/lab/internal/docker"
)

// TestWantedImages: every image that a lab of this student may need stays, be the lab in the course, the template, or on
// disk; also of one that cannot be read now. Those of a lab whose folder is gone do not.
func TestWantedImages(t *testing.T) {
	a, _ := builder(t, nil)
	a.where.Clear()
	refs := func(dir string) []string {
		found, err := a.findPath(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.workspace(found.lab); err != nil {
			t.Fatal(err)
		}
		out, err := docker.Refs(found.lab.Env)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	here, gone, broken := layLab(t, "here"), layLab(t, "gone"), layLab(t, "broken")
	wanted, former := refs(here), refs(gone)
	refs(broken)
	if err := os.RemoveAll(gone); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(broken, "lab.yaml"), "title: [")
	// A version that did not note folders has worked on this one; and this is a lab of the course.
	for _, dir := range []string{"old-0123abcd", "03-reverse-proxy"} {
		if err := os.MkdirAll(filepath.Join(a.dataDir(), "work", dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	course, err := a.labs(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, lab := range course {
		all, err := docker.Refs(lab.Env)
		if err != nil {
			t.Fatal(err)
		}
		wanted = append(wanted, all...)
	}
	keep, err := a.wantedImages()
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range wanted {
		if !keep.Refs[ref] {
			t.Errorf("%s is not wanted", ref)
		}
	}
	shared := map[string]bool{} // with labs that stay: the forwarder's
	for _, ref := range wanted {
		shared[ref] = true
	}
	for _, ref := range former {
		if keep.Refs[ref] && !shared[ref] {
			t.Errorf("%s is wanted, and its lab is gone", ref)
		}
	}
	for id, want := range map[string]bool{ownID(broken): true, "old-0123abcd": true, ownID(here): false, ownID(gone): false, "03-reverse-proxy": false} {
		if keep.Labs[id] != want {
			t.Errorf("every image of %s is wanted: %v, want %v", id, keep.Labs[id], want)
		}
	}
}
