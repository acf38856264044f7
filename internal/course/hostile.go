package course

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/cwk-stream/lab/internal/printable"
)

// A lab comes from anywhere. These bounds are far above what any lab needs.
const (
	maxYAML     = 256 << 10 // bytes of one YAML file
	maxNesting  = 40        // levels of one YAML file
	maxNodes    = 50_000    // of a YAML file, aliases written out
	maxFiles    = 2_000     // in a lab's folder
	maxFile     = 4 << 20   // bytes of one of them
	maxFolder   = 64 << 20  // bytes in all
	maxCases    = 300       // in mistakes/ or answers/
	maxProblems = 100       // told of one file: each is looked up in its text
)

// hostileText finds what would make a parser of YAML use up the machine: size and depth.
func hostileText(file string, data []byte) (Problem, bool) {
	if len(data) > maxYAML {
		return Problem{File: file, Message: fmt.Sprintf("is larger than %d KiB", maxYAML>>10)}, true
	}
	open := 0 // brackets that begin lines and are not closed by others
	for i, line := range strings.Split(string(data), "\n") {
		rest := strings.TrimLeft(line, " ")
		open = max(0, open+len(rest)-len(strings.TrimLeft(rest, "[{ "))-(len(rest)-len(strings.TrimLeft(rest, "]} "))))
		if depthOf(line) > maxNesting || open > 5*maxNesting {
			return Problem{File: file, Line: i + 1, Column: 1, Message: fmt.Sprintf("is nested more than %d levels deep", maxNesting)}, true
		}
	}
	return Problem{}, false
}

// depthOf bounds from above how many levels one line can open or stand at: two columns a level at least, and one for
// each bracket and dash that a level begins with.
func depthOf(line string) int {
	rest := strings.TrimLeft(line, " ")
	depth := (len(line) - len(rest)) / 2
	for strings.HasPrefix(rest, "- ") || strings.HasPrefix(rest, "? ") {
		rest = strings.TrimLeft(rest[2:], " ")
		depth++
	}
	open := 0
	for _, r := range rest {
		switch r {
		case '[', '{':
			open++
			depth = max(depth, open)
		case ']', '}':
			open--
		}
	}
	return depth
}

// hostileFolder finds what a lab's folder may not hold: links and devices, names that lead elsewhere on some system,
// and more than a lab needs.
func hostileFolder(lab fs.FS, id string) Problems {
	var problems Problems
	files, bytes := 0, int64(0)
	say := func(name, format string, args ...any) {
		problems = append(problems, Problem{File: path.Join(id, name), Message: fmt.Sprintf(format, args...)})
	}
	err := fs.WalkDir(lab, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		}
		if files++; files > maxFiles {
			return errTooMany
		}
		if _, _, _, found := control(d.Name()); found || strings.ContainsAny(d.Name(), "\\:\n\t") {
			say(printable.Line(name), "the name has characters that a lab's file may not have")
		}
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			say(name, "is a symbolic link; put the file itself there")
		case !d.IsDir() && !d.Type().IsRegular():
			say(name, "is neither a file nor a folder")
		case !d.IsDir():
			info, err := d.Info()
			if err != nil {
				return err
			}
			if bytes += info.Size(); info.Size() > maxFile {
				say(name, "is larger than %d MiB", maxFile>>20)
			}
		}
		return nil
	})
	switch {
	case err == errTooMany:
		say("", "has more than %d files", maxFiles)
	case err != nil:
		say("", "%v", err)
	case bytes > maxFolder:
		say("", "is larger than %d MiB", maxFolder>>20)
	}
	return problems
}

var errTooMany = fmt.Errorf("too many files")
