// Package workspace is the student's files on disk: it lays them out, reads, watches, compares and resets them, and
// never overwrites anything without keeping a copy.
//
// It decides nothing: not whether a file is right, not when a check runs. Whatever lies outside the folder is out of
// reach, also through links: all access goes through an os.Root.
package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

// backups is the folder inside the workspace that keeps what Write replaced.
const backups = ".backup"

// Workspace is one folder with a lab's editables. Its methods may be called from several goroutines; two that write
// at once leave the files of one of them, whole.
type Workspace struct {
	dir   string
	names []string // sorted, slash-separated
}

// Change is what the folder holds after something was saved.
type Change struct {
	Files course.Files
	Err   error // the files cannot be read just now; carries a hint
}

// Open makes the folder (0700) with the initial files (0600) where they are not there yet, and leaves those that are,
// whatever they are: a link or a folder in a file's place is Read's to report.
func Open(dir string, initial course.Files) (*Workspace, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening workspace: %w", err)
	}
	w := &Workspace{dir: dir}
	for name := range initial {
		if !fs.ValidPath(name) || name == "." || strings.HasPrefix(name, backups) {
			return nil, fmt.Errorf("opening workspace: %q cannot be the name of an editable file", name)
		}
		w.names = append(w.names, name)
	}
	slices.Sort(w.names)
	root, err := w.make()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for _, name := range w.names {
		if err := place(root, name, initial[name]); err != nil {
			return nil, hint.With(fmt.Errorf("laying out %s: %w", w.Path(name), err), "file-unwritable", w.Path(name))
		}
	}
	return w, nil
}

// Dir is the folder, absolute.
func (w *Workspace) Dir() string { return w.dir }

// Names lists the editables, sorted, slash-separated.
func (w *Workspace) Names() []string { return slices.Clone(w.names) }

// Path is where an editable lies on disk.
func (w *Workspace) Path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

// make opens the folder, and makes it if it is not there.
func (w *Workspace) make() (*os.Root, error) {
	err := os.MkdirAll(w.dir, 0o700)
	var root *os.Root
	if err == nil {
		root, err = os.OpenRoot(w.dir)
	}
	if err != nil {
		return nil, hint.With(fmt.Errorf("opening workspace: %w", err), "folder-unusable", w.dir)
	}
	return root, nil
}

// place writes a file that is not there yet. A crash leaves all of it or nothing: half a file would be taken for the
// student's own ever after.
func place(root *os.Root, name string, data []byte) error {
	if _, err := root.Lstat(filepath.FromSlash(name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeParents(root, name); err != nil {
		return err
	}
	return replace(root, filepath.FromSlash(name), data)
}

func makeParents(root *os.Root, name string) error {
	parent := path.Dir(name)
	if parent == "." {
		return nil
	}
	return root.MkdirAll(filepath.FromSlash(parent), 0o700)
}
