package course

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
)

// Problem is one thing that is wrong in what an instructor wrote.
type Problem struct {
	File    string // as the instructor knows it: slash-separated, from the folder that was loaded
	Line    int    // 1 or more; 0 if it concerns the whole file
	Column  int
	Message string
	Source  string // the lines around it with a caret; "" for none
	Hint    string // what to do about it; "" if the message says it
}

// String is one line as editors understand it: file:line:column: message.
func (p Problem) String() string {
	where := p.File
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", p.File, p.Line, max(p.Column, 1))
	}
	return where + ": " + p.Message
}

// Problems are all that was found. As an error it reads as the list, sources included.
type Problems []Problem

// Error lists the problems.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(p.String())
		if p.Source != "" {
			b.WriteString("\n" + strings.TrimRight(p.Source, "\n"))
		}
	}
	return b.String()
}

// err gives the problems as an error, nil for none.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// Collect adds err to ps, keeping the problems that it may be made of.
func (ps Problems) Collect(file string, err error) Problems {
	var more Problems
	switch {
	case err == nil:
		return ps
	case errors.As(err, &more):
		return append(ps, more...)
	}
	return append(ps, Problem{File: file, Message: err.Error()})
}

// yamlProblem makes a problem of an error of the YAML library, which knows the place.
func yamlProblem(file string, offset int, err error) Problem {
	var at yaml.Error
	if !errors.As(err, &at) {
		return Problem{File: file, Message: err.Error()}
	}
	p := Problem{File: file, Message: at.GetMessage(), Source: excerpt(err)}
	if t := at.GetToken(); t != nil && t.Position != nil {
		p.Line, p.Column = t.Position.Line+offset, t.Position.Column
	}
	return p
}

// excerpt is the source with a caret, as the library draws it, without its first line, which repeats the message.
func excerpt(err error) string {
	_, source, _ := strings.Cut(yaml.FormatError(err, false, true), "\n")
	return source
}

func first(t *token.Token) token.Position {
	if t == nil || t.Position == nil {
		return token.Position{}
	}
	return *t.Position
}
