// Package internal_test holds the picture of the house: which package may import which.
package internal_test

import (
	"encoding/json"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/cwk-stream/lab/"

// allowed lists, for each package, the packages of this module that it may import. Leaves (hint, locale, printable) may be
// imported by any; nginxconf is the grammar that both the effective-value probe and the embedded stand-in read, so it
// is a leaf that those two share rather than a thing written twice.
var allowed = map[string][]string{
	"internal/hint":               {},
	"internal/locale":             {},
	"internal/printable":          {},
	"internal/nginxconf":          {},
	"internal/bundle":             {}, // a file format: what is in the images and what the lessons mean is for cmd/lab to ask
	"internal/course":             {},
	"internal/probe":              {"internal/course", "internal/nginxconf"},
	"internal/workspace":          {"internal/course"},
	"internal/session":            {"internal/probe", "internal/workspace", "internal/course"},
	"internal/session/enginetest": {"internal/session", "internal/probe", "internal/workspace", "internal/course"},
	"internal/docker":             {"internal/session", "internal/probe", "internal/course"},
	"internal/embedded":           {"internal/session", "internal/probe", "internal/course", "internal/nginxconf"},
	"internal/journal":            {"internal/session"},
	"internal/reward":             {"internal/session"},
	"internal/report":             {"internal/session", "internal/probe", "internal/course", "internal/reward"},
	"internal/tui":                {"internal/session", "internal/probe", "internal/course", "internal/workspace", "internal/reward"},
	"cmd/lab":                     {"*"},
	"lessons":                     {},
	"labs":                        {},
	"assets":                      {},
}

// leaves may be imported by any.
var leaves = map[string]bool{"internal/hint": true, "internal/locale": true, "internal/printable": true}

// owners says which packages alone may import a third-party module prefix.
var owners = map[string][]string{
	"charm.land/":              {"internal/tui"},
	"github.com/moby/moby":     {"internal/docker"},
	"github.com/moby/buildkit": {"internal/course"},
	"github.com/compose-spec":  {"internal/course"},
	"github.com/spf13/":        {"cmd/lab"},
	"aead.dev/minisign":        {"internal/bundle"},
	"github.com/dlclark":       {"internal/nginxconf"},
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func TestLayout(t *testing.T) {
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if name == "internal" {
			continue
		}
		arrows, known := allowed[name]
		if !known {
			t.Errorf("%s is not in the picture: add it to allowed, and say why in the commit", name)
			continue
		}
		for _, imported := range p.Imports {
			checkArrow(t, name, imported, arrows)
		}
		switch path.Base(name) {
		case "utils", "util", "common", "helpers", "types", "models":
			t.Errorf("%s: a package is called after what it does", name)
		}
	}
}

func checkArrow(t *testing.T, name, imported string, arrows []string) {
	t.Helper()
	for prefix, who := range owners {
		if strings.HasPrefix(imported, prefix) && !slices.Contains(who, name) {
			t.Errorf("%s imports %s, which only %s may", name, imported, strings.Join(who, ", "))
		}
	}
	inner, ours := strings.CutPrefix(imported, module)
	if !ours || leaves[inner] || slices.Contains(arrows, inner) || slices.Contains(arrows, "*") {
		return
	}
	t.Errorf("%s imports %s: not in the picture", name, inner)
}
