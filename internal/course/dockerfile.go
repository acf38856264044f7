package course

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// Dockerfile says how an image is built, as BuildKit's parser understands it. All that lab knows of a Dockerfile comes
// from here, and the engine is given Text, so that what was looked at is what is built.
type Dockerfile struct {
	Instructions []Instruction
}

// Instruction is one of a Dockerfile, its continuation lines joined and comments left out.
type Instruction struct {
	Line  int      // where it begins, 1 or more
	Name  string   // in capitals, such as RUN
	Flags []string // such as --from=0
	Args  []string // the words behind, of a JSON list its elements; for RUN and the like, the whole command is one
	JSON  bool     // Args are written as a JSON list
	Text  string   // all of it, on one line

	heredoc bool
}

// maxDockerfile bounds a Dockerfile, in bytes; maxInstructions its instructions.
const (
	maxDockerfile   = 64 << 10
	maxInstructions = 200
)

// ParseDockerfile reads a Dockerfile. What cannot be read is reported as Problems, with file as its name.
func ParseDockerfile(file string, data []byte) (d Dockerfile, err error) {
	defer func() {
		if r := recover(); r != nil { // the library's mistake about a text that anybody may have written
			err = Problems{{File: file, Message: fmt.Sprintf("cannot be read as a Dockerfile: %v", r)}}
		}
	}()
	if len(data) > maxDockerfile {
		return d, Problems{{File: file, Message: fmt.Sprintf("is larger than %d KiB", maxDockerfile>>10)}}
	}
	if line, name := directive(data); line > 0 {
		return d, Problems{{File: file, Line: line, Column: 1,
			Message: fmt.Sprintf("a lab's build may not use # %s=: it is read as lab and the engine's own builder read it", name)}}
	}
	result, err := parser.Parse(bytes.NewReader(data))
	if err != nil {
		return d, Problems{dockerfileProblem(file, err)}
	}
	for _, n := range result.AST.Children {
		d.Instructions = append(d.Instructions, instruction(n))
	}
	if len(d.Instructions) > maxInstructions {
		return d, Problems{{File: file, Message: fmt.Sprintf("has more than %d instructions", maxInstructions)}}
	}
	return d, nil
}

func instruction(n *parser.Node) Instruction {
	i := Instruction{Line: n.StartLine, Name: strings.ToUpper(n.Value), Flags: n.Flags, JSON: n.Attributes["json"],
		Text: strings.TrimSpace(n.Original), heredoc: len(n.Heredocs) > 0}
	for word := n.Next; word != nil; word = word.Next {
		i.Args = append(i.Args, word.Value)
	}
	return i
}

// directives are comments at the head of a Dockerfile that choose how it is read: by another program, with another
// escape character, with other checks.
var directives = regexp.MustCompile(`(?i)^[ \t]*#[ \t]*(syntax|escape|check)[ \t]*=`)

// directive finds the first of them, wherever among the comments and empty lines at the head: readers differ on where
// they count.
func directive(data []byte) (line int, name string) {
	for i, text := range strings.Split(string(data), "\n") {
		text = strings.TrimPrefix(text, byteOrder)
		if m := directives.FindStringSubmatch(text); m != nil {
			return i + 1, strings.ToLower(m[1])
		}
		if text = strings.TrimSpace(text); text != "" && !strings.HasPrefix(text, "#") {
			break
		}
	}
	if _, _, where, found := parser.DetectSyntax(data); found {
		line = 1
		if len(where) > 0 {
			line = where[0].Start.Line
		}
		return line, "syntax"
	}
	return 0, ""
}

// dockerfileProblem makes a problem of an error of the parser, which may know the line.
func dockerfileProblem(file string, err error) Problem {
	p := Problem{File: file, Message: err.Error()}
	var at *parser.LocationError
	if errors.As(err, &at) {
		p.Message = at.Unwrap().Error()
		if len(at.Locations) > 0 && len(at.Locations[0]) > 0 {
			p.Line, p.Column = at.Locations[0][0].Start.Line, 1
		}
	}
	return p
}

// Text is the Dockerfile in its plainest form: one line an instruction, without comments and continuation lines, and
// with a label after each FROM if label is not "".
func (d Dockerfile) Text(label string) []byte {
	var out bytes.Buffer
	for _, i := range d.Instructions {
		out.WriteString(i.Text + "\n")
		if i.Name == "FROM" && label != "" {
			out.WriteString("LABEL " + label + "\n")
		}
	}
	return out.Bytes()
}

// Base is an image that a Dockerfile builds on or copies from.
type Base struct {
	Image string
	Line  int
}

// Bases lists the images that the Dockerfile starts from and copies out of, in order, each once: not its own stages and
// not "scratch".
func (d Dockerfile) Bases() []Base {
	var out []Base
	d.references(func(i Instruction, image string) {
		if !slices.ContainsFunc(out, func(b Base) bool { return b.Image == image }) {
			out = append(out, Base{Image: image, Line: i.Line})
		}
	})
	return out
}

// references calls with for each image that is named, but for earlier stages and "scratch".
func (d Dockerfile) references(with func(i Instruction, image string)) {
	var stages []string // of which the last is being built
	for _, i := range d.Instructions {
		switch {
		case i.Name == "FROM" && len(i.Args) > 0:
			if image := i.Args[0]; image != "scratch" && !slices.Contains(stages, strings.ToLower(image)) {
				with(i, image)
			}
			stage := ""
			if len(i.Args) == 3 && strings.EqualFold(i.Args[1], "AS") {
				stage = strings.ToLower(i.Args[2])
			}
			stages = append(stages, stage)
		case i.Name == "COPY" || i.Name == "ADD":
			from, ok := i.flag("--from")
			if ok && !earlier(stages, from) {
				with(i, from)
			}
		}
	}
}

// earlier tells whether a name or a number is that of a stage before the last.
func earlier(stages []string, name string) bool {
	if len(stages) == 0 {
		return false
	}
	before := stages[:len(stages)-1]
	if n, err := strconv.Atoi(name); err == nil {
		return n >= 0 && n < len(before) && strconv.Itoa(n) == name
	}
	return name != "" && slices.Contains(before, strings.ToLower(name))
}

// flag gives the value of a flag; ok is false where there is none.
func (i Instruction) flag(name string) (value string, ok bool) {
	for _, f := range i.Flags {
		if v, found := strings.CutPrefix(f, name+"="); found {
			return v, true
		}
	}
	return "", false
}

// Runs lists the commands that the build runs, as they are written.
func (d Dockerfile) Runs() []string {
	var out []string
	for _, i := range d.Instructions {
		if i.Name == "RUN" {
			out = append(out, i.Text)
		}
	}
	return out
}
