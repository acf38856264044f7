package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxOwn bounds a file of the program's own in LAB_HOME, in bytes.
const maxOwn = 4 << 20

var errNoFile = errors.New("is not a file")

// readOwn reads a small file that lab wrote. It looks before it opens: where a pipe or a device has come into its place,
// opening would wait, or never end.
func readOwn(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s %w", path, errNoFile)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxOwn))
}

// commandWord is a word as it is typed in a command that a student is to repeat.
func commandWord(word string) string {
	if strings.ContainsAny(word, " \t\"'$&;()*?<>|`#") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}
