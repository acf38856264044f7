package docker

import (
	"context"
	"crypto/rand"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/session/enginetest"
	"github.com/cwk-stream/lab/labs"
)

// real gives an engine with everything that lab 03 needs, or skips: in one line, and as a failure where
// LAB_REQUIRE_DOCKER is set.
func real(t testing.TB) *Engine {
	t.Helper()
	e := New(Options{Shipped: func(course.Environment) bool { return true }})
	// As if on a machine of the test's own: nothing that it sweeps is anybody else's, and nobody else sweeps what it makes.
	e.owner.Host = newID()
	t.Cleanup(func() { _ = e.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	err := e.Available(ctx)
	if err == nil {
		err = e.Prepare(ctx, lab03(t).Env, nil)
	}
	if err == nil {
		return e
	}
	if os.Getenv("LAB_REQUIRE_DOCKER") != "" {
		t.Fatalf("LAB_REQUIRE_DOCKER is set, and: %v", err)
	}
	t.Skipf("no Docker here: %v", err)
	return nil
}

func lab03(t testing.TB) course.Lab {
	t.Helper()
	folder, err := fs.Sub(labs.FS, "03-reverse-proxy")
	if err != nil {
		t.Fatal(err)
	}
	lab, err := course.LoadLab(folder, "03-reverse-proxy", "")
	if err != nil {
		t.Fatal(err)
	}
	return lab
}

// files gives the editable files of lab 03 as they stand after a step; "" for as handed out.
func files(t testing.TB) func(step string) []session.File {
	lab := lab03(t)
	return func(step string) []session.File {
		folder := "files"
		if step != "" {
			folder = "solutions/" + step
		}
		var out []session.File
		for _, e := range lab.Edit {
			data, err := fs.ReadFile(lab.FS, folder+"/"+e.Path)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, session.File{Service: e.Service, Path: e.Target, Data: data})
		}
		return out
	}
}

func newID() string { return "t" + strings.ToLower(rand.Text()[:10]) }

func TestConform(t *testing.T) {
	real(t)
	enginetest.Conform(t, func(t *testing.T) session.Engine { return real(t) }, lab03(t).Env, files(t))
}
