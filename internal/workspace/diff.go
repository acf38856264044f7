package workspace

import (
	"bytes"

	"github.com/rogpeppe/go-internal/diff"
)

// Diff is a unified diff of two versions of a file with three lines of context, as patch -p1 takes it; "" where they
// are equal.
func Diff(name string, before, after []byte) string {
	if bytes.Equal(before, after) {
		return ""
	}
	out := diff.Diff("a/"+name, before, "b/"+name, after)
	if _, rest, ok := bytes.Cut(out, []byte("\n")); ok {
		out = rest // the first line repeats the names
	}
	return string(out)
}
