package embedded_test

import (
	"io/fs"
	"testing"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/embedded"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/session/enginetest"
	"github.com/cwk-stream/lab/labs"
)

// lesson03 loads the lab that the engine is for.
func lesson03(t testing.TB) course.Lab {
	t.Helper()
	folder, err := fs.Sub(labs.FS, "03-reverse-proxy")
	if err != nil {
		t.Fatal(err)
	}
	lab, err := course.LoadLab(folder, "03-reverse-proxy", "nginx")
	if err != nil {
		t.Fatal(err)
	}
	return lab
}

// filesAfter gives the lab's files as they stand after a step, "" for as handed out.
func filesAfter(t testing.TB, lab course.Lab, step string) []session.File {
	t.Helper()
	get := lab.Initial
	if step != "" {
		get = func() (course.Files, error) { return lab.Solution(step) }
	}
	data, err := get()
	if err != nil {
		t.Fatal(err)
	}
	var files []session.File
	for _, e := range lab.Edit {
		files = append(files, session.File{Service: e.Service, Path: e.Target, Data: data[e.Path]})
	}
	return files
}

func TestConformance(t *testing.T) {
	lab := lesson03(t)
	enginetest.Conform(t, func(*testing.T) session.Engine { return embedded.New(embedded.Options{}) }, lab.Env,
		func(name string) []session.File { return filesAfter(t, lab, name) })
}
