package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

// MaxSize is the size in bytes that an editable may have. A configuration file has a few thousand.
const MaxSize = 1 << 20

// Read reads all editables. A file that is gone, unreadable, a folder, not text, larger than MaxSize, or a link that
// leads out of the folder is an error with a hint.
func (w *Workspace) Read() (course.Files, error) {
	root, err := os.OpenRoot(w.dir)
	if err != nil {
		return nil, hint.With(fmt.Errorf("reading workspace: %w", err), "folder-gone", w.dir)
	}
	defer root.Close()
	files := course.Files{}
	for _, name := range w.names {
		data, err := read(root, name)
		if err == nil {
			err = text(data)
		}
		if err != nil {
			return nil, hint.With(fmt.Errorf("reading %s: %w", w.Path(name), reason(err)), code(err), w.Path(name))
		}
		files[name] = data
	}
	return files, nil
}

// What is wrong with a file that can be looked at; code turns each into the code of its hint.
var (
	errFolder   = errors.New("is a folder")
	errSpecial  = errors.New("is not a regular file")
	errTooLarge = fmt.Errorf("is larger than %d bytes", MaxSize)
	errNotText  = errors.New("is not UTF-8 text")
)

// code names the hint for an error of read or text.
func code(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "file-gone"
	case errors.Is(err, errFolder):
		return "file-folder"
	case errors.Is(err, errSpecial):
		return "file-special"
	case errors.Is(err, errTooLarge):
		return "file-too-large"
	case errors.Is(err, errNotText):
		return "file-not-text"
	case escapes(err):
		return "file-escapes"
	}
	return "file-unreadable"
}

// reason is what is wrong, without the system call that found it and the name within the folder.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// escapes tells whether os.Root refused a link that leads out. Its error has no name that could be asked for.
func escapes(err error) bool { return strings.Contains(err.Error(), "path escapes") }

// read gives a file's bytes, nil with an error. It looks before it opens: opening a named pipe would wait for its other end.
func read(root *os.Root, name string) ([]byte, error) {
	name = filepath.FromSlash(name)
	info, err := root.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errFolder
	case !info.Mode().IsRegular():
		return nil, errSpecial
	case info.Size() > MaxSize:
		return nil, errTooLarge
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxSize {
		return nil, errTooLarge
	}
	return data, nil
}

// text refuses what an editor cannot have meant as a configuration: UTF-16, pictures, compressed files.
func text(data []byte) error {
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return errNotText
	}
	return nil
}
