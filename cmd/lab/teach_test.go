package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTemplate tests the worked example of labs/README.md, which is also what `lab new` writes: it must be valid as it
// comes, on the engine that needs no install.
func TestTemplate(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"new", "demo"}, {"lint", "demo"}, {"test", "demo", "--engine", "embedded"}} {
		var out, err bytes.Buffer
		w := world{in: strings.NewReader(""), out: &out, err: &err, getenv: func(string) string { return "" }}
		if code := run(context.Background(), args, w); code != exitPassed {
			t.Fatalf("lab %s: exit code %d\n%s%s", strings.Join(args, " "), code, &out, &err)
		}
	}
}

// TestSchemas wants editors to complete by what the loader checks.
func TestSchemas(t *testing.T) {
	names, err := filepath.Glob("../../internal/course/schema/*.json")
	if err != nil || len(names) != 3 {
		t.Fatalf("%d schemas, %v", len(names), err)
	}
	for _, name := range names {
		loader, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		editors, err := os.ReadFile("../../assets/" + filepath.Base(name))
		if err != nil || !bytes.Equal(loader, editors) {
			t.Errorf("assets/%s differs from %s: copy it there (%v)", filepath.Base(name), name, err)
		}
	}
}
