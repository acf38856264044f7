// Package bundle is one file that carries a course from one machine to another: lessons, labs, and the images that
// the labs run on. It writes such files, and reads them without believing anything that they say: every byte is
// covered by a checksum, every name and size is looked at, before anything is handed on.
//
// It does not know what is in an image, nor whether lessons and labs make sense.
//
// The file is a tar archive that any tar can list: lab-bundle.json first, which names every other part with its size
// and SHA-256, then those parts in that order. After the archive stands one line with the SHA-256 of all before it, so
// that a file that was cut off is known for that at once. The sums protect from damage and from carelessness. Who made
// the file is proven by a minisign signature of lab-bundle.json, in lab-bundle.json.minisig right behind it, with the
// key that the manifest names: stock minisign verifies it, too, once tar has taken both out.
package bundle

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/printable"
)

// Format is the newest version of the file's format that this program reads. What is signed has format 2; the rest is
// written as format 1, which older programs read, too.
const Format = 2

// Bounds of what is believed to be a bundle.
const (
	maxParts = 20_000
	maxHead  = 8 << 20   // bytes of lab-bundle.json
	maxText  = 8 << 20   // bytes of a lesson's or lab's file
	maxTexts = 256 << 20 // bytes of all of them
	maxImage = 8 << 30   // bytes of an image, unpacked
	maxAll   = 64 << 30  // bytes of the file
)

const (
	headName = "lab-bundle.json"
	sealHead = "lab bundle sha256 "
	sealSize = len(sealHead) + 64 + 1
)

// Manifest says what is in a bundle.
type Manifest struct {
	Format   int    `json:"format"`
	Program  string `json:"program"`            // version of the program that wrote it
	Platform string `json:"platform,omitempty"` // what the images run on, such as "linux/amd64"; "" without images
	Key      string `json:"key,omitempty"`      // the author's public key, as minisign writes it; "" if it is not signed
	Parts    []Part `json:"parts"`
}

// Part is one file in a bundle.
type Part struct {
	Name   string `json:"name"`   // lessons/…, labs/… or images/…, slash-separated
	Size   int64  `json:"size"`   // bytes in the bundle
	SHA256 string `json:"sha256"` // of those bytes, in hexadecimal
	Image  string `json:"image,omitempty"`
	ID     string `json:"id,omitempty"`  // of an image: the digest of its configuration, which covers all of it; "" before 2026-12
	Raw    int64  `json:"raw,omitempty"` // of an image: bytes once unpacked; in the bundle it is compressed by gzip
}

// Images lists the images' parts.
func (m Manifest) Images() []Part {
	var out []Part
	for _, p := range m.Parts {
		if p.Image != "" {
			out = append(out, p)
		}
	}
	return out
}

// parseManifest reads lab-bundle.json and looks at all that it claims.
func parseManifest(data []byte) (Manifest, error) {
	var format struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &format); err != nil || format.Format < 1 {
		return Manifest{}, hint.With(fmt.Errorf("%s is not readable", headName), "bundle-damaged", headName)
	}
	if format.Format > Format {
		return Manifest{}, hint.With(fmt.Errorf("the bundle has format %d", format.Format), "bundle-newer", format.Format, Format)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, hint.With(err, "bundle-damaged", headName)
	}
	return m, m.check()
}

// check refuses what no bundle of ours says.
func (m Manifest) check() error {
	if len(m.Parts) > maxParts {
		return tooLarge(headName)
	}
	seen, texts := map[string]bool{}, int64(0)
	for _, p := range m.Parts {
		fold := strings.ToLower(p.Name) // on some systems that is one file
		if !safe(p.Name) || seen[fold] || (path.Dir(p.Name) == "images") != (p.Image != "") {
			return unsafe(p.Name)
		}
		seen[fold] = true
		if p.Image == "" {
			texts += p.Size
		}
		if m.Key != "" && p.Image != "" && p.ID == "" {
			return damaged(headName, fmt.Errorf("it is signed, and does not say what the image %q is", p.Image))
		}
		if p.ID != "" && (p.Image == "" || !digest.MatchString(p.ID)) {
			return damaged(headName, fmt.Errorf("%q is no image's id", p.ID))
		}
		if p.Size < 0 || p.Raw < 0 || p.Raw > maxImage || p.Size > maxImage || p.Image == "" && p.Size > maxText || texts > maxTexts {
			return tooLarge(p.Name)
		}
	}
	return nil
}

var digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// safe tells whether a part's name stays inside the folder into which it may be written, on every system.
func safe(name string) bool {
	if !fs.ValidPath(name) || len(name) > 240 || strings.ContainsAny(name, "\\:*?\"<>|\x00") {
		return false
	}
	top, rest, _ := strings.Cut(name, "/")
	if rest == "" || top != "lessons" && top != "labs" && top != "images" {
		return false
	}
	for element := range strings.SplitSeq(name, "/") {
		if strings.TrimRight(element, ". ") != element || device(element) {
			return false
		}
		if strings.ContainsFunc(element, printable.Obeyed) {
			return false
		}
	}
	return true
}

// device tells whether Windows takes a name for a device.
func device(element string) bool {
	name, _, _ := strings.Cut(strings.ToLower(element), ".")
	switch name {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(name) == 4 && (strings.HasPrefix(name, "com") || strings.HasPrefix(name, "lpt")) && name[3] >= '0' && name[3] <= '9'
}

func unsafe(name string) error {
	return hint.With(fmt.Errorf("%q is no name for a part", name), "bundle-unsafe", fmt.Sprintf("%q", name))
}

func tooLarge(name string) error {
	return hint.With(fmt.Errorf("%q is too large", name), "bundle-too-large", name)
}

func damaged(name string, err error) error {
	return hint.With(fmt.Errorf("reading %s: %w", name, err), "bundle-damaged", name)
}
