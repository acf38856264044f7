package embedded

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// directivesText lists the directives of nginx 1.26 with the modules that Debian builds in, taken from nginx's sources:
// name, contexts, number of parameters ("1+" for one or more), and whether there is a block.
//
//go:embed directives.txt
var directivesText string

// variablesText lists the variables of the same nginx. A name that ends in "_" stands for all that begin so.
//
//go:embed variables.txt
var variablesText string

// scope is a place in the configuration, by the letter that directives.txt has for it.
type scope byte

const (
	inMain     scope = 'm'
	inEvents   scope = 'e'
	inHTTP     scope = 'h'
	inServer   scope = 's'
	inLocation scope = 'l'
	inUpstream scope = 'u'

	inLocationIf scope = 'i'
	inServerIf   scope = 'j'
)

// form is one way in which nginx accepts a directive.
type form struct {
	contexts string
	args     string
	block    bool
}

// table is what nginx knows, whether or not the stand-in does.
type table struct {
	directives map[string][]form
	variables  []string
}

// newTable reads the two lists, once.
var newTable = sync.OnceValue(func() table {
	t := table{directives: map[string][]form{}, variables: strings.Fields(variablesText)}
	for line := range strings.Lines(directivesText) {
		f := strings.Fields(line)
		t.directives[f[0]] = append(t.directives[f[0]], form{f[1], f[2], len(f) == 4})
	}
	return t
})

// check tells what nginx says against d's being here in this shape, before it looks at the values
// (ngx_conf_handler in src/core/ngx_conf_file.c).
func (t table) check(d nginxconf.Directive, where scope) error {
	forms, known := t.directives[d.Name]
	if !known {
		return fail(d, `unknown directive "`+d.Name+`"`)
	}
	i := slices.IndexFunc(forms, func(f form) bool { return strings.IndexByte(f.contexts, byte(where)) >= 0 })
	switch {
	case i < 0:
		return fail(d, `"`+d.Name+`" directive is not allowed here`)
	case d.IsBlock() && !forms[i].block:
		return fail(d, `directive "`+d.Name+`" is not terminated by ";"`)
	case !d.IsBlock() && forms[i].block:
		return fail(d, `directive "`+d.Name+`" has no opening "{"`)
	case !forms[i].takes(len(d.Args)):
		return fail(d, `invalid number of arguments in "`+d.Name+`" directive`)
	}
	return nil
}

func (f form) takes(n int) bool {
	switch f.args {
	case "any":
		return true
	case "1+":
		return n >= 1
	case "2+":
		return n >= 2
	}
	return n <= 7 && strings.IndexByte(f.args, byte('0'+n)) >= 0
}

// builtIn tells whether a variable is one of nginx's own that a configuration may not define: those that only begin like
// a family of nginx's, $http_..., it may.
func (t table) builtIn(name string) bool { return slices.Contains(t.variables, name) }

// variable tells whether nginx has a variable of that name by itself.
func (t table) variable(name string) bool {
	return slices.ContainsFunc(t.variables, func(known string) bool {
		return known == name || strings.HasSuffix(known, "_") && len(name) > len(known)-1 && strings.HasPrefix(name, known)
	})
}

// fail is nginx's refusal of d.
func fail(d nginxconf.Directive, text string) error {
	return &nginxconf.Error{Text: text, File: d.File, Line: d.Line}
}

// say is nginx's refusal in the form that most of its directives share: `"listen" directive is duplicate`.
func say(d nginxconf.Directive, text string) error { return fail(d, `"`+d.Name+`" directive `+text) }
