package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cwk-stream/lab/internal/hint"
)

// Writer gathers the parts of a bundle in a folder of its own beside the file that is to be, so that there is either
// the whole bundle or none.
type Writer struct {
	file     string
	dir      string
	manifest Manifest
	open     []func() (io.ReadCloser, error) // of manifest.Parts
	signer   *Signer                         // nil for none
}

// Create prepares to write a bundle to file, which must not be there yet. Close must be called in the end.
func Create(file, program string) (*Writer, error) {
	if _, err := os.Lstat(file); err == nil {
		return nil, hint.With(fmt.Errorf("%s is already there", file), "bundle-exists", file)
	}
	dir, err := os.MkdirTemp(filepath.Dir(file), ".lab-bundle-")
	if err != nil {
		return nil, hint.With(err, "bundle-unwritable", file)
	}
	return &Writer{file: file, dir: dir, manifest: Manifest{Format: 1, Program: program}}, nil
}

// Platform says what the images run on.
func (w *Writer) Platform(platform string) { w.manifest.Platform = platform }

// AddFiles adds the files of the folders at the root of fsys under a name: "lessons" or "labs". Files at the root
// itself, which belong to the program, stay behind.
func (w *Writer) AddFiles(name string, fsys fs.FS) error {
	return fs.WalkDir(fsys, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(file, "/") {
			return err
		}
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		w.add(Part{Name: name + "/" + file, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])},
			func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(string(data))), nil })
		return nil
	})
}

func (w *Writer) add(p Part, open func() (io.ReadCloser, error)) {
	w.manifest.Parts = append(w.manifest.Parts, p)
	w.open = append(w.open, open)
}

// AddImage adds an image, which write writes and whose id it then tells.
func (w *Writer) AddImage(ref string, write func(io.Writer) (id string, err error)) error {
	name := fmt.Sprintf("images/%02d.tar.gz", len(w.manifest.Images())+1)
	temp := filepath.Join(w.dir, filepath.Base(name))
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return hint.With(err, "bundle-unwritable", w.file)
	}
	defer f.Close()
	sum, size, raw := sha256.New(), &counter{}, &counter{}
	z := gzip.NewWriter(io.MultiWriter(f, sum, size))
	id, err := write(io.MultiWriter(z, raw))
	if err != nil {
		return w.trouble(err)
	}
	if err := z.Close(); err != nil {
		return w.trouble(err)
	}
	if err := f.Close(); err != nil {
		return w.trouble(err)
	}
	w.add(Part{Name: name, Size: size.n, SHA256: hex.EncodeToString(sum.Sum(nil)), Image: ref, ID: id, Raw: raw.n},
		func() (io.ReadCloser, error) { return os.Open(temp) })
	return nil
}

// trouble tells an error of the disk from those of others.
func (w *Writer) trouble(err error) error {
	var ofFile *fs.PathError
	if errors.As(err, &ofFile) {
		return hint.With(err, "bundle-unwritable", w.file)
	}
	return err
}

// Finish puts the bundle together, gives it its name, and tells its size. say may be nil.
func (w *Writer) Finish(ctx context.Context, say func(done, total int64)) (int64, error) {
	temp := filepath.Join(w.dir, "bundle")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, hint.With(err, "bundle-unwritable", w.file)
	}
	defer f.Close()
	size, err := w.writeTo(ctx, f, say)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		if _, there := os.Lstat(w.file); there == nil {
			return 0, hint.With(fmt.Errorf("%s is already there", w.file), "bundle-exists", w.file)
		}
		err = os.Rename(temp, w.file)
	}
	return size, w.trouble(err)
}

func (w *Writer) writeTo(ctx context.Context, f io.Writer, say func(done, total int64)) (int64, error) {
	if err := w.manifest.check(); err != nil {
		return 0, err
	}
	head, err := json.MarshalIndent(w.manifest, "", " ")
	if err != nil {
		return 0, err
	}
	sum, size := sha256.New(), &counter{}
	t := tar.NewWriter(io.MultiWriter(f, sum, size))
	if err := addPart(t, headName, int64(len(head)), strings.NewReader(string(head))); err != nil {
		return 0, err
	}
	total := int64(0)
	for _, p := range w.manifest.Parts {
		total += p.Size
	}
	if w.signer != nil {
		signature := w.signer.sign(head)
		if err := addPart(t, signatureName, int64(len(signature)), bytes.NewReader(signature)); err != nil {
			return 0, err
		}
	}
	for i, p := range w.manifest.Parts {
		r, err := w.open[i]()
		if err != nil {
			return 0, err
		}
		err = addPart(t, p.Name, p.Size, &reader{ctx: ctx, r: r})
		_ = r.Close()
		if err != nil {
			return 0, err
		}
		if say != nil {
			say(min(size.n, total), total)
		}
	}
	if err := t.Close(); err != nil {
		return 0, err
	}
	seal := sealHead + hex.EncodeToString(sum.Sum(nil)) + "\n"
	_, err = io.WriteString(f, seal)
	return size.n + int64(len(seal)), err
}

// addPart writes one part without a time or an owner, so that equal contents make equal bundles.
func addPart(t *tar.Writer, name string, size int64, r io.Reader) error {
	err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size, Format: tar.FormatPAX})
	if err == nil {
		_, err = io.Copy(t, r)
	}
	return err
}

// Close removes what was gathered. The bundle, if it was finished, stays.
func (w *Writer) Close() error { return os.RemoveAll(w.dir) }
