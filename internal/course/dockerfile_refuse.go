package course

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// NamedBases are the images from elsewhere that a lab's Dockerfile may build on, with or without a digest; they are what
// the authors' guide names.
func NamedBases() []string { return []string{"debian:trixie-slim", "caddy:2.11.9"} }

// courseImage is the name of an image that lab built for a numbered lab, as those of a course are.
var courseImage = regexp.MustCompile(`^lab/[0-9]{2,3}-[a-z0-9-]+:[0-9a-f]{12}$`)

var (
	digest    = regexp.MustCompile(`^(.*)@sha256:[0-9a-f]{64}$`)
	stageName = regexp.MustCompile(`^[a-z][a-z0-9._-]*$`)
)

// permitted are the instructions that a lab's Dockerfile may have, with their flags. What is not here is refused until
// somebody has thought about it.
var permitted = map[string][]string{
	"FROM": {"--platform"}, "COPY": {"--from", "--chown"}, "ADD": {"--chown"},
	"HEALTHCHECK": {"--interval", "--timeout", "--start-period", "--retries"},
	"ARG":         nil, "CMD": nil, "ENTRYPOINT": nil, "ENV": nil, "EXPOSE": nil, "LABEL": nil, "MAINTAINER": nil, "RUN": nil,
	"SHELL": nil, "STOPSIGNAL": nil, "USER": nil, "WORKDIR": nil,
}

// dockerfile refuses a Dockerfile that is not there, or that reaches out of its build.
func (env Environment) dockerfile(id string, s Service) Problems {
	if s.Build == nil {
		return nil
	}
	name := path.Join(s.Build.Dir, s.Build.Dockerfile)
	if !insideLab(name) {
		return nil // it was refused already
	}
	data, err := readIn(id, env.FS, name)
	if err != nil {
		return Problems(nil).Collect(name, err)
	}
	if data == nil {
		return Problems{{File: path.Join(id, name), Message: "is not there"}}
	}
	d, err := ParseDockerfile(path.Join(id, name), data)
	if err != nil {
		return Problems(nil).Collect(name, err)
	}
	b := buildRefusal{file: path.Join(id, name), context: s.Build.Dir, lab: env.FS}
	b.all(d)
	return b.problems
}

// buildRefusal collects what a lab's Dockerfile may not have.
type buildRefusal struct {
	file     string
	context  string // folder of the build, in lab
	lab      fs.FS
	problems Problems
}

func (b *buildRefusal) say(i Instruction, format string, args ...any) {
	if len(b.problems) < maxProblems {
		b.problems = append(b.problems, Problem{File: b.file, Line: i.Line, Column: 1, Message: fmt.Sprintf(format, args...)})
	}
}

func (b *buildRefusal) all(d Dockerfile) {
	if !slices.ContainsFunc(d.Instructions, func(i Instruction) bool { return i.Name == "FROM" }) {
		b.problems = append(b.problems, Problem{File: b.file, Message: "has no FROM"})
	}
	again, err := ParseDockerfile(b.file, d.Text(""))
	if err != nil || len(again.Instructions) != len(d.Instructions) {
		b.problems = append(b.problems, Problem{File: b.file, Message: "is read in more than one way: write it without \\ at the end of instructions"})
	}
	for _, i := range d.Instructions {
		b.instruction(i)
	}
	d.references(b.base)
}

func (b *buildRefusal) instruction(i Instruction) {
	flags, known := permitted[i.Name]
	switch {
	case !known:
		b.say(i, "a lab's build may not use %s", i.Name)
		return
	case i.heredoc || strings.Contains(i.Text, "\n"):
		b.say(i, "a lab's build may not use here-documents (<<): the engine's own builder has none; use && and \\")
	case strings.HasSuffix(i.Text, `\`):
		b.say(i, "the instruction ends with \\, which builders read in more than one way")
	}
	seen := map[string]bool{}
	for _, f := range i.Flags {
		name, value, ok := strings.Cut(f, "=")
		if !slices.Contains(flags, name) || !ok || seen[name] || strings.ContainsAny(value, "$\"'\\") {
			b.say(i, "a lab's build may not use %s %s", i.Name, f)
		}
		seen[name] = true
	}
	switch i.Name {
	case "FROM":
		b.from(i)
	case "COPY", "ADD":
		b.sources(i)
	case "LABEL":
		for k := 0; k < len(i.Args); k += 3 { // the parser gives key, value, separator
			if strings.HasPrefix(strings.Trim(i.Args[k], `"'`), "lab.") {
				b.say(i, "LABEL: %s is lab's own", i.Args[k])
			}
		}
	}
}

func (b *buildRefusal) from(i Instruction) {
	switch {
	case len(i.Args) == 1:
	case len(i.Args) == 3 && strings.EqualFold(i.Args[1], "AS"):
		if name := i.Args[2]; !stageName.MatchString(strings.ToLower(name)) || name == "scratch" {
			b.say(i, "FROM: %q is not the name of a stage", name)
		}
	default:
		b.say(i, "FROM needs an image, or an image AS a name")
	}
}

// base looks at an image that is neither a stage before nor scratch.
func (b *buildRefusal) base(i Instruction, image string) {
	name := image
	if m := digest.FindStringSubmatch(image); m != nil {
		name = m[1]
	}
	switch {
	case slices.Contains(NamedBases(), name), courseImage.MatchString(image):
	case strings.Contains(image, "$"):
		b.say(i, "%s: %q is known only when it is built; name the image itself", i.Name, image)
	case i.Name == "FROM":
		b.say(i, "FROM: %q is neither a stage before, nor scratch, %s or an image of the course", image, strings.Join(NamedBases(), ", "))
	default:
		b.say(i, "%s --from: %q is neither a stage before, nor %s or an image of the course", i.Name, image, strings.Join(NamedBases(), ", "))
	}
}

// sources looks at what COPY and ADD take: of the build's folder, or of another stage.
func (b *buildRefusal) sources(i Instruction) {
	if len(i.Args) < 2 {
		b.say(i, "%s needs what to copy, and where to", i.Name)
		return
	}
	if _, ok := i.flag("--from"); ok {
		return // of an image: nothing of the student's
	}
	for _, source := range i.Args[:len(i.Args)-1] {
		clean := path.Clean(strings.TrimLeft(source, "/"))
		switch {
		case strings.ContainsAny(source, `:\"'`) || i.Name == "ADD" && strings.Contains(source, "$"):
			b.say(i, "%s: %q is not a file of the build's folder: nothing is fetched from addresses", i.Name, source)
		case slices.Contains(strings.Split(source, "/"), ".."):
			b.say(i, "%s: %q leads out of the build's folder", i.Name, source)
		case i.Name == "ADD" && !b.there(clean):
			b.say(i, "ADD: %q is not in the build's folder", source)
		}
	}
}

// there tells whether a source, which may be a pattern, is in the build's folder.
func (b *buildRefusal) there(source string) bool {
	found, err := fs.Glob(b.lab, path.Join(b.context, source))
	return err == nil && len(found) > 0
}
