package docker

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"

	"github.com/cwk-stream/lab/internal/session"
)

// maxFile bounds what is read out of a container, in bytes.
const maxFile = 4 << 20

// hash identifies what a build would make: 12 hexadecimal digits over the Dockerfile's name, the arguments and the
// files. The base image is left out, so that an updated one does not rebuild what a student already has.
func (c buildContext) hash() string {
	h := sha256.New()
	field := func(kind, name string, data []byte) {
		fmt.Fprintf(h, "%s %d %d\n%s", kind, len(name), len(data), name)
		h.Write(data)
	}
	field("dockerfile", c.dockerfile, nil)
	for _, name := range slices.Sorted(maps.Keys(c.args)) {
		field("arg", name, []byte(c.args[name]))
	}
	for _, f := range c.files {
		field(fmt.Sprintf("file %o", f.mode), f.name, f.data)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// tar gives the context as the builder wants it, with the Dockerfile as lab has read it, which labels every image on the
// way to ref as owner's: the builder labels only what it makes last, and what it leaves when it is cut off must be found, too.
// Times are left at zero: they are part of the builder's cache key in some versions.
func (c buildContext) tar(owner Owner, ref string) (io.Reader, error) {
	dockerfile, err := c.read()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range c.files {
		if f.name == c.dockerfile {
			f.data = dockerfile.Text(fmt.Sprintf("%s=%q %s=%q", labelBuild, owner, labelImage, ref))
		}
		if err := addFile(w, f.name, int64(f.mode), f.data); err != nil {
			return nil, err
		}
	}
	return &b, w.Close()
}

func addFile(w *tar.Writer, name string, mode int64, data []byte) error {
	err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(data)),
		Format: tar.FormatPAX})
	if err != nil {
		return fmt.Errorf("packing %s: %w", name, err)
	}
	_, err = w.Write(data)
	return err
}

// parcel is files on their way into one folder of a container.
type parcel struct {
	folder string
	files  []session.File
}

// parcels groups files by folder: with a read-only root the engine writes into a volume, and into nothing above it.
func parcels(files []session.File) []parcel {
	byFolder := map[string][]session.File{}
	for _, f := range files {
		folder := path.Dir(path.Clean(f.Path))
		byFolder[folder] = append(byFolder[folder], f)
	}
	var out []parcel
	for _, folder := range slices.Sorted(maps.Keys(byFolder)) {
		out = append(out, parcel{folder, byFolder[folder]})
	}
	return out
}

func (p parcel) tar() (io.Reader, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range p.files {
		if err := addFile(w, path.Base(f.Path), 0o644, f.Data); err != nil {
			return nil, err
		}
	}
	return &b, w.Close()
}

// firstFile reads the one regular file out of what the engine's copy API gives.
func firstFile(r io.Reader) ([]byte, error) {
	t := tar.NewReader(r)
	header, err := t.Next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("there is no file in it")
	case err != nil:
		return nil, err
	case header.Typeflag != tar.TypeReg:
		return nil, errors.New("not a regular file")
	case header.Size > maxFile:
		return nil, fmt.Errorf("%d bytes is more than is read", header.Size)
	}
	return io.ReadAll(io.LimitReader(t, maxFile))
}
