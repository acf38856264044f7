package course

import (
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
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
	return d, nil
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
