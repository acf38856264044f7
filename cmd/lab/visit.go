package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
)

// A lab may lie anywhere on disk. It is run as the course's are, with files and progress of its own, and for no XP:
// whoever can write a lab could write one that is won at once.

// isPath tells the path of a lab's folder from a lesson's name.
func isPath(name string) bool { return strings.ContainsAny(name, `/\`) || name == "." || name == ".." }

// findPath loads a lab from a folder that is no part of the course. Symbolic links do not lead out of it.
func (a *app) findPath(dir, variant string) (target, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return target{}, hint.With(err, "lab-unknown", dir)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return target{}, err
	}
	f := folder{fsys: root.FS(), id: filepath.Base(abs)}
	lab, err := course.LoadLab(f.fsys, f.id, variant)
	if err != nil {
		return target{}, err
	}
	lab.ID, lab.Was = ownID(abs), nil // what was achieved in the course's labs is none of its business
	a.where.Store(lab.ID, abs)
	lab.Env.Lab, lab.Env.Images = lab.ID, f.id
	for i := range lab.Steps {
		lab.Steps[i].XP = 0
	}
	lesson := goals(lab)
	if page, ok := pageOf(abs, f); ok {
		if lesson, err = course.LoadLesson(page, "."); err != nil {
			return target{}, err
		}
	}
	lesson.ID, lesson.Number, lesson.XP, lesson.Lab = lab.ID, 0, 0, lab.ID
	return target{lesson: lesson, lab: lab, folder: f.id}, nil
}

// pageOf finds the lesson of a lab's folder: in it, or, for a lab at labs/NAME, at lessons/NAME as in a course.
func pageOf(abs string, lab folder) (fs.FS, bool) {
	if lab.isLesson() {
		return lab.fsys, true
	}
	parent, name := filepath.Split(abs)
	if filepath.Base(parent) != "labs" {
		return nil, false
	}
	root, err := os.OpenRoot(filepath.Join(parent, "..", "lessons", name))
	if err != nil {
		return nil, false
	}
	return root.FS(), folder{fsys: root.FS()}.isLesson()
}

// named gives the lab as people call it. The hash in its own id would only be noise to them, and would change a CI
// report's names from one machine to another.
func (t target) named() course.Lab {
	lab := t.lab
	if t.folder != "" {
		lab.ID = t.folder
	}
	return lab
}

// ownID names a lab on disk by its folder's name and a hash of where that is, so that it shares neither the student's
// files nor their progress with a lab of the course, or of another folder, that has the same name.
func ownID(abs string) string {
	where := abs
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		where = real // the same lab, by whichever way one comes
	}
	sum := sha256.Sum256([]byte(where))
	return filepath.Base(abs) + "-" + hex.EncodeToString(sum[:4])
}

// goals is the lesson of a lab that has none: what there is to do, step by step.
func goals(lab course.Lab) course.Lesson {
	l := course.Lesson{Texts: map[locale.Lang]course.LessonText{}}
	for _, lang := range locale.All() {
		var text strings.Builder
		for _, s := range lab.Steps {
			fmt.Fprintf(&text, "## %s\n\n%s\n\n", s.Title.In(lang), s.Goal.In(lang))
		}
		l.Texts[lang] = course.LessonText{Title: lab.Title.In(lang), Markdown: text.String()}
	}
	return l
}
