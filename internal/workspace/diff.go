package workspace

import (
	"bytes"

	"github.com/rogpeppe/go-internal/diff"
)

// Diff is a unified diff of two versions of a file with three lines of context, as patch -p1 takes it; "" where they
// are equal. If the two end their lines in different ways, as an editor on Windows may have it, line ends do not count:
// LineEndsDiffer tells.
func Diff(name string, before, after []byte) string {
	if LineEndsDiffer(before, after) {
		before, after = unixEnds(before), unixEnds(after)
	}
	if bytes.Equal(before, after) {
		return ""
	}
	out := diff.Diff("a/"+name, before, "b/"+name, after)
	if _, rest, ok := bytes.Cut(out, []byte("\n")); ok {
		out = rest // the first line repeats the names
	}
	return string(out)
}

// LineEndsDiffer tells whether one of two versions of a file ends lines with CR LF and the other one does not. A new or an
// empty file has no line ends that could differ.
func LineEndsDiffer(before, after []byte) bool {
	lines := bytes.ContainsRune(before, '\n') && bytes.ContainsRune(after, '\n')
	return lines && bytes.Contains(before, crlf) != bytes.Contains(after, crlf)
}

var crlf = []byte("\r\n")

func unixEnds(text []byte) []byte { return bytes.ReplaceAll(text, crlf, []byte("\n")) }
