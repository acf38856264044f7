package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

// folder is something that an instructor wrote: a lab, a lesson, or both in one place.
type folder struct {
	fsys   fs.FS  // the folder itself
	id     string // its name
	parent string // where it is in the folder that was asked for
	alone  bool   // it is the folder that was asked for
}

// below is the way to it from the folder that was asked for.
func (f folder) below() string {
	if f.alone {
		return "."
	}
	return filepath.Join(f.parent, f.id)
}

func (f folder) has(name string) bool {
	_, err := fs.Stat(f.fsys, name)
	return err == nil
}

func (f folder) isLab() bool { return f.has("lab.yaml") }

func (f folder) isLesson() bool { return f.has("lesson.en.md") || f.has("lesson.ko.md") }

// hasLesson is isLesson also for a lesson in languages that are never shown.
func (f folder) hasLesson() bool {
	found, _ := fs.Glob(f.fsys, "lesson.*.md")
	return len(found) > 0
}

// folders finds what instructors wrote at and below a folder: the folder itself, or those in it, or those in its
// folders lessons and labs.
func folders(dir string) ([]folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, hint.With(err, "folder-unknown", dir)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	one := folder{fsys: root.FS(), id: filepath.Base(abs), alone: true}
	if one.isLab() || one.hasLesson() {
		return []folder{one}, nil
	}
	var out []folder
	for _, below := range []string{".", "lessons", "labs"} {
		entries, _ := fs.ReadDir(one.fsys, below)
		for _, e := range entries {
			sub, err := fs.Sub(one.fsys, path.Join(below, e.Name()))
			if err != nil || !e.IsDir() {
				continue
			}
			if f := (folder{fsys: sub, id: e.Name(), parent: below}); f.isLab() || f.hasLesson() {
				out = append(out, f)
			}
		}
	}
	if len(out) == 0 {
		return nil, hint.With(fmt.Errorf("%s has no lab and no lesson", dir), "folder-unknown", dir)
	}
	return out, nil
}

// labsOf loads every variant of the labs that a command's argument names: a folder, or a lesson of the course.
func (a *app) labsOf(name, variant string) ([]course.Lab, error) {
	var out []course.Lab
	var found []folder
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		if found, err = folders(name); err != nil {
			return nil, err
		}
	} else {
		t, err := a.find(name, variant)
		if err != nil {
			return nil, err
		}
		found = []folder{{fsys: t.lab.FS, id: t.lab.ID}}
	}
	var problems course.Problems
	var unknown error
	for _, f := range found {
		if !f.isLab() {
			continue
		}
		labs, err := variantsOf(f, variant)
		if h, ok := hint.Find(err); ok && h.Code == "variant-unknown" {
			unknown = err // another one of the labs may have it
			continue
		}
		problems = problems.Collect(f.id, err)
		out = append(out, labs...)
	}
	switch {
	case len(problems) > 0:
		return nil, problems
	case len(out) == 0 && unknown != nil:
		return nil, unknown
	case len(out) == 0:
		return nil, hint.With(fmt.Errorf("%s has no lab", name), "folder-unknown", name)
	}
	return out, nil
}

// variantsOf loads a lab in one variant, or in all of them for "".
func variantsOf(f folder, variant string) ([]course.Lab, error) {
	names := []string{variant}
	if variant == "" {
		var err error
		if names, err = course.Variants(f.fsys); err != nil {
			return nil, err
		}
	}
	var out []course.Lab
	for _, name := range names {
		lab, err := course.LoadLab(f.fsys, f.id, name)
		if err != nil {
			return nil, err
		}
		out = append(out, lab)
	}
	return out, nil
}
