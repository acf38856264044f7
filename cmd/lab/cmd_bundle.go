package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/bundle"
	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/printable"
)

func (a *app) bundleCommand() *cobra.Command {
	c := family(&cobra.Command{
		Use: "bundle", Short: "Carry lessons, labs and images to a machine without a network, in one file",
		Long: "A bundle is one file with the lessons, the labs, and the images that the labs run on. Every part of it has a\n" +
			"checksum: one that is cut off, damaged, or no bundle at all is refused, and nothing is changed. Its author can\n" +
			"sign it; from then on a bundle that somebody else signed, or nobody, is an alarm.",
		Example: "  lab bundle save course.bundle                     where there is a network\n" +
			"  lab bundle load course.bundle                     where there is none\n" +
			"  lab bundle key author.key                         an author's key pair, once\n" +
			"  lab bundle save course.bundle --sign author.key   a bundle that says who made it",
	})
	var saveBare bool
	var signWith string
	var l loadOptions
	save := &cobra.Command{
		Use: "save FILE", Short: "Write lessons, labs and images into a file", Args: exactly("a file"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.saveBundle(c.Context(), args[0], saveBare, signWith)
		},
	}
	load := &cobra.Command{
		Use: "load FILE", Short: "Take lessons, labs and images out of a file", Args: exactly("a file"),
		Long: "Load first reads all of the file and holds it to its checksums. Then it gives the engine the images that it\n" +
			"lacks, and last puts the lessons and labs in force. If anything fails, everything is as it was.",
		RunE: func(c *cobra.Command, args []string) error { return a.loadBundle(c.Context(), args[0], l) },
	}
	save.Flags().BoolVar(&saveBare, "no-images", false, "lessons and labs only, for the embedded engine")
	save.Flags().StringVar(&signWith, "sign", "", "sign it with this secret key of minisign's; its password: LAB_SIGN_PASSWORD, or asked for")
	load.Flags().BoolVar(&l.bare, "no-images", false, "lessons and labs only, for the embedded engine")
	load.Flags().StringVar(&l.key, "key", "", "accept only what this public key signed: the key (RW…), or its file")
	load.Flags().BoolVar(&l.newKey, "new-key", false, "accept another author than that of the bundle before")
	c.AddCommand(save, load, a.bundleKeyCommand(), &cobra.Command{
		Use: "drop", Short: "Go back to the lessons and labs that came with the program", Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			if err := removeFolder(a.loadedDir()); err != nil {
				return hint.With(err, "folder-unusable", a.loadedDir())
			}
			_, err := fmt.Fprintln(a.out, a.lang().Say("bundle.dropped"))
			return err
		},
	})
	return c
}

// saveBundle gets everything ready that the course needs, and writes it to a file.
func (a *app) saveBundle(ctx context.Context, file string, bare bool, signWith string) error {
	var signer *bundle.Signer
	if signWith != "" { // asked before the long part
		var err error
		if signer, err = bundle.ReadSigner(signWith, a.signPassword); err != nil {
			return err
		}
	}
	w, err := bundle.Create(file, versionName())
	if err != nil {
		return err
	}
	defer func() { _ = w.Close() }()
	if signer != nil {
		w.Sign(signer)
	}
	lessonsFS, labsFS := a.sources()
	if err := w.AddFiles("lessons", lessonsFS); err != nil {
		return err
	}
	if err := w.AddFiles("labs", labsFS); err != nil {
		return err
	}
	m := a.meter()
	defer m.stop()
	if !bare {
		if err := a.saveImages(ctx, w, m); err != nil {
			return err
		}
	}
	label := a.lang().Say("bundle.writing", file)
	n, err := w.Finish(ctx, m.of(label))
	if err != nil {
		return err
	}
	m.end(label, n)
	text := a.lang().Say("bundle.saved", file, size(n))
	if signer != nil {
		text += "\n" + a.lang().Say("bundle.signed-with", signer.Public())
	}
	_, err = fmt.Fprintln(a.out, printable.Text(text))
	return err
}

func (a *app) saveImages(ctx context.Context, w *bundle.Writer, m *meter) error {
	e := docker.New(docker.Options{})
	defer func() { _ = e.Close() }()
	if err := available(ctx, e); err != nil {
		return hint.With(err, "bundle-no-engine")
	}
	platform, err := e.Platform(ctx)
	if err != nil {
		return err
	}
	w.Platform(platform)
	labs, err := a.labs(nil, "")
	if err != nil {
		return err
	}
	var refs []string
	for _, lab := range labs {
		if !slices.Contains(lab.Engines, engineDocker) {
			continue
		}
		if err := a.consent(ctx, e, lab); err != nil {
			return err
		}
		if err := e.Prepare(ctx, lab.Env, a.stages()); err != nil {
			return err
		}
		needed, err := docker.Refs(lab.Env)
		if err != nil {
			return err
		}
		refs = append(refs, needed...)
	}
	slices.Sort(refs)
	for _, ref := range slices.Compact(refs) {
		label := a.lang().Say("bundle.saving", ref)
		counted := &counting{say: m.of(label)}
		err := w.AddImage(ref, func(out io.Writer) (string, error) {
			counted.w = out
			c, err := e.SaveImage(ctx, ref, counted)
			return c.ID, err
		})
		if err != nil {
			return err
		}
		m.end(label, counted.n)
	}
	return nil
}

// counting passes on what is written, and tells how much it was.
type counting struct {
	w   io.Writer
	n   int64
	say func(done, total int64)
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.say(c.n, 0)
	return n, err
}
