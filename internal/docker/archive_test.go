package docker

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"testing"

	"github.com/cwk-stream/lab/internal/hint"
)

func isHint(err error, code string) bool {
	h, ok := hint.Find(err)
	return ok && h.Code == code
}

// TestCheckArchive: an archive for one image must not be able to put another one, or another name, on the engine, nor
// an image that is not what its digests say.
func TestCheckArchive(t *testing.T) {
	const ref = "lab/x:1"
	config := fmt.Sprintf(`{"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}`, hexOf([]byte("x")))
	evil := fmt.Sprintf(`{"config":{"Cmd":["evil"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}`, hexOf([]byte("x")))
	id := hexOf([]byte(config))
	const ok = `[{"Config":"c.json","RepoTags":["lab/x:1"],"Layers":["l.tar"]}]`
	var z bytes.Buffer
	g := gzip.NewWriter(&z)
	_, _ = g.Write([]byte("x"))
	_ = g.Close()
	packed := z.String()
	blob := func(s string) string { return "blobs/sha256/" + hexOf([]byte(s)) }
	manifestOf := func(config, layer string) string {
		return fmt.Sprintf(`{"mediaType":"m","config":{"digest":"sha256:%s"},"layers":[{"digest":"sha256:%s"}]}`, hexOf([]byte(config)), hexOf([]byte(layer)))
	}
	point := func(s, more string) string { return fmt.Sprintf(`{"digest":"sha256:%s"%s}`, hexOf([]byte(s)), more) }
	index := func(d ...string) string {
		out := `{"manifests":[`
		for i, s := range d {
			if i > 0 {
				out += ","
			}
			out += s
		}
		return out + "]}"
	}
	const named, attests = `,"annotations":{"io.containerd.image.name":"docker.io/lab/x:1"}`,
		`,"annotations":{"vnd.docker.reference.type":"attestation-manifest"},"platform":{"os":"unknown","architecture":"unknown"}`
	m, evilM, other := manifestOf(config, packed), manifestOf(evil, packed), `{"about":"a build"}`
	nested := index(point(m, ""), point(other, attests))
	base := []string{"c.json", config, "l.tar", "x"}
	oci := append([]string{blob(config), config, blob(packed), packed, blob(m), m}, base...)
	oci = slices.Clip(oci)
	for _, test := range []struct {
		name, code string
		files      []string
	}{
		{"docker save", "", []string{"c.json", config, "a/layer.tar", "x", "l.tar", "->a/layer.tar", "manifest.json", ok, "repositories", `{"lab/x":{"1":"id"}}`}},
		{"podman save", "", append(base, "manifest.json", `[{"Config":"c.json","RepoTags":["localhost/lab/x:1"],"Layers":["l.tar"]}]`)},
		{"a packed layer", "", []string{"c.json", config, "l.tar", packed, "manifest.json", ok}},
		{"with an OCI index", "", append(oci, "manifest.json", ok, "index.json", index(point(m, named)))},
		{"with an index of an index, and an attestation", "", append(oci, blob(other), other, blob(nested), nested, "manifest.json", ok, "index.json", index(point(nested, named)))},
		{"another image in the index", "bundle-image", append(oci, blob(evil), evil, blob(evilM), evilM, "manifest.json", ok, "index.json", index(point(evilM, named)))},
		{"another image beside it in the index", "bundle-image", append(oci, blob(evil), evil, blob(evilM), evilM, "manifest.json", ok, "index.json", index(point(m, named), point(evilM, "")))},
		{"another image that calls itself an attestation", "bundle-image", append(oci, blob(evil), evil, blob(evilM), evilM, "manifest.json", ok, "index.json", index(point(m, ""), point(evilM, attests)))},
		{"an index without an image", "bundle-image", append(oci, "manifest.json", ok, "index.json", index())},
		{"an index to what is not there", "bundle-image", append(base, "manifest.json", ok, "index.json", index(point(m, named)))},
		{"a blob under another's digest", "bundle-image", []string{"c.json", config, "l.tar", "x", blob(m), evilM, "manifest.json", ok, "index.json", index(point(m, named))}},
		{"another layer than its configuration names", "bundle-image", []string{"c.json", config, "l.tar", "y", "manifest.json", ok}},
		{"another packed layer", "bundle-image", []string{"c.json", config, "l.tar", packed[:len(packed)-9] + "123456789", "manifest.json", ok}},
		{"a layer too many", "bundle-image", append(base, "manifest.json", `[{"Config":"c.json","RepoTags":["lab/x:1"],"Layers":["l.tar","l.tar"]}]`)},
		{"no layers", "bundle-image", append(base, "manifest.json", `[{"Config":"c.json","RepoTags":["lab/x:1"]}]`)},
		{"no configuration", "bundle-image", []string{"l.tar", "x", "manifest.json", ok}},
		{"a configuration that is a folder", "bundle-image", []string{"c.json/", "", "l.tar", "x", "manifest.json", ok}},
		{"links in a ring", "bundle-image", []string{"c.json", config, "l.tar", "->m.tar", "m.tar", "->l.tar", "manifest.json", ok}},
		{"another image", "bundle-image", append(base, "manifest.json", `[{"Config":"c.json","RepoTags":["debian:trixie-slim"],"Layers":["l.tar"]}]`)},
		{"another name, too", "bundle-image", append(base, "manifest.json", `[{"Config":"c.json","RepoTags":["lab/x:1","debian:trixie-slim"],"Layers":["l.tar"]}]`)},
		{"another image, too", "bundle-image", append(base, "manifest.json", `[{"Config":"c.json","RepoTags":["lab/x:1"],"Layers":["l.tar"]},{}]`)},
		{"another name of old", "bundle-image", append(base, "manifest.json", ok, "repositories", `{"debian":{"trixie-slim":"id"}}`)},
		{"names of old that are none", "bundle-image", append(base, "manifest.json", ok, "repositories", `{"debian":"what?"}`)},
		{"another name in the index", "bundle-image", append(oci, "manifest.json", ok, "index.json", index(point(m, `,"annotations":{"io.containerd.image.name":"docker.io/library/debian:trixie-slim"}`)))},
		{"folders, twice", "", append(base, "a/", "", "a/", "", "a/l.tar", "x", "manifest.json", ok)},
		{"a manifest through a link", "bundle-unsafe", append(base, "manifest.json", ok, "x", "->.", "x/manifest.json", `[{"RepoTags":["debian:trixie-slim"]}]`)},
		{"a manifest through a link that comes later", "bundle-unsafe", append(base, "manifest.json", ok, "a/x/manifest.json", `[{"RepoTags":["debian:trixie-slim"]}]`, "./a", "->b")},
		{"a manifest through a hard link", "bundle-unsafe", append(base, "manifest.json", ok, "x", "=>manifest.json", "x", `[{"RepoTags":["debian:trixie-slim"]}]`)},
		{"a link for a manifest", "bundle-unsafe", append(base, "x", `[{"RepoTags":["debian:trixie-slim"]}]`, "manifest.json", ok, "manifest.json", "->x")},
		{"a link through a link", "bundle-unsafe", append(base, "manifest.json", ok, "x", "->.", "y", "->x/../z")},
		{"a name through a link", "bundle-unsafe", append(base, "manifest.json", ok, "x", "->a/b", "x/../manifest.json", ok)},
		{"names twice", "bundle-unsafe", append(base, "manifest.json", ok, "repositories", `{"lab/x":{"1":"id"}}`, "repositories", "{}")},
		{"a second manifest", "bundle-unsafe", append(base, "manifest.json", ok, "./manifest.json", `[{"RepoTags":["debian:1"]}]`)},
		{"no name", "bundle-image", append(base, "manifest.json", `[{"Config":"c.json","Layers":["l.tar"]}]`)},
		{"no manifest", "bundle-image", base},
		{"no JSON", "bundle-image", append(base, "manifest.json", "what?")},
		{"a way out", "bundle-unsafe", append(base, "../x", "x", "manifest.json", ok)},
		{"an absolute name", "bundle-unsafe", append(base, "/etc/passwd", "x", "manifest.json", ok)},
		{"a link out", "bundle-unsafe", append(base, "a/layer.tar", "->../../x", "manifest.json", ok)},
		{"an absolute link", "bundle-unsafe", append(base, "a/layer.tar", "->/etc/passwd", "manifest.json", ok)},
	} {
		c, err := CheckArchive(archive(t, test.files...), ref)
		h, _ := hint.Find(err)
		if (err == nil) != (test.code == "") || err != nil && (h == nil || h.Code != test.code) {
			t.Errorf("%s: %v, want %q", test.name, err, test.code)
		}
		if err == nil && c.ID != "sha256:"+id {
			t.Errorf("%s: it is %s", test.name, c.ID)
		}
	}
	if _, err := CheckArchive(bytes.NewReader([]byte("no archive at all, and longer than a block of one? no")), ref); err == nil {
		t.Error("no archive: accepted")
	}
}

func FuzzCheckArchive(f *testing.F) {
	f.Add([]byte(`[{"Config":"c.json","RepoTags":["lab/x:1"],"Layers":["l.tar"]}]`), []byte(`{"rootfs":{"diff_ids":["sha256:00"]}}`), []byte(`{"manifests":[{"digest":"sha256:00"}]}`))
	f.Fuzz(func(t *testing.T, manifest, config, index []byte) {
		if bytes.HasPrefix(config, []byte("->")) || bytes.HasPrefix(config, []byte("=>")) {
			t.Skip("the helper makes a link of it")
		}
		a := archive(t, "manifest.json", string(manifest), "c.json", string(config), "index.json", string(index), "l.tar", "x")
		if c, err := CheckArchive(a, "lab/x:1"); err == nil && c.ID != "sha256:"+hexOf(config) {
			t.Errorf("accepted as %v", c)
		}
	})
}
