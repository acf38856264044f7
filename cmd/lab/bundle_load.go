package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/cwk-stream/lab/internal/bundle"
	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/labs"
	"github.com/cwk-stream/lab/lessons"
)

// loadBundle verifies a bundle, and only then changes anything: images first, which can be taken back, the course last,
// which comes into force in one step.
func (a *app) loadBundle(ctx context.Context, file string, o loadOptions) error {
	b, err := bundle.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = b.Close() }()
	author, err := a.author(b.Manifest.Key, o)
	if err != nil {
		return err
	}
	images := b.Manifest.Images()
	bare := o.bare || len(images) == 0
	var e *docker.Engine
	if !bare { // asked before the long part
		e = docker.New(docker.Options{})
		defer func() { _ = e.Close() }()
		if err := suitable(ctx, e, b.Manifest.Platform); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(a.dataDir(), 0o700); err != nil {
		return hint.With(err, "folder-unusable", a.dataDir())
	}
	folder, err := os.MkdirTemp(a.dataDir(), ".course-")
	if err != nil {
		return hint.With(err, "folder-unusable", a.dataDir())
	}
	defer removeFolder(folder)
	found, err := a.verifyBundle(ctx, b, folder)
	if err != nil {
		return err
	}
	sum, err := a.verifyCourse(folder, images, bare)
	if err != nil {
		return err
	}
	var loaded []string
	if !bare {
		loaded, err = a.loadImages(ctx, e, b, found)
	}
	if err == nil {
		err = a.enforce(folder, sum, b.Manifest.Program)
	}
	if err != nil {
		return errors.Join(err, takeBack(ctx, e, loaded))
	}
	if err := a.pinAuthor(b.Manifest.Key); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, author+"\n"+a.lang().Say("bundle.loaded", len(images), len(loaded)))
	return err
}

// suitable tells whether the engine is there, and runs images made for platform.
func suitable(ctx context.Context, e *docker.Engine, platform string) error {
	if err := available(ctx, e); err != nil {
		return hint.With(err, "bundle-no-engine")
	}
	here, err := e.Platform(ctx)
	if err == nil && here != platform {
		err = hint.With(fmt.Errorf("the images are for %s", platform), "bundle-platform", platform, here)
	}
	return err
}

// verifyBundle reads all of a bundle and says what is in each of its images, by their names.
func (a *app) verifyBundle(ctx context.Context, b *bundle.Bundle, folder string) (map[string]docker.Content, error) {
	found := map[string]docker.Content{}
	m := a.meter()
	defer m.stop()
	label := a.lang().Say("bundle.verifying")
	err := b.Verify(ctx, folder, func(p bundle.Part, r io.Reader) error {
		c, err := docker.CheckArchive(r, p.Image)
		if err == nil && p.ID != "" && c.ID != p.ID {
			err = hint.With(fmt.Errorf("the archive of %s has %s, and the bundle names %s", p.Image, c.ID, p.ID), "bundle-image", p.Image)
		}
		found[p.Image] = c
		return err
	}, m.of(label))
	if err == nil {
		m.end(label, b.Size())
	}
	return found, err
}

// verifyCourse makes sure that this program understands the lessons and labs, and that the bundle has exactly the
// images that they need. It gives what identifies them.
func (a *app) verifyCourse(folder string, images []bundle.Part, bare bool) (string, error) {
	dir := os.DirFS(folder)
	lessonsFS, labsFS, err := halves(dir)
	if err != nil {
		return "", err
	}
	c, err := course.Load(lessonsFS, labsFS)
	if err == nil && len(c.Lessons) == 0 {
		err = errors.New("it has no lessons")
	}
	if err != nil {
		return "", notUnderstood(err)
	}
	all, err := labsOf(c)
	if err != nil {
		return "", notUnderstood(err)
	}
	needed := map[string]bool{}
	for _, lab := range all {
		if !slices.Contains(lab.Engines, engineDocker) {
			continue
		}
		refs, err := docker.Refs(lab.Env)
		if err != nil {
			return "", notUnderstood(err)
		}
		for _, ref := range refs {
			needed[ref] = true
		}
	}
	for _, p := range images {
		if !needed[p.Image] {
			return "", hint.With(fmt.Errorf("no lab needs image %s", p.Image), "bundle-image", p.Image)
		}
		delete(needed, p.Image)
	}
	if len(needed) > 0 && !bare {
		for ref := range needed {
			return "", hint.With(fmt.Errorf("image %s is not in the bundle", ref), "bundle-image", ref)
		}
	}
	return bundle.Sum(lessonsFS, labsFS)
}

// notUnderstood is why a bundle's course cannot be used: its problems, each with its place, or that it is not readable.
func notUnderstood(err error) error {
	var problems course.Problems
	if errors.As(err, &problems) {
		return hint.With(fmt.Errorf("loading its course: %w", problems), "bundle-problems", len(problems))
	}
	return hint.With(fmt.Errorf("loading its course: %w", err), "bundle-course")
}

func halves(dir fs.FS) (lessonsFS, labsFS fs.FS, err error) {
	if lessonsFS, err = fs.Sub(dir, "lessons"); err == nil {
		labsFS, err = fs.Sub(dir, "labs")
	}
	return lessonsFS, labsFS, err
}

// loadImages gives the engine the images that it lacks, and says which those were, also if it fails.
func (a *app) loadImages(ctx context.Context, e *docker.Engine, b *bundle.Bundle, found map[string]docker.Content) (loaded []string, err error) {
	m := a.meter()
	defer m.stop()
	for _, p := range b.Manifest.Images() {
		there, err := e.HasImage(ctx, p.Image)
		if err != nil {
			return loaded, err
		}
		if there {
			continue
		}
		label := a.lang().Say("bundle.loading", p.Image)
		r, err := b.Image(ctx, p, m.of(label))
		if err != nil {
			return loaded, err
		}
		loaded = append(loaded, p.Image)
		if err := e.LoadImage(ctx, p.Image, found[p.Image], r); err != nil {
			return loaded, err
		}
		m.end(label, p.Raw)
	}
	return loaded, nil
}

// takeBack removes images that were loaded for nothing.
func takeBack(ctx context.Context, e *docker.Engine, refs []string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
	defer cancel()
	var errs []error
	for _, ref := range refs {
		errs = append(errs, e.RemoveImage(ctx, ref))
	}
	return errors.Join(errs...)
}

// enforce puts a course in force, unless it is the one that the program has anyway.
func (a *app) enforce(folder, sum, program string) error {
	own, err := bundle.Sum(lessons.FS, labs.FS)
	if err != nil {
		return err
	}
	if sum == own {
		if err := removeFolder(a.loadedDir()); err != nil {
			return hint.With(err, "folder-unusable", filepath.Clean(a.loadedDir()))
		}
		return nil
	}
	return a.install(folder, origin{Program: program, Instead: own, Course: sum})
}
