package course

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// allowedKeys are the Compose keys that a lab may use. A lab comes from anywhere, so that what could reach out of its
// containers is not listed, and a key that Compose gains later is refused until somebody has thought about it.
var allowedKeys = map[string][]string{
	"": {"name", "services", "volumes", "networks"},
	"service": {"build", "image", "command", "environment", "ports", "depends_on", "user", "read_only", "tmpfs",
		"volumes", "cap_drop", "cap_add", "security_opt", "mem_limit", "pids_limit", "stop_grace_period", "networks",
		"init"},
	"build":   {"context", "dockerfile", "args"},
	"volume":  {},
	"network": {"driver_opts", "internal"},
}

// allowedCaps are capabilities that a server may need inside its container, and that do not reach the host.
var allowedCaps = []string{"CHOWN", "SETUID", "SETGID", "NET_BIND_SERVICE", "KILL", "DAC_OVERRIDE"}

// loadEnvironment reads the Compose files that a lab names, merged the way Compose merges.
func loadEnvironment(lab fs.FS, id string, f labFile) (Environment, error) {
	env := Environment{Lab: id, Variant: f.Variant, FS: lab}
	files := f.Compose
	if len(files) == 0 {
		files = []string{"compose.yaml"}
	}
	var problems Problems
	var texts []validator
	details := types.ConfigDetails{WorkingDir: "/", Environment: types.Mapping{}}
	for _, name := range files {
		if !insideLab(name) {
			problems = append(problems, Problem{File: id, Message: fmt.Sprintf("compose: %q is outside the lab's folder", name)})
			continue
		}
		data, err := readIn(id, lab, name)
		if err == nil && data == nil {
			err = Problems{{File: path.Join(id, name), Message: "is not there"}}
		}
		if err != nil {
			problems = problems.Collect(name, err)
			continue
		}
		read, replaced, refused := readCompose(path.Join(id, name), data)
		for _, earlier := range details.ConfigFiles {
			without(earlier.Config, replaced)
		}
		problems = append(problems, refused...)
		texts = append(texts, validator{file: path.Join(id, name), data: data})
		// Compose is given the values and not the text: what it merges is what was looked at.
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: name, Config: read})
	}
	if len(problems) > 0 {
		return env, problems
	}
	project, err := loader.LoadWithContext(context.Background(), details, func(o *loader.Options) {
		o.SetProjectName("lab", true)
		o.SkipExtends, o.SkipInclude, o.ResolvePaths = true, true, false // and $$ is $: there are no variables, see dollars
	})
	if err != nil {
		return env, Problems{placed(texts, err.Error())}
	}
	return env.from(project, f, texts)
}

// composePath is how Compose names a place in its errors.
var composePath = regexp.MustCompile(`\b(services|volumes|networks)\.[a-zA-Z0-9_.-]*[a-zA-Z0-9]`)

// placed makes a problem of what Compose says of the merged files: in the last one that has the place it speaks of.
func placed(texts []validator, message string) Problem {
	at := "$." + composePath.FindString(message)
	for _, v := range slices.Backward(texts) {
		if v.say(at, "%s", message); at != "$." && v.problems[0].Line > 0 {
			return v.problems[0]
		}
	}
	return Problem{File: texts[len(texts)-1].file, Message: message}
}
