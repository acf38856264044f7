package nginxconf

import (
	"errors"
	"fmt"
	"path"
	"sort"
	"strings"
)

// Directive is one directive, with what is nested in it. Lines inside map and types blocks are directives, too.
type Directive struct {
	Name  string
	Args  []string    // without the name, unquoted
	File  string      // path of the file that has it
	Line  int         // the line that nginx names: where its ";" or "{" is
	Block []Directive // what is between "{" and "}"; nil where it ends with ";", empty but not nil for "{}"
	End   int         // line of the "}"; 0 where there is none, because of ";" or because reading broke off inside
}

// IsBlock tells whether the directive has a block.
func (d Directive) IsBlock() bool { return d.Block != nil }

// Value is the directive's parameters as one text.
func (d Directive) Value() string { return strings.Join(d.Args, " ") }

// Error is why nginx refuses a configuration.
type Error struct {
	Level string // of nginx's error log; "" stands for "emerg"
	Text  string // in nginx's words, such as `unexpected "}"`
	File  string // "" where nginx names no file
	Line  int    // from 1; 0 where nginx names no line
}

// Severity is the level that nginx prints the message at: "emerg" but for a folder that is read as a file.
func (e *Error) Severity() string {
	if e.Level == "" {
		return "emerg"
	}
	return e.Level
}

// Error is the message as nginx prints it after the level.
func (e *Error) Error() string {
	if e.File == "" {
		return e.Text
	}
	return fmt.Sprintf("%s in %s:%d", e.Text, e.File, e.Line)
}

// File is one file that was read.
type File struct {
	Path string
	Data []byte
}

// Config is a configuration as read.
type Config struct {
	Tree  []Directive // includes are replaced by what they include
	Files []File      // each once, in the order in which they were first read, which is that of nginx -T
}

// maxDepth bounds includes of includes. nginx has no bound of its own: it runs out of file descriptors.
const maxDepth = 100

// maxReads bounds how many files are read in all, each time that one is included counted, since files that include
// others twice double what is read with each one. nginx would go on until it has no memory left.
const maxReads = 2000

// maxNesting bounds nested blocks, for the sake of whoever walks the tree; no real configuration comes near.
const maxNesting = 200

// Parse reads the configuration whose main file is at path, an absolute slash-separated path. read gives the contents of
// a file; of its error only ErrFolder means more than that there was one. glob lists the files that a pattern of path.Match matches, in
// any order; nil means that there are none.
//
// On an error, which is an *Error, the Config holds what was read before it: nginx judges a directive as soon as it has
// read it, so whoever judges directives as well must first look at those.
func Parse(main string, read func(path string) ([]byte, error), glob func(pattern string) []string) (Config, error) {
	p := &parser{dir: path.Dir(main), read: read, glob: glob, seen: map[string]bool{}}
	tree, err := p.file(main, nil)
	return Config{Tree: tree, Files: p.files}, err
}

// ParseFiles is Parse on files in memory, by their absolute paths.
func ParseFiles(main string, files map[string][]byte) (Config, error) {
	folders := foldersOf(files)
	read := func(name string) ([]byte, error) {
		if folders[path.Clean(name)] {
			return nil, ErrFolder
		}
		data, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("no %s", name)
		}
		return data, nil
	}
	glob := func(pattern string) []string {
		var found []string
		for name := range files {
			if ok, _ := path.Match(pattern, name); ok {
				found = append(found, name)
			}
		}
		for name := range folders {
			if ok, _ := path.Match(pattern, name); ok {
				found = append(found, name)
			}
		}
		return found
	}
	return Parse(main, read, glob)
}

// ErrFolder is what read answers for a folder, which nginx opens and then cannot read.
var ErrFolder = errors.New("is a directory")

// foldersOf lists the folders that files are in.
func foldersOf(files map[string][]byte) map[string]bool {
	folders := map[string]bool{}
	for name := range files {
		for dir := path.Dir(name); dir != "." && !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	return folders
}

type parser struct {
	dir   string
	read  func(string) ([]byte, error)
	glob  func(string) []string
	seen  map[string]bool
	files []File
	depth int
	reads int
	nest  int
}

// file reads one file; from is the include that asks for it, nil for the main file.
func (p *parser) file(name string, from *Directive) ([]Directive, error) {
	fail := func(reason string) error {
		e := &Error{Text: `open() "` + name + `" failed (` + reason + `)`}
		if from != nil {
			e.File, e.Line = from.File, from.Line
		}
		return e
	}
	p.reads++
	if p.depth++; p.depth > maxDepth || p.reads > maxReads {
		return nil, fail("24: Too many open files")
	}
	defer func() { p.depth-- }()
	data, err := p.read(name)
	if errors.Is(err, ErrFolder) {
		return nil, &Error{Level: "crit", Text: `pread() "` + name + `" failed (21: Is a directory)`}
	}
	if err != nil {
		return nil, fail("2: No such file or directory")
	}
	if !p.seen[name] {
		p.seen[name] = true
		p.files = append(p.files, File{Path: name, Data: data})
	}
	tree, _, err := p.block(newLexer(name, data), false)
	return tree, err
}

// block reads directives until the block, or the file, ends, and gives the line where it does.
func (p *parser) block(l *lexer, nested bool) ([]Directive, int, error) {
	tree := []Directive{}
	for {
		words, end, err := l.next()
		if err != nil {
			return tree, 0, err
		}
		switch {
		case end == endBlockDone && !nested:
			return tree, 0, l.fail(`unexpected "}"`)
		case end == endFile && nested:
			return tree, 0, l.fail(`unexpected end of file, expecting "}"`)
		case end == endBlockDone || end == endFile:
			return tree, l.line, nil
		}
		d := Directive{Name: words[0], Args: words[1:], File: l.file, Line: l.line}
		if end == endBlockStart {
			if p.nest++; p.nest > maxNesting {
				return tree, 0, l.fail(`too many nested blocks`)
			}
			d.Block, d.End, err = p.block(l, true)
			p.nest--
			tree = append(tree, d)
		} else if d.Name == "include" && len(d.Args) == 1 {
			var more []Directive
			more, err = p.include(d)
			tree = append(tree, more...)
		} else {
			tree = append(tree, d)
		}
		if err != nil {
			return tree, 0, err
		}
	}
}

// include gives what an include directive stands for. A pattern that matches nothing is no error; a plain name is.
func (p *parser) include(d Directive) ([]Directive, error) {
	name := d.Args[0]
	if !strings.HasPrefix(name, "/") {
		name = p.dir + "/" + name
	}
	if !strings.ContainsAny(name, "*?[") {
		return p.file(name, &d)
	}
	var names []string
	if p.glob != nil {
		names = p.glob(strings.ReplaceAll(name, "[!", "[^"))
	}
	sort.Strings(names)
	var tree []Directive
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), ".") && !strings.HasPrefix(path.Base(d.Args[0]), ".") {
			continue // glob(3): a leading dot must be matched by a dot
		}
		more, err := p.file(name, &d)
		tree = append(tree, more...)
		if err != nil {
			return tree, err
		}
	}
	return tree, nil
}
