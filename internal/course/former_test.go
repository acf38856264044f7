package course

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cwk-stream/lab/labs"
)

// TestFormerNames: lessons and labs say which names they had; each means one of them, and a path is none.
func TestFormerNames(t *testing.T) {
	lesson := func(was string) *fstest.MapFile {
		return &fstest.MapFile{Data: fmt.Appendf(nil, "---\ntitle: T\nminutes: 1\nstatus: draft\nxp: 1\ntags: [a]\n%slinks:\n  - { title: T, url: \"https://example.org\" }\n---\ntext\n", was)}
	}
	for was, want := range map[string]string{
		"was: [04-old, 05-older]\n": "",
		"was: [01-one]\n":           `"01-one" is the id of a lesson`,
		"was: [02-two]\n":           `"02-two" is the id of a lesson`,
		"was: [09-taken]\n":         `"09-taken" is the id of a lesson, or was named before`,
		"was: [../../x]\n":          "was",
	} {
		c, err := Load(fstest.MapFS{"01-one/lesson.en.md": lesson("was: [09-taken]\n"), "02-two/lesson.en.md": lesson(was)}, fstest.MapFS{})
		switch {
		case want == "" && (err != nil || !slices.Equal(c.Lessons[1].Was, []string{"04-old", "05-older"})):
			t.Errorf("%s: %v", was, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %s", was, err, want)
		}
	}
}

// TestFormerNamesOfLabs: every variant of a lab has the names that any of them says, but none that another lab has now.
func TestFormerNamesOfLabs(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, labs.FS); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "03-reverse-proxy", "lab.caddy.yaml")
	written, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append([]byte("was: [02-proxy, 04-tls, 03-reverse-proxy]\n"), written...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := &Course{labs: os.DirFS(dir)}
	for _, variant := range []string{"nginx", "caddy"} {
		lab, err := c.Lab("03-reverse-proxy", variant)
		if err != nil || !slices.Equal(lab.Was, []string{"02-proxy"}) {
			t.Errorf("%s: got %v, %v", variant, lab.Was, err)
		}
	}
	outlines, err := c.Outlines("03-reverse-proxy")
	if err != nil || len(outlines) < 2 || !slices.Equal(append(outlines[0].Was, outlines[1].Was...), []string{"02-proxy"}) {
		t.Errorf("outlines: %+v, %v", outlines, err)
	}
}
