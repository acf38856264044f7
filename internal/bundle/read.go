package bundle

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cwk-stream/lab/internal/hint"
)

// Bundle is a bundle that is being read. Nothing in it may be used before Verify has said that it is whole.
type Bundle struct {
	Manifest Manifest
	f        *os.File
	size     int64            // without the seal
	seal     string           // SHA-256 of those bytes
	offsets  map[string]int64 // of the images' parts; filled by Verify
}

// Open opens a bundle and reads what it says of itself. The error carries a hint: bundle-unreadable, bundle-foreign,
// bundle-newer, bundle-truncated, bundle-damaged, bundle-unsafe, bundle-too-large, bundle-signature.
func Open(file string) (*Bundle, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, hint.With(err, "bundle-unreadable", file)
	}
	b := &Bundle{f: f, offsets: map[string]int64{}}
	if err := b.begin(file); err != nil {
		_ = f.Close()
		return nil, err
	}
	return b, nil
}

func (b *Bundle) begin(file string) error {
	info, err := b.f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return hint.With(fmt.Errorf("%s is not a regular file", file), "bundle-unreadable", file)
	}
	if info.Size() > maxAll {
		return tooLarge(file)
	}
	t := tar.NewReader(io.NewSectionReader(b.f, 0, info.Size()))
	header, err := t.Next()
	if err != nil || header.Name != headName || header.Typeflag != tar.TypeReg {
		return hint.With(fmt.Errorf("%s does not begin with %s", file, headName), "bundle-foreign", file)
	}
	if header.Size > maxHead {
		return tooLarge(headName)
	}
	head, err := io.ReadAll(t)
	if err != nil {
		return hint.With(err, "bundle-truncated", file)
	}
	if b.Manifest, err = parseManifest(head); err != nil {
		return err
	}
	if b.Manifest.Key != "" {
		if err := b.verifySignature(t, head); err != nil {
			return err
		}
	}
	b.size = info.Size() - int64(sealSize)
	seal := make([]byte, sealSize)
	if _, err := b.f.ReadAt(seal, max(b.size, 0)); err != nil || !strings.HasPrefix(string(seal), sealHead) || seal[sealSize-1] != '\n' {
		return hint.With(fmt.Errorf("%s ends before its end", file), "bundle-truncated", file)
	}
	b.seal = string(seal[len(sealHead) : sealSize-1])
	return nil
}

// Close closes the file.
func (b *Bundle) Close() error { return b.f.Close() }

// Size is the file's, in bytes.
func (b *Bundle) Size() int64 { return b.size + int64(sealSize) }

// Verify reads the whole bundle, holds every part to its checksum, and writes lessons and labs below folder, which
// must be empty. look is given each image, unpacked, and may refuse it. Whatever is written is of use only if Verify
// returns nil. The error carries one of Open's hints.
func (b *Bundle) Verify(ctx context.Context, folder string, look func(Part, io.Reader) error, say func(done, total int64)) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	all := &reader{ctx: ctx, r: io.NewSectionReader(b.f, 0, b.size), sum: sha256.New(), say: say, total: b.size}
	t := tar.NewReader(all)
	heads := 1
	if b.Manifest.Key != "" {
		heads++ // its signature, which Open has verified
	}
	for range heads {
		if _, err := t.Next(); err != nil {
			return b.broken(ctx, headName, err)
		}
	}
	for _, p := range b.Manifest.Parts {
		header, err := t.Next()
		if err != nil {
			return b.broken(ctx, p.Name, err)
		}
		if header.Name != p.Name || header.Typeflag != tar.TypeReg || header.Size != p.Size {
			return damaged(p.Name, fmt.Errorf("%q of %d bytes stands in its place", header.Name, header.Size))
		}
		if p.Image != "" {
			b.offsets[p.Name] = all.n
			err = verifyImage(p, t, look)
		} else {
			err = verifyFile(root, p, t)
		}
		if err != nil {
			return b.broken(ctx, p.Name, err)
		}
	}
	if header, err := t.Next(); !errors.Is(err, io.EOF) {
		if err != nil {
			return b.broken(ctx, "", err)
		}
		return unsafe(header.Name)
	}
	if _, err := io.Copy(io.Discard, all); err != nil {
		return b.broken(ctx, "", err)
	}
	if hex.EncodeToString(all.sum.Sum(nil)) != b.seal {
		return damaged(filepath.Base(b.f.Name()), errors.New("its checksum is another"))
	}
	return nil
}

// broken is err as it is told: interruption as such, what has advice as it is, anything else as damage.
func (b *Bundle) broken(ctx context.Context, name string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, ok := hint.Find(err); ok {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return hint.With(err, "bundle-truncated", b.f.Name())
	}
	if name == "" {
		name = filepath.Base(b.f.Name())
	}
	return damaged(name, err)
}

func verifyFile(root *os.Root, p Part, r io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != p.SHA256 {
		return damaged(p.Name, errors.New("its checksum is another"))
	}
	name := filepath.FromSlash(p.Name)
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return hint.With(err, "folder-unusable", root.Name())
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return hint.With(err, "folder-unusable", root.Name())
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return hint.With(err, "folder-unusable", root.Name())
	}
	return nil
}

// verifyImage unpacks an image for look, within the size that its part claims.
func verifyImage(p Part, r io.Reader, look func(Part, io.Reader) error) error {
	sum := sha256.New()
	packed := io.TeeReader(r, sum)
	raw, err := newRaw(packed, p)
	if err == nil {
		err = look(p, raw)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, raw)
	}
	// The sum is the better reason: with another content anything may seem wrong.
	if _, rest := io.Copy(io.Discard, packed); rest == nil && hex.EncodeToString(sum.Sum(nil)) != p.SHA256 {
		return damaged(p.Name, errors.New("its checksum is another"))
	}
	if err == nil && raw.n != p.Raw {
		return damaged(p.Name, fmt.Errorf("%d bytes, not %d", raw.n, p.Raw))
	}
	return err
}

// Image gives an image, unpacked, for the engine; after Verify. Its checksum is held to once more: reading fails at
// the end if the file was changed meanwhile.
func (b *Bundle) Image(ctx context.Context, p Part, say func(done, total int64)) (io.Reader, error) {
	at, ok := b.offsets[p.Name]
	if !ok {
		return nil, damaged(p.Name, errors.New("it was not verified"))
	}
	sum := sha256.New()
	raw, err := newRaw(io.TeeReader(io.NewSectionReader(b.f, at, p.Size), sum), p)
	if err != nil {
		return nil, err
	}
	raw.sum, raw.want = sum, p.SHA256
	return &reader{ctx: ctx, r: raw, say: say, total: p.Raw}, nil
}

// rawImage is an unpacked image: not longer than it may be.
type rawImage struct {
	z    *gzip.Reader
	part Part
	n    int64
	sum  hash.Hash // of what was read packed; nil to leave that to others
	want string
}

func newRaw(r io.Reader, p Part) (*rawImage, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, damaged(p.Name, err)
	}
	return &rawImage{z: z, part: p}, nil
}

func (r *rawImage) Read(p []byte) (int, error) {
	n, err := r.z.Read(p)
	r.n += int64(n)
	if r.n > r.part.Raw {
		return 0, tooLarge(r.part.Name)
	}
	if errors.Is(err, io.EOF) && r.sum != nil && hex.EncodeToString(r.sum.Sum(nil)) != r.want {
		return 0, damaged(r.part.Name, errors.New("it was changed meanwhile"))
	}
	return n, err
}
