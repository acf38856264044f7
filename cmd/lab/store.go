package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/adrg/xdg"

	"github.com/cwk-stream/lab/assets"
	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/journal"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/reward"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/workspace"
)

// dataDir is where the student's progress and files are: LAB_HOME, else lab's folder in the XDG data home.
func (a *app) dataDir() string {
	if dir := a.getenv("LAB_HOME"); dir != "" {
		return dir
	}
	return filepath.Join(xdg.DataHome, "lab")
}

func (a *app) journal() (*journal.Journal, error) {
	j, err := journal.Open(filepath.Join(a.dataDir(), "progress.jsonl"))
	if err == nil {
		j.Now = a.now
	}
	return j, err
}

// events are all that the student has achieved. Damage to the file is reported on standard error and survived.
func (a *app) events(ctx context.Context) (*session.EventSet, error) {
	j, err := a.journal()
	if err != nil {
		return nil, err
	}
	events, damage, err := j.Load(ctx)
	if damage.Lines() > 0 {
		a.note(wordsFor(damage), j.Path(), damage.Lines(), damage.Places(), damage.Aside)
	}
	return events, err
}

// note says on standard error what a person should know.
func (a *app) note(key string, args ...any) {
	fmt.Fprintln(a.err, "lab: "+printable.Text(a.lang().Say(key, args...)))
}

// wordsFor is the key of the words for what was damaged in a journal.
func wordsFor(d journal.Damage) string {
	switch {
	case d.Corrupt > 0 && d.Aside != "":
		return "journal.aside"
	case d.Corrupt > 0:
		return "journal.damage"
	case d.Torn > 0:
		return "journal.torn"
	}
	return "journal.zeros"
}

// course loads the lessons in force: the built-in ones, or those that a bundle brought.
func (a *app) course() (*course.Course, error) { return course.Load(a.sources()) }

// target is what a command's argument names: a lesson of the course, or a lab in a folder.
type target struct {
	lesson course.Lesson
	lab    course.Lab
	folder string // name of the folder of a lab that is no part of the course; "" for the course's
	asked  string // how the student named it, for words that repeat the command; "" where nobody named it
}

// find reads a lesson's name, or the path of a lab's folder, and loads its lab in the variant that is asked for.
func (a *app) find(name, variant string) (target, error) {
	t, err := a.lookUp(name, variant)
	t.asked = commandWord(name)
	if variant != "" {
		t.asked += " --proxy " + commandWord(variant)
	}
	return t, err
}

func (a *app) lookUp(name, variant string) (target, error) {
	if isPath(name) {
		return a.findPath(name, variant)
	}
	c, err := a.course()
	if err != nil {
		return target{}, err
	}
	l, err := c.Find(name)
	if err != nil {
		return target{}, err
	}
	if l.Lab == "" {
		return target{lesson: l}, hint.With(fmt.Errorf("lesson %s has no lab", l.ID), "lesson-without-lab", l.ID)
	}
	lab, err := c.Lab(l.Lab, variant)
	return target{lesson: l, lab: lab}, err
}

// workspace opens the student's folder for a lab, laying it out where it is not there yet.
func (a *app) workspace(lab course.Lab) (*workspace.Workspace, error) {
	initial, err := lab.Initial()
	if err != nil {
		return nil, err
	}
	w, err := workspace.Open(a.workFolder(lab), initial)
	a.noteWhere(lab.ID)
	return w, err
}

// workFolder is where the student's files for a lab are. Those of a lab that had another name go along with it.
func (a *app) workFolder(lab course.Lab) string {
	folder := func(id string) string { return filepath.Join(a.dataDir(), "work", id, lab.Variant) }
	dir := folder(lab.ID)
	for _, old := range lab.Was {
		if _, err := os.Lstat(dir); err == nil {
			break
		}
		if _, err := os.Lstat(folder(old)); err == nil && os.MkdirAll(filepath.Dir(dir), 0o700) == nil {
			_ = os.Rename(folder(old), dir) // else they begin anew, and what they had stays where it is
		}
	}
	return dir
}

// standing folds the student's events into levels, achievements and lesson states.
func (a *app) standing(ctx context.Context, c *course.Course) (reward.Standing, error) {
	events, err := a.events(ctx)
	if err != nil {
		return reward.Standing{}, err
	}
	tables, err := reward.Load(assets.FS)
	if err != nil {
		return reward.Standing{}, err
	}
	lessons, err := outline(c)
	return reward.Fold(events, lessons, tables), err
}

// standings loads the course in force, and where the student stands in it.
func (a *app) standings(ctx context.Context) (*course.Course, reward.Standing, error) {
	c, err := a.course()
	if err != nil {
		return nil, reward.Standing{}, err
	}
	s, err := a.standing(ctx, c)
	return c, s, err
}

// history is what the student has achieved in one lab.
func (a *app) history(ctx context.Context, lab course.Lab) (session.History, error) {
	events, err := a.events(ctx)
	return session.Recall(events, lab), err
}
