package course

import (
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/printer"
)

// places finds where things stand in a YAML document, for problems that only show after decoding. The document is parsed
// at the first of them, once: a file may have many.
type places struct {
	data   []byte
	tree   *ast.File
	parsed bool
}

// node gives what stands at a path, nil where that is nothing.
func (p *places) node(path string) (node ast.Node) {
	defer func() {
		if recover() != nil { // the library's mistake costs the place, and not the message
			node = nil
		}
	}()
	if !p.parsed {
		p.parsed = true
		p.tree, _ = parser.ParseBytes(p.data, 0)
	}
	selector, err := yaml.PathString(path)
	if err != nil || p.tree == nil {
		return nil
	}
	node, err = selector.FilterFile(p.tree)
	if err != nil {
		return nil
	}
	return node
}

// of gives the place of a path, with the lines around it and a caret. An unknown path is no place: line 0.
func (p *places) of(path string) (line, column int, source string) {
	node := p.node(path)
	if node == nil {
		return 0, 0, ""
	}
	at := first(node.GetToken())
	return at.Line, at.Column, around(node)
}

// ofKey is of for the key of a value instead of the value.
func (p *places) ofKey(parent, key string) (line, column int, source string) {
	line, column, source = p.of(parent + "." + key)
	var values []*ast.MappingValueNode
	switch n := p.node(parent).(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	}
	for _, v := range values {
		if at := first(v.Key.GetToken()); v.Key.String() == key && at.Line > 0 {
			return at.Line, at.Column, source
		}
	}
	return line, column, source
}

// around draws the lines around a node.
func around(node ast.Node) (source string) {
	defer func() {
		if recover() != nil {
			source = ""
		}
	}()
	var p printer.Printer
	return p.PrintErrorToken(node.GetToken(), false)
}
