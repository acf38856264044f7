package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The sections of README.md whose every item is a claim that tests hold.
var claimSections = []string{"## What it survives", "## Security"}

// TestEveryClaimIsHeld: behind each item of README's sections on survival and security stand, in parentheses, the tests
// that hold it, and all of those are there.
func TestEveryClaimIsHeld(t *testing.T) {
	data, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := testNames(t)
	for _, section := range claimSections {
		_, text, found := strings.Cut(string(data), "\n"+section+"\n")
		if !found {
			t.Errorf("README.md has no section %q", section)
			continue
		}
		text, _, _ = strings.Cut(text, "\n## ")
		claims := 0
		for _, item := range items(text) {
			named := heldBy.FindAllStringSubmatch(item, -1)
			if len(named) == 0 {
				t.Errorf("no test is named for the claim %q", item)
			}
			for _, n := range named {
				if !tests[n[1]] {
					t.Errorf("the claim %.60q names %s, and there is no such test", item, n[1])
				}
			}
			claims++
		}
		if claims < 5 {
			t.Errorf("%s: only %d claims were found", section, claims)
		}
	}
}

// heldBy matches the name of a test with its package's path, such as `internal/docker.TestReach`.
var heldBy = regexp.MustCompile("`((?:internal|cmd)/[a-z/]+\\.Test[A-Za-z0-9]+)`")

// items cuts a section into its claims, which are the items of its lists.
func items(section string) []string {
	var out []string
	in := false
	for line := range strings.Lines(section) {
		switch {
		case strings.HasPrefix(line, "- "):
			out, in = append(out, strings.TrimSpace(line)), true
		case in && strings.HasPrefix(line, "  "):
			out[len(out)-1] += " " + strings.TrimSpace(line)
		default:
			in = false
		}
	}
	return out
}

// testNames lists all tests of the module as path.Name.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, root := range []string{"../internal", "../cmd"} {
		err := filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, decl := range f.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
					dir := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(name, "../")))
					out[dir+"."+fn.Name.Name] = true
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
