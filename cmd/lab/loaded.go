package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cwk-stream/lab/internal/bundle"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/labs"
	"github.com/cwk-stream/lab/lessons"
)

// A course that a bundle brought is kept beside the student's files, and takes the place of the built-in one until the
// program brings another one itself, or `lab bundle drop`.

// origin says where a loaded course comes from.
type origin struct {
	Program string `json:"program"`  // version that wrote the bundle
	Instead string `json:"instead"`  // bundle.Sum of the built-in course that it takes the place of
	Course  string `json:"contents"` // bundle.Sum of the loaded one
}

func (a *app) loadedDir() string { return filepath.Join(a.dataDir(), "course") }

// loaded reads the origin of the loaded course; ok is false where there is none.
func (a *app) loaded() (o origin, ok bool) {
	data, err := readOwn(filepath.Join(a.loadedDir(), "origin.json"))
	return o, err == nil && json.Unmarshal(data, &o) == nil
}

// builtIn identifies the course inside the program.
func builtIn() (string, error) { return bundle.Sum(lessons.FS, labs.FS) }

// sources gives the lessons and labs in force.
func (a *app) sources() (lessonsFS, labsFS fs.FS) {
	if o, ok := a.loaded(); ok {
		if sum, err := builtIn(); err == nil && sum == o.Instead {
			if lessonsFS, labsFS, err := halves(os.DirFS(a.loadedDir())); err == nil {
				return lessonsFS, labsFS
			}
		}
	}
	return lessons.FS, labs.FS
}

// install makes a verified course, in a folder on the same disk, the one in force: all of it or nothing.
func (a *app) install(folder string, o origin) error {
	data, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "origin.json"), append(data, '\n'), 0o600); err != nil {
		return hint.With(err, "folder-unusable", folder)
	}
	old := folder + ".old"
	err = os.Rename(a.loadedDir(), old)
	if err != nil && !os.IsNotExist(err) {
		return hint.With(err, "folder-unusable", a.loadedDir())
	}
	if err := os.Rename(folder, a.loadedDir()); err != nil {
		_ = os.Rename(old, a.loadedDir())
		return hint.With(err, "folder-unusable", a.loadedDir())
	}
	_ = removeFolder(old)
	return nil
}
