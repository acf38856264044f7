package course

import (
	"path"
	"regexp"
	"strings"
	"sync"
)

// hostileBuild is what a Dockerfile could use to reach beyond its build: another frontend, the host's network, secrets
// and keys of whoever builds.
var hostileBuild = sync.OnceValue(func() *regexp.Regexp { // only where a lab is loaded
	return regexp.MustCompile(`(?i)^\s*#\s*syntax\s*=|--network=(host|none.*--network=host)|--security=|--mount=[^\s]*type=(ssh|secret)|--device=`)
})

// dockerfile refuses a Dockerfile that is not there, or that reaches out of its build.
func (env Environment) dockerfile(id string, s Service) Problems {
	if s.Build == nil {
		return nil
	}
	name := path.Join(s.Build.Dir, s.Build.Dockerfile)
	if !insideLab(name) {
		return nil // it was refused already
	}
	data, err := readText(env.FS, name)
	if err != nil {
		return Problems(nil).Collect(name, err)
	}
	if data == nil {
		return Problems{{File: path.Join(id, name), Message: "is not there"}}
	}
	var problems Problems
	for i, line := range strings.Split(string(data), "\n") {
		if m := hostileBuild().FindStringIndex(line); m != nil {
			problems = append(problems, Problem{File: path.Join(id, name), Line: i + 1, Column: m[0] + 1,
				Message: "a lab's build may not use " + strings.TrimSpace(line[m[0]:m[1]])})
		}
	}
	return problems
}

// froms lists the images that a Dockerfile starts from, with their lines, but for its own stages and "scratch".
func froms(data []byte) map[string]int {
	out, stages := map[string]int{}, map[string]bool{"scratch": true}
	for i, line := range strings.Split(string(data), "\n") {
		words := strings.Fields(line)
		if len(words) > 1 && strings.EqualFold(words[0], "FROM") && strings.HasPrefix(words[1], "--") {
			words = words[1:]
		}
		if len(words) < 2 || !strings.EqualFold(words[0], "FROM") && !strings.HasPrefix(words[0], "--") {
			continue
		}
		if !stages[words[1]] {
			out[words[1]] = i + 1
		}
		if len(words) >= 4 && strings.EqualFold(words[2], "AS") {
			stages[words[3]] = true
		}
	}
	return out
}
