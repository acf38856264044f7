package course

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Students have Linux, macOS and Windows. A name that one of them cannot hold, or takes for another one, would make a lab
// that works for some.

// device is what Windows takes for a device, with any extension.
var device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?$`)

const (
	longestName = 100 // bytes of a name
	longestPath = 180 // bytes of a path: Windows has 260 with the student's folder in front
)

// unportable says why a slash-separated path cannot be held by every system, "" where it can.
func unportable(name string) string {
	if len(name) > longestPath {
		return fmt.Sprintf("is longer than %d bytes", longestPath)
	}
	if !norm.NFC.IsNormalString(name) {
		return "is not in Unicode normal form C: macOS and others would take it for another name"
	}
	for _, part := range strings.Split(name, "/") {
		switch {
		case len(part) > longestName:
			return fmt.Sprintf("has a name longer than %d bytes", longestName)
		case device.MatchString(part):
			return fmt.Sprintf("has %q, which is a device on Windows", part)
		case strings.ContainsAny(part, `<>:"|?*\`):
			return "has one of < > : \" | ? * \\, which Windows cannot hold"
		case strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") || strings.HasPrefix(part, " "):
			return fmt.Sprintf("has %q, which begins with a space, or ends with a space or dot: Windows drops these", part)
		}
	}
	return ""
}

// sameFile gives what is alike for names that some system takes for one file: macOS and Windows tell capitals and small
// letters apart as little as ways to compose a character.
func sameFile(name string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFKC.String(path.Clean(name))))
}

// namesakes finds paths of which one system or other takes two for one, or one for the folder of another. It gives, for the
// index of a path, that of an earlier one.
func namesakes(names []string) map[int]int {
	out, files, folders := map[int]int{}, map[string]int{}, map[string]int{}
	for i, name := range names {
		key := sameFile(name)
		if j, taken := files[key]; taken {
			out[i] = j
		} else if j, taken := folders[key]; taken {
			out[i] = j
		}
		for dir := path.Dir(key); dir != "." && dir != "/"; dir = path.Dir(dir) {
			if j, taken := files[dir]; taken {
				out[i] = j
			}
			if _, known := folders[dir]; !known {
				folders[dir] = i
			}
		}
		if _, known := files[key]; !known {
			files[key] = i
		}
	}
	return out
}

// editables looks at the paths of the student's files together.
func (v *validator) editables(all []Editable) {
	var paths, targets []string
	for i, e := range all {
		paths, targets = append(paths, e.Path), append(targets, e.Service+":"+path.Clean(e.Target))
		if why := unportable(e.Path); why != "" {
			v.say(fmt.Sprintf("$.edit[%d].path", i), "path: %q %s", e.Path, why)
		}
	}
	same := namesakes(paths)
	for _, i := range slices.Sorted(maps.Keys(same)) {
		j := same[i]
		v.say(fmt.Sprintf("$.edit[%d].path", i), "path: %q is %q for some system: name it otherwise", paths[i], paths[j])
	}
	seen := map[string]bool{}
	for i, t := range targets {
		if seen[t] {
			v.say(fmt.Sprintf("$.edit[%d].target", i), "target: %q is that of another path already", all[i].Target)
		}
		seen[t] = true
	}
}

// lintNames looks at the names of a lab's or a lesson's files.
func lintNames(names []string, id string) Problems {
	var problems Problems
	for _, name := range names {
		if why := unportable(name); why != "" && len(problems) < maxProblems {
			problems = append(problems, Problem{File: path.Join(id, name), Message: "the path " + why})
		}
	}
	same := namesakes(names)
	for _, i := range slices.Sorted(maps.Keys(same)) {
		j := same[i]
		if len(problems) < maxProblems {
			problems = append(problems, Problem{File: path.Join(id, names[i]), Message: fmt.Sprintf("is %s for some system", names[j])})
		}
	}
	return problems
}
