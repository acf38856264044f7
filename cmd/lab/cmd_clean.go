package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/labs"
	"github.com/cwk-stream/lab/lessons"
)

func (a *app) cleanCommand() *cobra.Command {
	var all, images bool
	c := &cobra.Command{
		Use: "clean", Short: "Remove what labs left behind",
		Long: "Clean removes the containers, networks, volumes and temporary folders of lab programs of yours that are no longer\n" +
			"there. Where no engine answers, it removes the folders.\n" +
			"With --all, those of running ones, too.\n\n" +
			"It also says how many images of former labs there are. With --images it removes them: images that lab built and\n" +
			"that no lab refers to any more, be it of the course, of a loaded bundle, or one on disk that you have worked on.\n" +
			"With --images --all, also those that came in a bundle or were built when this machine had another name.",
		Example: "  lab clean\n  lab clean --images",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			folders := sweepScratch(os.TempDir())
			for _, dir := range folders {
				fmt.Fprintln(a.out, printable.Line(dir))
			}
			e := docker.New(docker.Options{})
			if err := available(c.Context(), e); err != nil {
				if images || c.Context().Err() != nil {
					return err
				}
				fmt.Fprintln(a.err, a.lang().Say("clean.no-engine"))
				fmt.Fprintln(a.err, a.lang().Say("clean.done", len(folders)))
				return nil
			}
			ctx, cancel := context.WithTimeout(c.Context(), cleanUp)
			defer cancel()
			swept, err := e.Sweep(ctx, all)
			if err != nil {
				return hint.With(err, "left-behind")
			}
			for _, s := range swept {
				fmt.Fprintln(a.out, printable.Text(s.String()))
			}
			fmt.Fprintln(a.err, a.lang().Say("clean.done", len(folders)+len(swept)))
			return a.cleanImages(ctx, e, images, images && all)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "also what belongs to programs that still run")
	c.Flags().BoolVar(&images, "images", false, "also images that no lab refers to any more")
	return c
}

// cleanImages tells of images that no lab refers to any more, or removes them.
func (a *app) cleanImages(ctx context.Context, e *docker.Engine, remove, elsewhere bool) error {
	unused, err := a.unusedImages(ctx, e, elsewhere)
	if err != nil {
		return err
	}
	if !remove {
		if len(unused) > 0 {
			fmt.Fprintln(a.err, a.lang().Say("clean.unused", len(unused), size(sizeOf(unused))))
		}
		return nil
	}
	removed, err := e.RemoveUnused(ctx, unused)
	for _, i := range removed {
		fmt.Fprintln(a.out, printable.Line("image "+i.String()))
	}
	fmt.Fprintln(a.err, a.lang().Say("clean.images", len(removed), size(sizeOf(removed))))
	return err
}

func sizeOf(images []docker.UnusedImage) (n int64) {
	for _, i := range images {
		n += i.Size
	}
	return n
}

// unusedImages lists the images of the engine that no lab of this student refers to.
func (a *app) unusedImages(ctx context.Context, e *docker.Engine, elsewhere bool) ([]docker.UnusedImage, error) {
	keep, err := a.wantedImages()
	if err != nil {
		return nil, err
	}
	return e.Unused(ctx, keep, elsewhere)
}

// wantedImages gathers what labs refer to: those inside the program, those that a bundle brought, and those on disk that
// the student has worked on.
func (a *app) wantedImages() (docker.Keep, error) {
	keep := docker.Keep{Refs: map[string]bool{}, Labs: map[string]bool{}}
	lessonsFS, labsFS := a.sources()
	for _, source := range [][2]fs.FS{{lessons.FS, labs.FS}, {lessonsFS, labsFS}} {
		c, err := course.Load(source[0], source[1])
		if err != nil {
			return keep, err
		}
		all, err := labsOf(c)
		if err != nil {
			return keep, err
		}
		for _, lab := range all {
			if err := wants(keep, lab); err != nil {
				return keep, err
			}
		}
	}
	// The template is part of no course, and what `lab new` writes begins as it.
	template, err := fs.Sub(labs.FS, "template")
	if err != nil {
		return keep, err
	}
	if err := wantsFolder(keep, folder{fsys: template, id: "template"}); err != nil {
		return keep, err
	}
	return keep, a.wantedElsewhere(keep)
}

// onDisk is what ends the id of a lab on disk: see ownID.
var onDisk = regexp.MustCompile(`-[0-9a-f]{8}$`)

// wantedElsewhere adds what labs on disk refer to. Of one whose folder is there and cannot be read as a lab now, because it
// is being written, say, every image is wanted; and also of one that a version of this program has worked on that did not
// note where it is.
func (a *app) wantedElsewhere(keep docker.Keep) error {
	entries, err := os.ReadDir(filepath.Join(a.dataDir(), "work"))
	if err != nil {
		if os.IsNotExist(err) {
			return nil
		}
		return hint.With(err, "folder-unusable", a.dataDir())
	}
	for _, entry := range entries {
		if !onDisk.MatchString(entry.Name()) {
			continue
		}
		dir, err := os.ReadFile(a.whereFile(entry.Name()))
		if err != nil {
			keep.Labs[entry.Name()] = true
			continue
		}
		if _, err := os.Stat(string(dir)); os.IsNotExist(err) {
			continue // the lab is gone
		}
		if !wantsDisk(keep, string(dir)) {
			keep.Labs[entry.Name()] = true
		}
	}
	return nil
}

// wantsDisk adds what a lab on disk refers to; false if that cannot be told.
func wantsDisk(keep docker.Keep, dir string) bool {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return false
	}
	defer root.Close()
	return wantsFolder(keep, folder{fsys: root.FS(), id: filepath.Base(dir)}) == nil
}

func wantsFolder(keep docker.Keep, f folder) error {
	all, err := variantsOf(f, "")
	if err != nil {
		return err
	}
	for _, lab := range all {
		lab.Env.Images = f.id // its images are called after its folder, wherever that is
		if err := wants(keep, lab); err != nil {
			return err
		}
	}
	return nil
}

func wants(keep docker.Keep, lab course.Lab) error {
	refs, err := docker.Refs(lab.Env)
	for _, ref := range refs {
		keep.Refs[ref] = true
	}
	return err
}

// whereFile is where it is noted in which folder a lab on disk lies, by the lab's id.
func (a *app) whereFile(id string) string { return filepath.Join(a.dataDir(), "work", id, ".folder") }

// noteWhere notes where a lab on disk lies, so that its images are known to be wanted. Labs of the course need no note; and
// not being able to make one is no reason not to start the lab.
func (a *app) noteWhere(id string) {
	dir, ok := a.where.Load(id)
	if !ok {
		return
	}
	file := a.whereFile(id)
	if data, err := os.ReadFile(file); err == nil && string(data) == dir {
		return
	}
	_ = os.MkdirAll(filepath.Dir(file), 0o700)
	_ = os.WriteFile(file, []byte(dir.(string)), 0o600)
}
