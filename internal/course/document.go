package course

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/cwk-stream/lab/internal/printable"
)

// document is a YAML document that comes from anywhere, found harmless and parsed once, however often it is decoded:
// parsing is what reading the course costs. Whatever else reads the file, Compose's loader too, is given what this one
// parser has understood, so that nothing is in force that was not looked at.
type document struct {
	file string
	data []byte
	body ast.Node // nil where there is nothing but white space

	replaced [][]string // keys, from the top, of what Compose's tags keep from being merged; nil but for Compose files
	reset    [][]string // those of them that this file takes away
}

// parse reads a YAML text of one document, or says as Problems what is wrong with it: that it cannot be parsed, that
// parsers differ on it, or that it would make a decoder use up the machine.
func parse(file string, data []byte) (document, error) {
	return (&weigher{file: file, anchors: map[string]int{}}).parse(file, data)
}

// parseCompose is parse for a Compose file, which may have Compose's own tags !override and !reset.
func parseCompose(file string, data []byte) (document, error) {
	return (&weigher{file: file, anchors: map[string]int{}, composeTags: true}).parse(file, data)
}

func (w *weigher) parse(file string, data []byte) (d document, err error) {
	d = document{file: file, data: data}
	defer func() {
		if r := recover(); r != nil { // the library's mistake about a text that anybody may have written
			err = Problems{{File: file, Message: fmt.Sprintf("cannot be read as YAML: %v", r)}}
		}
	}()
	if p, bad := hostileText(file, data); bad {
		return d, Problems{p}
	}
	if line := secondDocument(string(data)); line > 0 {
		return d, Problems{{File: file, Line: line, Column: 1, Message: "a second YAML document begins here; a file has one"}}
	}
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return d, Problems{yamlProblem(file, 0, err)}
	}
	if len(tree.Docs) > 1 {
		return d, Problems{{File: file, Message: "has more than one YAML document, or a directive such as %YAML; a file has one document"}}
	}
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		return d, nil
	}
	d.body = tree.Docs[0].Body
	w.weigh(d.body, 0)
	d.replaced, d.reset = w.replaced, w.reset
	if w.total > maxNodes {
		w.problems = append(w.problems, Problem{File: file,
			Message: fmt.Sprintf("has more than %d values once its aliases are written out", maxNodes)})
	}
	if len(w.problems) > 0 {
		return d, w.problems
	}
	if p := (&obeyedValues{file: file}).in(tree); len(p) > 0 {
		return d, p
	}
	if w.merges {
		return d, d.writeOut()
	}
	return d, nil
}

// obeyedValues finds texts that hold, once their escapes such as "\e" are read, what a terminal would obey.
type obeyedValues struct {
	file  string
	found Problems
}

func (o *obeyedValues) in(tree *ast.File) Problems {
	for _, doc := range tree.Docs {
		if doc.Body != nil {
			ast.Walk(o, doc.Body)
		}
	}
	return o.found
}

// Visit looks at one node; ast.Walk calls it for each.
func (o *obeyedValues) Visit(n ast.Node) ast.Visitor {
	text, ok := n.(*ast.StringNode)
	if !ok {
		return o
	}
	for _, r := range text.Value {
		if printable.Obeyed(r) && r != '\n' && r != '\t' && r != '\r' {
			at := text.GetToken().Position
			o.found = append(o.found, Problem{File: o.file, Line: at.Line, Column: at.Column,
				Message: fmt.Sprintf("the text has the control character %U", r)})
			break
		}
	}
	return o
}

// secondDocument gives the line of a mark that begins or ends a document other than the first, 0 for none. In the first
// column these marks are nothing else, whatever stands around them.
func secondDocument(text string) int {
	begun := false
	for i, line := range strings.Split(text, "\n") {
		mark := len(line) == 3 || len(line) > 3 && strings.ContainsAny(line[3:4], " \t")
		switch {
		case mark && strings.HasPrefix(line, "..."), begun && mark && strings.HasPrefix(line, "---"):
			return i + 1
		case strings.TrimSpace(line) != "" && !strings.HasPrefix(strings.TrimSpace(line), "#"):
			begun = true
		}
	}
	return 0
}

// writeOut replaces the document by one without merge keys: which of two values wins could depend on what it is decoded
// into.
func (d *document) writeOut() error {
	var plain any
	if err := d.decode(&plain); err != nil {
		return err
	}
	text, err := yaml.Marshal(plain)
	if err != nil {
		return Problems{{File: d.file, Message: err.Error()}}
	}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil || len(tree.Docs) != 1 {
		return Problems{{File: d.file, Message: "cannot be read once its merge keys (<<) are written out"}}
	}
	d.body = tree.Docs[0].Body
	return nil
}

// decode puts the document's values into a Go value; what does not fit is reported as Problems.
func (d document) decode(into any, options ...yaml.DecodeOption) (err error) {
	if d.body == nil {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = Problems{{File: d.file, Message: fmt.Sprintf("cannot be read as YAML: %v", r)}}
		}
	}()
	if err := yaml.NodeToValue(d.body, into, options...); err != nil {
		return Problems{yamlProblem(d.file, 0, err)}
	}
	return nil
}

// strict decodes a document that schema allows; keys that the Go value does not have are errors, too.
func (d document) strict(into any, schema schema) error {
	if err := d.validate(schema); err != nil {
		return err
	}
	return d.decode(into, yaml.Strict())
}
