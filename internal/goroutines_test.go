package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// guarded are the packages whose goroutines evaluate or read text from outside. A panic in a goroutine that nothing
// guards ends the program, so they start all of theirs by package hint.
var guarded = []string{"probe", "session", "workspace", "docker"}

// unguarded lists what starts goroutines without a guard: go statements, and what else has a method Go.
func unguarded(fset *token.FileSet, f *ast.File) (found []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		what := ""
		switch n := n.(type) {
		case *ast.GoStmt:
			what = "a go statement"
		case *ast.ImportSpec:
			if strings.Contains(n.Path.Value, "errgroup") {
				what = "errgroup"
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "sync" && n.Sel.Name == "WaitGroup" {
				what = "sync.WaitGroup"
			}
		}
		if what != "" {
			found = append(found, fset.Position(n.Pos()).String()+": "+what)
		}
		return true
	})
	return found
}

func TestGoroutinesAreGuarded(t *testing.T) {
	for _, name := range guarded {
		files, err := filepath.Glob(filepath.Join(name, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", name, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range unguarded(fset, f) {
				t.Errorf("%s: use hint.Workers, hint.Tasks or hint.Go, which make an error of a panic", x)
			}
		}
	}
}

// TestUnguardedIsFound: the test above can fail.
func TestUnguardedIsFound(t *testing.T) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "x.go", `package x
import ("sync"; "golang.org/x/sync/errgroup")
var all sync.WaitGroup
var some errgroup.Group
func f() { go f(); all.Go(f) }`, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := unguarded(fset, f); len(got) != 3 {
		t.Errorf("found %v, want three", got)
	}
}
