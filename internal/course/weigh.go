package course

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/cwk-stream/lab/internal/printable"
)

// weigher counts the values of a document, those behind an alias once more for each alias, and refuses what YAML's
// versions and parsers read in different ways.
type weigher struct {
	file     string
	anchors  map[string]int // values behind each; openAnchor while it is not over
	total    int
	merges   bool // there are merge keys
	problems Problems

	composeTags bool       // there may be !override and !reset
	inAnchor    int        // anchors around what is weighed
	path        []string   // keys around it; "" for a place in a list
	replaced    [][]string // paths of their keys
	reset       [][]string // those of !reset
}

// openAnchor marks an anchor whose value is being weighed: an alias of it there would never end.
const openAnchor = -1

var (
	wholeNumber   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	decimalNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)\.[0-9]+$`)
)

func (w *weigher) say(t *token.Token, format string, args ...any) {
	at := first(t)
	w.problems = append(w.problems, Problem{File: w.file, Line: at.Line, Column: at.Column, Message: fmt.Sprintf(format, args...)})
}

func (w *weigher) weigh(n ast.Node, depth int) {
	if w.total > maxNodes || depth > 2*maxNesting || len(w.problems) >= maxProblems {
		w.total = maxNodes + 1
		return
	}
	w.total++
	switch n := n.(type) {
	case *ast.AnchorNode:
		w.anchor(n, depth)
	case *ast.AliasNode:
		weight, there := w.anchors[n.Value.String()]
		if !there || weight == openAnchor {
			w.say(n.GetToken(), "the alias *%s stands for nothing that ended before it", printable.Line(n.Value.String()))
		}
		w.total += max(weight, 0)
	case *ast.MappingNode:
		mergedFirst(n)
		for _, v := range n.Values {
			w.weigh(v, depth+1)
		}
	case *ast.MappingValueNode:
		w.key(n.Key)
		w.path = append(w.path, n.Key.GetToken().Value)
		w.untag(n)
		w.weigh(n.Value, depth+1)
		w.path = w.path[:len(w.path)-1]
	case *ast.SequenceNode:
		for _, v := range n.Values {
			w.path = append(w.path, "") // no key: there is nothing to replace in a list
			w.weigh(v, depth+1)
			w.path = w.path[:len(w.path)-1]
		}
	case *ast.TagNode:
		w.say(n.GetToken(), "YAML tags such as %s are not used here: leave it out", printable.Line(n.GetToken().Value))
	case *ast.IntegerNode:
		w.number(n.GetToken(), wholeNumber)
	case *ast.FloatNode:
		w.number(n.GetToken(), decimalNumber)
	case *ast.InfinityNode, *ast.NanNode:
		w.say(n.GetToken(), "%s is not a number that can be used here", printable.Line(n.GetToken().Value))
	}
}

// mergedFirst puts merge keys in front, and of a list of them the first one last: then each value wins over those that
// stand before it, as the library has it, and what YAML says of merge keys holds wherever they stand.
func mergedFirst(n *ast.MappingNode) {
	slices.SortStableFunc(n.Values, func(a, b *ast.MappingValueNode) int {
		return boolToInt(b.Key.IsMergeKey()) - boolToInt(a.Key.IsMergeKey())
	})
	for _, v := range n.Values {
		if list, ok := v.Value.(*ast.SequenceNode); ok && v.Key.IsMergeKey() {
			slices.Reverse(list.Values)
		}
	}
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// untag takes one of Compose's tags off a value, and notes where it was. Within what may be written out elsewhere, by an
// alias or a merge key, it would mean two places: there it stays, and is refused.
func (w *weigher) untag(n *ast.MappingValueNode) {
	tag, ok := n.Value.(*ast.TagNode)
	if !ok || !w.composeTags || slices.Contains(w.path, "") || slices.Contains(w.path, "<<") || w.inAnchor > 0 {
		return
	}
	switch tag.GetToken().Value {
	case "!override":
		n.Value = tag.Value
	case "!reset":
		n.Value = tag.Value
		w.reset = append(w.reset, slices.Clone(w.path))
	default:
		return
	}
	w.replaced = append(w.replaced, slices.Clone(w.path))
}

func (w *weigher) anchor(n *ast.AnchorNode, depth int) {
	name := n.Name.String()
	if _, there := w.anchors[name]; there {
		w.say(n.GetToken(), "the anchor &%s is there twice", printable.Line(name))
	}
	w.anchors[name] = openAnchor
	before := w.total
	w.inAnchor++
	w.weigh(n.Value, depth+1)
	w.inAnchor--
	w.anchors[name] = w.total - before
}

// key wants a key to be a text. What is a number or null to one parser is a text to another.
func (w *weigher) key(n ast.MapKeyNode) {
	w.total++
	switch n.(type) {
	case *ast.StringNode:
	case *ast.MergeKeyNode:
		w.merges = true
	default:
		w.say(n.GetToken(), "a key is a text: put %s between quotation marks", printable.Line(n.GetToken().Value))
	}
}

// number wants a number to be one to every parser: 010 is eight to some and ten to others.
func (w *weigher) number(t *token.Token, form *regexp.Regexp) {
	if !form.MatchString(t.Value) {
		w.say(t, "%s: write a number in decimal digits, without zeros in front; or put a text between quotation marks", printable.Line(t.Value))
	}
}
