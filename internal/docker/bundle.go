package docker

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
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

// SaveImage writes an image, with all that it is made of, as an archive that LoadImage takes.
func (e *Engine) SaveImage(ctx context.Context, ref string, w io.Writer) error {
	a, err := e.connect(ctx)
	if err != nil {
		return err
	}
	r, err := a.ImageSave(ctx, []string{ref})
	if err == nil {
		defer func() { _ = r.Close() }()
		_, err = io.Copy(w, r)
	}
	if err != nil {
		return trouble(fmt.Errorf("saving image %s: %w", ref, err), e.Host())
	}
	return nil
}

// LoadImage gives the engine an image out of an archive that CheckArchive accepted for ref, and makes sure that it then
// is called ref. An image that is there must not be loaded again: its name would move.
func (e *Engine) LoadImage(ctx context.Context, ref string, archive io.Reader) error {
	a, err := e.connect(ctx)
	if err != nil {
		return err
	}
	err = load(ctx, a, archive)
	if err == nil {
		err = named(ctx, a, ref)
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return trouble(fmt.Errorf("loading image %s: %w", ref, err), e.Host())
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

// maxIndex bounds the files in an archive that say what is in it, in bytes.
const maxIndex = 4 << 20

// CheckArchive reads an archive of images and tells whether all that an engine would do with it is to make the image
// ref: it holds one image, that has no other name, and nothing in it leads out of it.
func CheckArchive(archive io.Reader, ref string) error {
	names, images := 0, 0
	seen := contents{}
	for t := tar.NewReader(archive); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if !staysInside(h) || !seen.add(h) {
			return hint.With(fmt.Errorf("%q leads out of the archive", h.Name), "bundle-unsafe", fmt.Sprintf("%q", h.Name))
		}
		if !slices.Contains([]string{"manifest.json", "index.json", "repositories"}, path.Clean(h.Name)) {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(t, maxIndex+1))
		if err != nil {
			return err
		}
		found, count, err := namesIn(path.Clean(h.Name), data)
		if err != nil || len(data) > maxIndex {
			return hint.With(fmt.Errorf("reading %s: %w", h.Name, err), "bundle-image", ref)
		}
		for _, name := range found {
			if !slices.Contains(spellings(ref), name) {
				return hint.With(fmt.Errorf("the archive of %s has an image called %q", ref, name), "bundle-image", ref)
			}
		}
		names, images = names+len(found), images+count
	}
	if name := seen.throughLink(); name != "" {
		return hint.With(fmt.Errorf("%q may be elsewhere, because of a link", name), "bundle-unsafe", fmt.Sprintf("%q", name))
	}
	if names == 0 || images != 1 {
		return hint.With(fmt.Errorf("there is no image %s in its archive, or there are several", ref), "bundle-image", ref)
	}
	return nil
}

// contents are the entries of an archive by their clean names, true for links.
type contents map[string]bool

// add notes an entry, and tells whether its name is new: of two with one name an engine would keep the later, or write
// through the link that the earlier one is. Folders may come again.
func (c contents) add(h *tar.Header) (ok bool) {
	name := path.Clean(h.Name)
	link, known := c[name]
	c[name] = h.Typeflag == tar.TypeSymlink || h.Typeflag == tar.TypeLink
	return !known || h.Typeflag == tar.TypeDir && !link
}

// throughLink gives an entry whose folder is a link, "" for none: an engine that unpacks the archive would write it
// elsewhere, such as over a file that was looked at under another name.
func (c contents) throughLink() string {
	for name := range c {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if c[dir] {
				return name
			}
		}
	}
	return ""
}

// staysInside tells whether an entry, and what it links to, stays in the archive.
func staysInside(h *tar.Header) bool {
	local := func(name string) bool { return fs.ValidPath(path.Clean(name)) && !strings.Contains(name, `\`) }
	if slices.Contains(strings.Split(h.Name, "/"), "..") {
		return false // where that leads depends on what is a link
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeDir:
		return local(h.Name)
	case tar.TypeSymlink:
		return local(h.Name) && path.Clean(h.Linkname) == h.Linkname && !path.IsAbs(h.Linkname) &&
			local(path.Join(path.Dir(path.Clean(h.Name)), h.Linkname))
	case tar.TypeLink:
		return local(h.Name) && local(h.Linkname)
	}
	return false
}

// namesIn lists the names that one of an archive's own files gives to images, and how many images manifest.json has.
func namesIn(file string, data []byte) (names []string, images int, err error) {
	switch file {
	case "manifest.json": // what docker save and podman save write
		var m []struct{ RepoTags []string }
		err = json.Unmarshal(data, &m)
		for _, image := range m {
			names = append(names, image.RepoTags...)
		}
		images = len(m)
	case "index.json": // of the OCI layout, which engines from Docker 25 on write beside it
		var m struct {
			Manifests []struct {
				Annotations map[string]string `json:"annotations"`
			} `json:"manifests"`
		}
		err = json.Unmarshal(data, &m)
		for _, image := range m.Manifests {
			if name := image.Annotations["io.containerd.image.name"]; name != "" {
				names = append(names, name)
			}
		}
	case "repositories": // of old
		var m map[string]map[string]string
		err = json.Unmarshal(data, &m)
		for name, tags := range m {
			for tag := range tags {
				names = append(names, name+":"+tag)
			}
		}
	}
	return names, images, err
}
