package course

import (
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/cwk-stream/lab/internal/printable"
)

// document is a YAML document that comes from anywhere, found harmless and parsed once, however often it is decoded:
// parsing is what reading the course costs.
type document struct {
	file string
	data []byte
	body ast.Node // nil where there is nothing but white space
}

// parse reads the first document of a YAML text, or says as Problems what is wrong with it: that it cannot be parsed,
// or that it would make a decoder use up the machine.
func parse(file string, data []byte) (document, error) {
	d := document{file: file, data: data}
	if p, bad := hostileText(file, data); bad {
		return d, Problems{p}
	}
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return d, Problems{yamlProblem(file, 0, err)}
	}
	w := &weigher{anchors: map[string]int{}}
	for _, doc := range tree.Docs {
		if doc.Body != nil {
			w.weigh(doc.Body, 0)
		}
	}
	if w.total > maxNodes {
		return d, Problems{{File: file, Message: fmt.Sprintf("has more than %d values once its aliases are written out", maxNodes)}}
	}
	if len(tree.Docs) > 0 {
		d.body = tree.Docs[0].Body
	}
	if p := (&obeyedValues{file: file}).in(tree); len(p) > 0 {
		return d, p
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

// decode puts the document's values into a Go value; what does not fit is reported as Problems.
func (d document) decode(into any, options ...yaml.DecodeOption) error {
	if d.body == nil {
		return nil
	}
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
