package embedded

import (
	"errors"
	"strconv"
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// rewriteStep is one of return, rewrite, set and break; they run in the order of the file.
type rewriteStep struct {
	kind    string             // the directive's name
	expr    *nginxconf.Pattern // rewrite
	text    template           // return: body or URL; rewrite: replacement; set: value
	name    string             // set: the variable
	status  int                // return; rewrite: 301 or 302 for a redirect, 0 for none
	keep    bool               // rewrite: the request's query is added
	ends    bool               // rewrite: no further step
	breaks  bool               // rewrite: with "break"
	hasText bool               // return: a text was given
	branch  *branch            // if
}

func itoa(n int) string { return strconv.Itoa(n) }

func (l *level) add(s rewriteStep) {
	if l.branch != nil {
		l.branch.rewrites = append(l.branch.rewrites, s)
		return
	}
	if l.location != nil {
		l.location.rewrites = append(l.location.rewrites, s)
		return
	}
	l.server.rewrites = append(l.server.rewrites, s)
}

// isURL tells what nginx takes for an absolute URL in return and rewrite.
func isURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "$scheme")
}

func (c *compiler) returns(l *level, d nginxconf.Directive) error {
	s := rewriteStep{kind: "return"}
	text := ""
	status, ok := atoi(d.Args[0])
	switch {
	case ok && d.Args[0] != "" && status <= 999:
		s.status = status
		if len(d.Args) == 2 {
			text, s.hasText = d.Args[1], true
		}
	case len(d.Args) == 1 && isURL(d.Args[0]):
		s.status, text, s.hasText = 302, d.Args[0], true
	default:
		return fail(d, `invalid return code "`+d.Args[0]+`"`)
	}
	var err error
	if s.text, err = c.template(d, text); err != nil {
		return err
	}
	l.add(s)
	return nil
}

func (c *compiler) rewrite(l *level, d nginxconf.Directive) error {
	s := rewriteStep{kind: "rewrite", keep: true}
	replacement := d.Args[1]
	if replacement == "" {
		return fail(d, "empty replacement")
	}
	var err error
	if s.expr, err = c.expression(d, d.Args[0], false); err != nil {
		return err
	}
	if cut, ok := strings.CutSuffix(replacement, "?"); ok {
		replacement, s.keep = cut, false
	}
	if isURL(replacement) {
		s.status, s.ends = 302, true
	}
	if len(d.Args) == 3 {
		s.ends = true
		switch d.Args[2] {
		case "last":
		case "break":
			s.breaks = true
		case "redirect":
			s.status = 302
		case "permanent":
			s.status = 301
		default:
			return fail(d, `invalid parameter "`+d.Args[2]+`"`)
		}
	}
	if s.text, err = c.template(d, replacement); err != nil {
		return err
	}
	l.add(s)
	return nil
}

func (c *compiler) setVariable(l *level, d nginxconf.Directive) error {
	name, ok := strings.CutPrefix(d.Args[0], "$")
	if !ok {
		return fail(d, `invalid variable name "`+d.Args[0]+`"`)
	}
	if err := c.define(d, name); err != nil {
		return err
	}
	c.conf.assigned[strings.ToLower(name)] = !strings.EqualFold(name, "args")
	value, err := c.template(d, d.Args[1])
	if err != nil {
		return err
	}
	l.add(rewriteStep{kind: "set", name: strings.ToLower(name), text: value})
	return nil
}

func (c *compiler) breaks(l *level, _ nginxconf.Directive) error {
	l.add(rewriteStep{kind: "break"})
	return nil
}

// expression compiles a regular expression, and defines the variables that its named groups become. What PCRE2 has and
// the stand-in has not is refused by name.
func (c *compiler) expression(d nginxconf.Directive, text string, caseless bool) (*nginxconf.Pattern, error) {
	p, err := nginxconf.CompilePattern(text, caseless)
	var complaint *nginxconf.Error
	switch {
	case errors.As(err, &complaint):
		return nil, fail(d, complaint.Text)
	case err != nil:
		return nil, refuse(d, `regular expression "`+text+`"`)
	}
	for _, name := range p.Names() {
		if name == "" {
			continue
		}
		if err := c.define(d, name); err != nil {
			return nil, err
		}
		name = strings.ToLower(name)
		delete(c.conf.maps, name)
		c.conf.captured[name] = true
	}
	return p, nil
}
