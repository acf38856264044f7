package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"
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

// TestCarry saves an image, takes it away, and loads it again, under a name that nobody else uses.
func TestCarry(t *testing.T) {
	e := real(t)
	refs, err := Refs(lab03(t).Env)
	if err != nil || len(refs) < 2 {
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
	saved, err := e.SaveImage(t.Context(), ref, &b)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := CheckArchive(bytes.NewReader(b.Bytes()), ref); err != nil || c.ID != saved.ID {
		t.Fatalf("%v, not %v: %v", c, saved, err)
	}
	archiveOf := bytes.Clone(b.Bytes())
	if err := e.RemoveImage(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	if there, err := e.HasImage(t.Context(), ref); there || err != nil {
		t.Fatalf("removed, and there: %v, %v", there, err)
	}
	if err := e.LoadImage(t.Context(), ref, saved, bytes.NewReader(b.Bytes()[:b.Len()/2])); err == nil {
		t.Error("half an archive was loaded")
	}
	if err := e.LoadImage(t.Context(), ref, saved, &b); err != nil {
		t.Fatal(err)
	}
	x, err := a.ImageInspect(t.Context(), ref)
	y, err2 := a.ImageInspect(t.Context(), refs[1])
	if err != nil || err2 != nil || x.ID != y.ID {
		t.Errorf("another image came back: %s, %s, %v, %v", x.ID, y.ID, err, err2)
	}
	if x.ID != saved.ID { // of engines that keep images as Docker did before containerd's store
		t.Logf("the engine calls it %s, and its configuration is %s", x.ID, saved.ID)
	}
	another := Content{ID: saved.ID, Layers: append(slices.Clone(saved.Layers), "sha256:00")}
	if err := e.LoadImage(t.Context(), ref, another, bytes.NewReader(archiveOf)); !isHint(err, "bundle-image") {
		t.Errorf("an image of other layers than were looked at: %v", err)
	}
}
