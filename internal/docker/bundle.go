package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/printable"
)

// Refs lists the images that env's containers are made of, without asking an engine.
func Refs(env course.Environment) ([]string, error) {
	images, err := imagesOf(env)
	var out []string
	for _, image := range images {
		if !slices.Contains(out, image.Ref) {
			out = append(out, image.Ref)
		}
	}
	return out, err
}

// Platform is what the engine's images run on, such as "linux/amd64".
func (e *Engine) Platform(ctx context.Context) (string, error) {
	a, err := e.connect(ctx)
	if err != nil {
		return "", err
	}
	v, err := a.ServerVersion(ctx, client.ServerVersionOptions{})
	return v.Os + "/" + v.Arch, trouble(err, e.Host())
}

// HasImage tells whether an image is there.
func (e *Engine) HasImage(ctx context.Context, ref string) (bool, error) {
	a, err := e.connect(ctx)
	if err != nil {
		return false, err
	}
	ok, err := present(ctx, a, ref)
	return ok, trouble(err, e.Host())
}

// SaveImage writes an image, with all that it is made of, as an archive that LoadImage takes, and says what is in it.
func (e *Engine) SaveImage(ctx context.Context, ref string, w io.Writer) (Content, error) {
	a, err := e.connect(ctx)
	if err != nil {
		return Content{}, err
	}
	r, err := a.ImageSave(ctx, []string{ref})
	var c Content
	if err == nil {
		defer func() { _ = r.Close() }()
		archive := io.TeeReader(r, w)
		c, err = CheckArchive(archive, ref)
		if err == nil { // what follows an archive's end mark
			_, err = io.Copy(io.Discard, archive)
		}
	}
	if err != nil {
		return c, trouble(fmt.Errorf("saving image %s: %w", ref, err), e.Host())
	}
	return c, nil
}

// LoadImage gives the engine an image out of an archive in which CheckArchive found this content for ref, and makes sure
// that what is called ref then is made of that. An image that is there must not be loaded again: its name would move.
func (e *Engine) LoadImage(ctx context.Context, ref string, content Content, archive io.Reader) error {
	a, err := e.connect(ctx)
	if err != nil {
		return err
	}
	err = load(ctx, a, archive)
	if err == nil {
		err = named(ctx, a, ref)
	}
	if err == nil {
		err = consistsOf(ctx, a, ref, content)
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return trouble(fmt.Errorf("loading image %s: %w", ref, err), e.Host())
	}
	return nil
}

// consistsOf makes sure that the image ref has the layers of content. Its id is no help: some engines take the digest of
// the configuration for it, others that of the manifest.
func consistsOf(ctx context.Context, a api, ref string, content Content) error {
	there, err := a.ImageInspect(ctx, ref)
	if err != nil {
		return fmt.Errorf("looking for image %s: %w", ref, err)
	}
	if !slices.Equal(there.RootFS.Layers, content.Layers) {
		return hint.With(fmt.Errorf("the engine made another image of %s than the archive has", ref), "bundle-image", ref)
	}
	return nil
}

func load(ctx context.Context, a api, archive io.Reader) error {
	failing := &watchedReader{r: archive}
	r, err := a.ImageLoad(ctx, failing, client.ImageLoadWithQuiet(true))
	if failing.err != nil { // says more than what the engine makes of it
		err = errors.Join(failing.err, err)
	}
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	for messages := json.NewDecoder(r); ; {
		var m jsonstream.Message
		err := messages.Decode(&m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the engine's answer: %w", err)
		}
		if m.Error != nil {
			return errors.New(printable.Uncoloured(m.Error.Message))
		}
	}
}

// watchedReader remembers why it could not be read.
type watchedReader struct {
	r   io.Reader
	err error
}

func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// named gives an image that was just loaded its name. Engines write a name without a registry in several ways.
func named(ctx context.Context, a api, ref string) error {
	ok, err := present(ctx, a, ref)
	if err != nil || ok {
		return err
	}
	for _, other := range spellings(ref)[1:] {
		_, err := a.ImageTag(ctx, client.ImageTagOptions{Source: other, Target: ref})
		if errdefs.IsNotFound(err) {
			continue
		}
		if err == nil { // the other name alone: the image has two
			_, err = a.ImageRemove(ctx, other, client.ImageRemoveOptions{})
		}
		return err
	}
	return fmt.Errorf("the engine took the archive, and has no image %s", ref)
}

// spellings are the ways in which engines write an image's name.
func spellings(ref string) []string {
	out := []string{ref, "localhost/" + ref, "docker.io/" + ref}
	if !strings.Contains(ref, "/") {
		out = append(out, "docker.io/library/"+ref)
	}
	return out
}

// RemoveImage takes an image's name away, and the image with it if it has no other.
func (e *Engine) RemoveImage(ctx context.Context, ref string) error {
	a, err := e.connect(ctx)
	if err != nil {
		return err
	}
	_, err = a.ImageRemove(ctx, ref, client.ImageRemoveOptions{PruneChildren: true})
	if gone(err) {
		return nil
	}
	return trouble(fmt.Errorf("removing image %s: %w", ref, err), e.Host())
}
