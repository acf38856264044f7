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
	"testing"
	"testing/fstest"

	"github.com/cwk-stream/lab/internal/hint"
)

var texts = fstest.MapFS{"embed.go": {Data: []byte("stays")}, "01-a/lesson.en.md": {Data: []byte("read me")}}

const (
	image   = "what an engine calls an image"
	imageID = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// saved writes a small bundle and gives its path.
func saved(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	w, err := Create(file, "v1")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Platform("linux/amd64")
	err = errors.Join(w.AddFiles("lessons", texts), w.AddFiles("labs", texts), w.AddImage("lab/x:1", func(w io.Writer) (string, error) {
		_, err := io.WriteString(w, image)
		return imageID, err
	}))
	if err != nil {
		t.Fatal(err)
	}
	n, err := w.Finish(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Size() != n {
		t.Fatalf("Finish said %d bytes: %v, %v", n, info, err)
	}
	return file
}

// load reads a bundle to its end and gives the image, and what was written.
func load(ctx context.Context, file, folder string) (string, error) {
	b, err := Open(file)
	if err != nil {
		return "", err
	}
	defer b.Close()
	looked := ""
	err = b.Verify(ctx, folder, func(_ Part, r io.Reader) error {
		data, err := io.ReadAll(r)
		looked = string(data)
		return err
	}, nil)
	if err != nil {
		return "", err
	}
	r, err := b.Image(ctx, b.Manifest.Images()[0], nil)
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(r)
	if string(data) != looked {
		return "", fmt.Errorf("looked at %q, and then read %q", looked, data)
	}
	return looked, err
}

func TestRoundTrip(t *testing.T) {
	file, folder := saved(t, "b"), t.TempDir()
	got, err := load(t.Context(), file, folder)
	if err != nil || got != image {
		t.Fatalf("%q, %v", got, err)
	}
	for _, name := range []string{"lessons/01-a/lesson.en.md", "labs/01-a/lesson.en.md"} {
		if data, err := os.ReadFile(filepath.Join(folder, name)); err != nil || string(data) != "read me" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	sum, err := Sum(os.DirFS(filepath.Join(folder, "lessons")))
	if want, _ := Sum(texts); err != nil || sum != want {
		t.Errorf("the course read is not the course written: %s, %s, %v", sum, want, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestEqualContentsMakeEqualBundles(t *testing.T) {
	a, _ := os.ReadFile(saved(t, "a"))
	b, _ := os.ReadFile(saved(t, "b"))
	if !bytes.Equal(a, b) {
		t.Error("they differ")
	}
}

// refused wants a bundle of these bytes to be refused with advice; code "" for any.
func refused(t *testing.T, data []byte, code, what string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := load(t.Context(), file, t.TempDir())
	h, ok := hint.Find(err)
	if !ok || code != "" && h.Code != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// TestEveryByteCounts changes one byte of a bundle after the other, and cuts it off everywhere: every seventh, or with
// LAB_EVERY_BYTE really every one.
func TestEveryByteCounts(t *testing.T) {
	data, err := os.ReadFile(saved(t, "b"))
	if err != nil {
		t.Fatal(err)
	}
	step := 7
	if os.Getenv("LAB_EVERY_BYTE") != "" {
		step = 1
	}
	for i := 0; i < len(data); i += step {
		bad := bytes.Clone(data)
		bad[i] ^= 0x20
		refused(t, bad, "", fmt.Sprintf("byte %d of %d changed", i, len(data)))
		refused(t, data[:i], "", fmt.Sprintf("cut off after %d of %d", i, len(data)))
	}
	refused(t, append(bytes.Clone(data), 'x'), "bundle-truncated", "something after the end")
	refused(t, data[:len(data)-600], "bundle-truncated", "cut off")
	refused(t, []byte("hello"), "bundle-foreign", "a text")
	refused(t, nil, "bundle-foreign", "nothing")
}

// forge makes a bundle that says of itself what it likes, with all sums right.
func forge(t *testing.T, m Manifest, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	bodies := map[string]string{}
	for i := range m.Parts {
		body := strings.Repeat("x", int(min(m.Parts[i].Size, 100)))
		if m.Parts[i].Image != "" {
			var z bytes.Buffer
			g := gzip.NewWriter(&z)
			_, _ = g.Write(make([]byte, 1<<20))
			_ = g.Close()
			body, m.Parts[i].Size = z.String(), int64(z.Len())
		}
		sum := sha256.Sum256([]byte(body))
		m.Parts[i].SHA256 = hex.EncodeToString(sum[:])
		bodies[m.Parts[i].Name] = body
	}
	head, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	all := []tar.Header{{Name: headName, Size: int64(len(head))}}
	bodies[headName] = string(head)
	if entries == nil {
		for _, p := range m.Parts {
			entries = append(entries, tar.Header{Name: p.Name, Size: p.Size})
		}
	}
	for _, h := range append(all, entries...) {
		if h.Typeflag == 0 {
			h.Typeflag, h.Size = tar.TypeReg, int64(len(bodies[h.Name]))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, bodies[h.Name][:h.Size]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	return append(b.Bytes(), sealHead+hex.EncodeToString(sum[:])+"\n"...)
}

func TestForgeries(t *testing.T) {
	parts := func(p ...Part) Manifest { return Manifest{Format: Format, Parts: p} }
	for _, name := range []string{"../x", "/etc/passwd", "lessons/../../x", "lessons/./x", `lessons\..\x`, "lessons/c:x", "etc/x",
		"lessons", "lessons/nul", "labs/x/COM1.txt", "lessons/x.", "lessons/x /y", "lessons/a\nb", "images/x",
		"lessons/" + strings.Repeat("a", 300), ""} {
		refused(t, forge(t, parts(Part{Name: name, Size: 3})), "bundle-unsafe", fmt.Sprintf("a part called %q", name))
	}
	refused(t, forge(t, parts(Part{Name: "labs/a", Size: 3}, Part{Name: "labs/A", Size: 3})), "bundle-unsafe", "two parts that are one on some systems")
	refused(t, forge(t, Manifest{Format: Format + 1}), "bundle-newer", "a newer format")
	refused(t, forge(t, Manifest{Format: Format}, tar.Header{Name: "labs/x", Typeflag: tar.TypeReg}), "bundle-unsafe", "a part that is not listed")
	refused(t, forge(t, parts(Part{Name: "labs/x"}), tar.Header{Name: "labs/x", Typeflag: tar.TypeSymlink, Linkname: "/etc"}), "bundle-damaged", "a link")
	refused(t, forge(t, parts(Part{Name: "labs/x", Size: maxText + 1})), "bundle-too-large", "a huge lesson")
	refused(t, forge(t, parts(Part{Name: "images/1", Image: "x", Raw: maxImage + 1})), "bundle-too-large", "a huge image")
	refused(t, forge(t, parts(Part{Name: "images/1", Image: "x", Raw: 1000})), "bundle-too-large", "an image that unpacks to more than it says")
	refused(t, forge(t, parts(Part{Name: "images/1", Image: "x", Raw: 2 << 20})), "bundle-damaged", "an image that unpacks to less than it says")
	refused(t, forge(t, parts(Part{Name: "labs/x", Size: 3}, Part{Name: "labs/x/y", Size: 3})), "folder-unusable", "a file that is a folder, too")
	var many []Part
	for i := range maxParts + 1 {
		many = append(many, Part{Name: fmt.Sprintf("labs/%d", i)})
	}
	refused(t, forge(t, parts(many...), tar.Header{Name: "labs/0"}), "bundle-too-large", "parts without end")
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := load(ctx, saved(t, "b"), t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("reading: %v", err)
	}
	file := filepath.Join(t.TempDir(), "b")
	w, err := Create(file, "v1")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.AddFiles("labs", texts); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Finish(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("writing: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := fs.Glob(os.DirFS(filepath.Dir(file)), "*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestNothingIsOverwritten: neither before the long part nor after it.
func TestNothingIsOverwritten(t *testing.T) {
	file := saved(t, "b")
	if _, err := Create(file, "v1"); !isCode(err, "bundle-exists") {
		t.Errorf("Create: %v", err)
	}
	other := filepath.Join(t.TempDir(), "c")
	w, err := Create(other, "v1")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := os.WriteFile(other, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Finish(t.Context(), nil); !isCode(err, "bundle-exists") {
		t.Errorf("Finish: %v", err)
	}
	if _, err := Create(filepath.Join(t.TempDir(), "no", "such"), "v1"); !isCode(err, "bundle-unwritable") {
		t.Errorf("Create in a folder that is not there: %v", err)
	}
	if _, err := Open(t.TempDir()); !isCode(err, "bundle-unreadable") {
		t.Errorf("Open of a folder: %v", err)
	}
}

func isCode(err error, code string) bool {
	h, ok := hint.Find(err)
	return ok && h.Code == code
}

// TestChangedMeanwhile: between looking and handing on, the file may become another.
func TestChangedMeanwhile(t *testing.T) {
	file := saved(t, "b")
	b, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Verify(t.Context(), t.TempDir(), func(Part, io.Reader) error { return nil }, nil); err != nil {
		t.Fatal(err)
	}
	p := b.Manifest.Images()[0]
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte{0xff}, b.offsets[p.Name]+p.Size-20)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := b.Image(t.Context(), p, nil)
	if err == nil {
		_, err = io.ReadAll(r)
	}
	if err == nil {
		t.Error("it was handed on")
	}
}
