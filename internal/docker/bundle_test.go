package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/hint"
)

// archive packs files, folders where the name ends with a slash, or links where the body begins with "->", hard ones
// with "=>".
func archive(t *testing.T, files ...string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		h := tar.Header{Name: files[i], Typeflag: tar.TypeReg, Size: int64(len(files[i+1]))}
		body := files[i+1]
		if strings.HasSuffix(files[i], "/") {
			h.Typeflag = tar.TypeDir
		}
		if len(body) > 2 && body[:2] == "=>" {
			h.Typeflag, h.Linkname, h.Size, body = tar.TypeLink, body[2:], 0, ""
		}
		if len(body) > 2 && body[:2] == "->" {
			h.Typeflag, h.Linkname, h.Size, body = tar.TypeSymlink, body[2:], 0, ""
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

// TestCheckArchive: an archive for one image must not be able to put another one, or another name, on the engine.
func TestCheckArchive(t *testing.T) {
	const ref, ok = "lab/x:1", `[{"Config":"c.json","RepoTags":["lab/x:1"],"Layers":["l.tar"]}]`
	for _, test := range []struct {
		name, code string
		files      []string
	}{
		{"docker save", "", []string{"c.json", "{}", "a/layer.tar", "x", "b/layer.tar", "->../a/layer.tar", "manifest.json", ok, "repositories", `{"lab/x":{"1":"id"}}`}},
		{"podman save", "", []string{"c.json", "{}", "manifest.json", `[{"RepoTags":["localhost/lab/x:1"]}]`}},
		{"with an OCI index", "", []string{"manifest.json", ok, "index.json", `{"manifests":[{"annotations":{"io.containerd.image.name":"docker.io/lab/x:1"}}]}`}},
		{"another image", "bundle-image", []string{"manifest.json", `[{"RepoTags":["debian:trixie-slim"]}]`}},
		{"another name, too", "bundle-image", []string{"manifest.json", `[{"RepoTags":["lab/x:1","debian:trixie-slim"]}]`}},
		{"another image, too", "bundle-image", []string{"manifest.json", `[{"RepoTags":["lab/x:1"]},{}]`}},
		{"another name of old", "bundle-image", []string{"manifest.json", ok, "repositories", `{"debian":{"trixie-slim":"id"}}`}},
		{"another name in the index", "bundle-image", []string{"manifest.json", ok, "index.json", `{"manifests":[{"annotations":{"io.containerd.image.name":"docker.io/library/debian:trixie-slim"}}]}`}},
		{"folders, twice", "", []string{"a/", "", "a/", "", "a/l.tar", "x", "manifest.json", ok}},
		{"a manifest through a link", "bundle-unsafe", []string{"manifest.json", ok, "x", "->.", "x/manifest.json", `[{"RepoTags":["debian:trixie-slim"]}]`}},
		{"a manifest through a link that comes later", "bundle-unsafe", []string{"manifest.json", ok, "a/x/manifest.json", `[{"RepoTags":["debian:trixie-slim"]}]`, "./a", "->b"}},
		{"a manifest through a hard link", "bundle-unsafe", []string{"manifest.json", ok, "x", "=>manifest.json", "x", `[{"RepoTags":["debian:trixie-slim"]}]`}},
		{"a link for a manifest", "bundle-unsafe", []string{"x", `[{"RepoTags":["debian:trixie-slim"]}]`, "manifest.json", ok, "manifest.json", "->x"}},
		{"a link through a link", "bundle-unsafe", []string{"manifest.json", ok, "x", "->.", "y", "->x/../z"}},
		{"a name through a link", "bundle-unsafe", []string{"manifest.json", ok, "x", "->a/b", "x/../manifest.json", ok}},
		{"names twice", "bundle-unsafe", []string{"manifest.json", ok, "repositories", `{"lab/x":{"1":"id"}}`, "repositories", "{}"}},
		{"a second manifest", "bundle-unsafe", []string{"manifest.json", ok, "./manifest.json", `[{"RepoTags":["debian:1"]}]`}},
		{"no name", "bundle-image", []string{"manifest.json", `[{}]`}},
		{"no manifest", "bundle-image", []string{"c.json", "{}"}},
		{"no JSON", "bundle-image", []string{"manifest.json", "what?"}},
		{"a way out", "bundle-unsafe", []string{"../x", "x", "manifest.json", ok}},
		{"an absolute name", "bundle-unsafe", []string{"/etc/passwd", "x", "manifest.json", ok}},
		{"a link out", "bundle-unsafe", []string{"a/layer.tar", "->../../x", "manifest.json", ok}},
		{"an absolute link", "bundle-unsafe", []string{"a/layer.tar", "->/etc/passwd", "manifest.json", ok}},
	} {
		err := CheckArchive(archive(t, test.files...), ref)
		h, _ := hint.Find(err)
		if (err == nil) != (test.code == "") || err != nil && (h == nil || h.Code != test.code) {
			t.Errorf("%s: %v, want %q", test.name, err, test.code)
		}
	}
	if err := CheckArchive(bytes.NewReader([]byte("no archive at all, and longer than a block of one? no")), ref); err == nil {
		t.Error("no archive: accepted")
	}
}

// TestCarry saves an image, takes it away, and loads it again, under a name that nobody else uses.
func TestCarry(t *testing.T) {
	e := real(t)
	refs, err := Refs(lab03(t).Env)
	if err != nil || len(refs) != 2 {
		t.Fatal(refs, err)
	}
	ref := "lab/carry-" + newID() + ":1"
	a, err := e.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.ImageTag(t.Context(), client.ImageTagOptions{Source: refs[1], Target: ref}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.RemoveImage(context.Background(), ref) })
	var b bytes.Buffer
	if err := e.SaveImage(t.Context(), ref, &b); err != nil {
		t.Fatal(err)
	}
	if err := CheckArchive(bytes.NewReader(b.Bytes()), ref); err != nil {
		t.Fatal(err)
	}
	if err := e.RemoveImage(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	if there, err := e.HasImage(t.Context(), ref); there || err != nil {
		t.Fatalf("removed, and there: %v, %v", there, err)
	}
	if err := e.LoadImage(t.Context(), ref, bytes.NewReader(b.Bytes()[:b.Len()/2])); err == nil {
		t.Error("half an archive was loaded")
	}
	if err := e.LoadImage(t.Context(), ref, &b); err != nil {
		t.Fatal(err)
	}
	x, err := a.ImageInspect(t.Context(), ref)
	y, err2 := a.ImageInspect(t.Context(), refs[1])
	if err != nil || err2 != nil || x.ID != y.ID {
		t.Errorf("another image came back: %s, %s, %v, %v", x.ID, y.ID, err, err2)
	}
}
