package course

import (
	"fmt"
	"io/fs"
	"path"
)

// Files are the contents of a lab's editables, by Editable.Path.
type Files map[string][]byte

// Equal tells whether both have the same files with the same bytes.
func (f Files) Equal(other Files) bool {
	if len(f) != len(other) {
		return false
	}
	for name, data := range f {
		if o, ok := other[name]; !ok || string(o) != string(data) {
			return false
		}
	}
	return true
}

// Initial gives the editables as they are first handed out.
func (l Lab) Initial() (Files, error) { return l.FilesIn("files") }

// Solution gives the editables as they stand after the step.
func (l Lab) Solution(step string) (Files, error) { return l.FilesIn(path.Join("solutions", step)) }

// FilesIn reads the lab's editables from a folder of the lab. One that the folder lacks is as first handed out.
func (l Lab) FilesIn(dir string) (Files, error) {
	files := Files{}
	for _, e := range l.Edit {
		data, err := fs.ReadFile(l.FS, path.Join(dir, e.Path))
		if err != nil && dir != "files" {
			data, err = fs.ReadFile(l.FS, path.Join("files", e.Path))
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s of lab %s: %w", e.Path, l.ID, err)
		}
		files[e.Path] = data
	}
	return files, nil
}

// Step gives the step of that id, and its index.
func (l Lab) Step(id string) (Step, int, bool) {
	for i, s := range l.Steps {
		if s.ID == id {
			return s, i, true
		}
	}
	return Step{}, 0, false
}

// Place says where something stands in the lab's file, as file:line; the file alone where that is not known. path is
// like $.steps[0].checks[1].
func (l Lab) Place(path string) string {
	data, err := readText(l.FS, l.File)
	if err != nil {
		return l.File
	}
	if line, _, _ := (&places{data: data}).of(path); line > 0 {
		return fmt.Sprintf("%s:%d", l.File, line)
	}
	return l.File
}
