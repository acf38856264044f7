package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// removeFolder removes a folder with all in it. Where the file system knows nothing of the calls that os.RemoveAll makes
// on Windows, as FAT, some network shares and wine, it removes one thing after the other; links are not followed.
func removeFolder(dir string) error {
	err := os.RemoveAll(dir)
	if err == nil {
		return nil
	}
	var found []string
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		found = append(found, path)
		return nil //nolint:nilerr // what cannot be looked into cannot be removed, and is told below
	})
	for _, path := range slices.Backward(found) { // what is in a folder before the folder
		_ = os.Remove(path)
	}
	if _, gone := os.Lstat(dir); os.IsNotExist(gone) {
		return nil
	}
	return err
}
