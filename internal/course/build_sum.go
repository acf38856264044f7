package course

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
)

// Sum identifies what a build would run, in hexadecimal: its Dockerfile, its arguments and every file that it could copy.
// Files of another lab with the same sum build the same.
func (b Build) Sum(lab fs.FS) (string, error) {
	h := sha256.New()
	field := func(kind, name string, data []byte) {
		fmt.Fprintf(h, "%s %d %d\n%s", kind, len(name), len(data), name)
		h.Write(data)
	}
	field("dockerfile", path.Clean(b.Dockerfile), nil)
	for _, name := range slices.Sorted(maps.Keys(b.Args)) {
		field("arg", name, []byte(b.Args[name]))
	}
	dir, err := fs.Sub(lab, b.Dir)
	if err != nil {
		return "", fmt.Errorf("opening %s: %w", b.Dir, err)
	}
	err = fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, name)
		field("file", name, data)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", b.Dir, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Commands lists what the build of a service would run, as its Dockerfile says it, each on one line.
func (b Build) Commands(lab fs.FS) ([]string, error) {
	name := path.Join(b.Dir, b.Dockerfile)
	data, err := readText(lab, name)
	if err != nil {
		return nil, err
	}
	d, err := ParseDockerfile(name, data)
	return d.Runs(), err
}
