package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

// Write replaces the editables by files, each atomically and with the permissions that it had. What differed is first
// copied into a backup folder inside the workspace, whose path is returned; "" if there was nothing to keep. Something
// that cannot be copied, such as a folder in a file's place or a link that leads out, is moved there as it is. If Write
// fails, what was replaced until then is in the backup.
func (w *Workspace) Write(files course.Files) (backup string, err error) {
	root, err := w.make()
	if err != nil {
		return "", err
	}
	defer root.Close()
	var inside string // the backup folder, relative to the workspace
	for _, name := range slices.Sorted(maps.Keys(files)) {
		was, err := read(root, name)
		if err == nil && bytes.Equal(was, files[name]) {
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) || dangling(root, name) {
			if inside == "" {
				if inside, err = w.newBackup(root); err != nil {
					return "", err
				}
				backup = w.Path(inside)
			}
			err = keep(root, name, inside, was)
		} else {
			err = makeParents(root, name)
		}
		if err == nil {
			err = replace(root, filepath.FromSlash(name), files[name])
		}
		if err != nil {
			return backup, hint.With(fmt.Errorf("writing %s: %w", w.Path(name), err), "file-unwritable", w.Path(name))
		}
	}
	return backup, nil
}

// dangling tells whether name is a link to nothing, which Stat cannot tell from nothing at all.
func dangling(root *os.Root, name string) bool {
	_, err := root.Lstat(filepath.FromSlash(name))
	return err == nil
}

// newBackup makes a backup folder named after the local time, so that people find theirs.
func (w *Workspace) newBackup(root *os.Root) (string, error) {
	err := root.MkdirAll(backups, 0o700)
	stamp := path.Join(backups, time.Now().Format("20060102-150405"))
	for n := 1; err == nil; n++ {
		inside := stamp
		if n > 1 {
			inside += "-" + strconv.Itoa(n)
		}
		err = root.Mkdir(filepath.FromSlash(inside), 0o700)
		if err == nil {
			return inside, nil
		}
		if errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	return "", hint.With(fmt.Errorf("making a backup: %w", err), "folder-unusable", w.dir)
}

// keep puts a copy of what lies at name into the backup; was is its content, if it is a file that can be read.
func keep(root *os.Root, name, backup string, was []byte) error {
	to := path.Join(backup, name)
	if err := makeParents(root, to); err != nil {
		return err
	}
	info, err := root.Lstat(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	if was == nil || !info.Mode().IsRegular() {
		return root.Rename(filepath.FromSlash(name), filepath.FromSlash(to))
	}
	return replace(root, filepath.FromSlash(to), was)
}
