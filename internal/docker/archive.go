package docker

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cwk-stream/lab/internal/hint"
)

// Bounds of what is believed to be an archive of one image.
const (
	maxIndex   = 4 << 20  // bytes of a file that says what is in the archive, or of an image's configuration
	maxIndexes = 64 << 20 // bytes of all of them
	maxEntries = 20_000
	maxLayer   = 16 << 30 // bytes of a layer, unpacked
)

// Content says what an image is made of, independent of its name.
type Content struct {
	ID     string   // digest of its configuration, "sha256:" and 64 hexadecimal digits; it covers the layers' digests
	Layers []string // digests of its layers, unpacked, the lowest first
}

// CheckArchive reads an archive of images and says what is in the one image that it holds. It is an error if an engine
// would do anything else with the archive than to make that image and call it ref: if there is another image or name,
// if anything leads out of the archive, or if configuration or layers are not what their digests say. The error
// carries a hint: bundle-image, bundle-unsafe.
func CheckArchive(archive io.Reader, ref string) (Content, error) {
	in, err := takeInventory(archive)
	if err != nil {
		return Content{}, err
	}
	if name := in.throughLink(); name != "" {
		return Content{}, hint.With(fmt.Errorf("%q may be elsewhere, because of a link", name), "bundle-unsafe", fmt.Sprintf("%q", name))
	}
	c, err := in.content(ref)
	if err != nil {
		return Content{}, hint.With(fmt.Errorf("looking into the archive of %s: %w", ref, err), "bundle-image", ref)
	}
	return c, nil
}

// entry is one thing in an archive.
type entry struct {
	kind   byte
	link   string // where a link leads, relative to the archive
	sum    string // SHA-256 of its bytes
	layer  string // SHA-256 of its bytes once unpacked
	small  []byte // its bytes, if it may be JSON
	packed error  // why it cannot be unpacked, nil if it is plain or can be
}

// inventory has the entries of an archive by their clean names.
type inventory map[string]entry

func takeInventory(archive io.Reader) (inventory, error) {
	in, kept := inventory{}, 0
	for t := tar.NewReader(archive); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return in, nil
		}
		if err != nil {
			return nil, err
		}
		name := path.Clean(h.Name)
		old, known := in[name]
		// Of two entries with one name an engine would keep the later, or write through the link that the earlier one is.
		if !staysInside(h) || known && (h.Typeflag != tar.TypeDir || old.kind != tar.TypeDir) {
			return nil, hint.With(fmt.Errorf("%q leads out of the archive", h.Name), "bundle-unsafe", fmt.Sprintf("%q", h.Name))
		}
		if len(in) >= maxEntries || kept > maxIndexes {
			return nil, hint.With(errors.New("the archive has too many entries"), "bundle-too-large", h.Name)
		}
		e := entry{kind: h.Typeflag}
		switch h.Typeflag {
		case tar.TypeSymlink:
			e.link = path.Join(path.Dir(name), h.Linkname)
		case tar.TypeLink:
			e.link = path.Clean(h.Linkname)
		case tar.TypeReg:
			if err := e.read(t, h.Size); err != nil {
				return nil, err
			}
		}
		kept += len(e.small)
		in[name] = e
	}
}

// read takes the sums of an entry, and keeps it if it may be one of those that say what is in the archive.
func (e *entry) read(r io.Reader, size int64) error {
	sum := sha256.New()
	b := bufio.NewReaderSize(io.TeeReader(r, sum), 64<<10)
	head, _ := b.Peek(2)
	if size <= maxIndex && len(head) > 0 && (head[0] == '{' || head[0] == '[') {
		data, err := io.ReadAll(b)
		e.sum, e.small = hexOf(data), data
		e.layer = e.sum
		return err
	}
	layer := sha256.New()
	if bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err == nil {
			var n int64
			if n, err = io.Copy(layer, io.LimitReader(z, maxLayer)); n == maxLayer {
				err = errors.New("it is too large once unpacked")
			}
		}
		e.packed = err
	} else if _, err := io.Copy(layer, b); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, b); err != nil {
		return err
	}
	e.sum, e.layer = hex.EncodeToString(sum.Sum(nil)), hex.EncodeToString(layer.Sum(nil))
	return nil
}

func hexOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// throughLink gives an entry whose folder is a link, "" for none: an engine that unpacks the archive would write it
// elsewhere, such as over a file that was looked at under another name.
func (in inventory) throughLink() string {
	for name := range in {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if in[dir].link != "" {
				return name
			}
		}
	}
	return ""
}

// file gives an entry, through links.
func (in inventory) file(name string) (entry, error) {
	name = path.Clean(name)
	for range 8 {
		e, ok := in[name]
		switch {
		case !ok || e.kind == tar.TypeDir:
			return entry{}, fmt.Errorf("there is no file %q", name)
		case e.link == "":
			return e, e.packed
		}
		name = e.link
	}
	return entry{}, fmt.Errorf("%q is a link without an end", name)
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

// content says what the archive's image is made of. Engines read manifest.json (what docker save and podman save
// write), index.json (of the OCI layout, which Docker 25 and newer write beside it) or repositories (of old): all that
// are there must speak of the same image.
func (in inventory) content(ref string) (Content, error) {
	var m []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := in.decode("manifest.json", &m); err != nil {
		return Content{}, err
	}
	if len(m) != 1 || len(m[0].RepoTags) == 0 {
		return Content{}, errors.New("there is no image in it, or there are several")
	}
	others, err := in.otherNames()
	if err != nil {
		return Content{}, err
	}
	for _, name := range append(m[0].RepoTags, others...) {
		if !slices.Contains(spellings(ref), name) {
			return Content{}, fmt.Errorf("it has an image called %q", name)
		}
	}
	config, err := in.file(m[0].Config)
	if err != nil {
		return Content{}, err
	}
	c, err := contentOf(config)
	if err != nil {
		return Content{}, err
	}
	if err := in.hasLayers(c, m[0].Layers); err != nil {
		return Content{}, err
	}
	if _, there := in["index.json"]; there {
		return c, in.indexAgrees(c)
	}
	return c, nil
}

// decode reads one of the archive's own files of JSON.
func (in inventory) decode(name string, into any) error {
	e, err := in.file(name)
	if err != nil {
		return err
	}
	if e.small == nil {
		return fmt.Errorf("%s is too large, or no JSON", name)
	}
	if err := json.Unmarshal(e.small, into); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}

// contentOf reads an image's configuration (OCI Image Configuration, section "Properties").
func contentOf(config entry) (Content, error) {
	var c struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if err := json.Unmarshal(config.small, &c); err != nil {
		return Content{}, fmt.Errorf("reading the image's configuration: %w", err)
	}
	return Content{ID: "sha256:" + config.sum, Layers: c.RootFS.DiffIDs}, nil
}

// hasLayers makes sure that these files are the content's layers.
func (in inventory) hasLayers(c Content, files []string) error {
	if len(files) != len(c.Layers) {
		return fmt.Errorf("it has %d layers, and its configuration names %d", len(files), len(c.Layers))
	}
	for i, name := range files {
		e, err := in.file(name)
		if err != nil {
			return err
		}
		if "sha256:"+e.layer != c.Layers[i] {
			return fmt.Errorf("layer %q is not the one that its configuration names", name)
		}
	}
	return nil
}
