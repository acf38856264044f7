package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRemoveFolder: all of a folder goes, and nothing that a link in it leads to. Run on wine, too, it holds where
// os.RemoveAll does not work.
func TestRemoveFolder(t *testing.T) {
	temp := os.TempDir() // t.TempDir is removed by os.RemoveAll
	dir, err := os.MkdirTemp(temp, "lab-remove-")
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(dir+"-kept", "file")
	for _, path := range []string{filepath.Join(dir, "a", "b", "c"), filepath.Join(dir, "a", "d"), filepath.Join(dir, "e"), kept} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_ = os.Symlink(filepath.Dir(kept), filepath.Join(dir, "a", "link")) // where there are links
	if err := removeFolder(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(dir); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("what a link led to is gone: %v", err)
	}
	if err := removeFolder(dir + "-kept"); err != nil {
		t.Error(err)
	}
	if err := removeFolder(dir); err != nil {
		t.Errorf("one that is not there: %v", err)
	}
}
