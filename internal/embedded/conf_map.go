package embedded

import (
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// mapping is a map block.
type mapping struct {
	source    template
	exact     map[string]template // by lower-case value
	heads     map[string]template // of hostnames: ".example.com" for "*.example.com"
	tails     map[string]template // "www.example." for "www.example.*"
	hostnames bool                // names may have wildcards
	exprs     []mapExpr
	fallback  template
	volatile  bool // worked out anew for each text that has it
}

type mapExpr struct {
	expr  *nginxconf.Pattern
	value template
}

func (c *compiler) mapBlock(l *level, d nginxconf.Directive) error {
	source, err := c.template(d, d.Args[0])
	if err != nil {
		return err
	}
	name, ok := strings.CutPrefix(d.Args[1], "$")
	if !ok {
		return fail(d, `invalid variable name "`+d.Args[1]+`"`)
	}
	if err := c.define(d, name); err != nil {
		return err
	}
	delete(c.conf.captured, strings.ToLower(name))
	m := &mapping{source: source, exact: map[string]template{}}
	c.conf.maps[strings.ToLower(name)] = m
	for _, line := range d.Block {
		if err := c.mapLine(m, line); err != nil {
			return err
		}
	}
	if d.End == 0 {
		return nil // the file is broken within it, which says it all
	}
	return c.mapHash(l, d, m)
}

func (c *compiler) mapLine(m *mapping, d nginxconf.Directive) error {
	switch {
	case d.IsBlock():
		return fail(d, `unexpected "{"`)
	case len(d.Args) == 0 && d.Name == "volatile":
		m.volatile = true
		return nil
	case len(d.Args) == 0 && d.Name == "hostnames":
		m.hostnames = true
		return nil
	case len(d.Args) != 1:
		return fail(d, "invalid number of the map parameters")
	}
	value, err := c.template(d, d.Args[0])
	if err != nil {
		return err
	}
	if value == nil {
		value = template{}
	}
	key := d.Name
	if key == "default" {
		if m.fallback != nil {
			return fail(d, "duplicate default map parameter")
		}
		m.fallback = value
		return nil
	}
	if expr, ok := strings.CutPrefix(key, "~"); ok {
		expr, caseless := strings.CutPrefix(expr, "*")
		re, err := c.expression(d, expr, caseless)
		m.exprs = append(m.exprs, mapExpr{re, value})
		return err
	}
	key = strings.ToLower(strings.TrimPrefix(key, `\`))
	if m.hostnames && m.addWildcard(key, value) {
		return nil
	}
	if _, twice := m.exact[key]; twice {
		return fail(d, `conflicting parameter "`+key+`"`)
	}
	m.exact[key] = value
	return nil
}

// addWildcard takes a name with a wildcard; false for one without.
func (m *mapping) addWildcard(key string, value template) bool {
	if m.heads == nil {
		m.heads, m.tails = map[string]template{}, map[string]template{}
	}
	switch {
	case strings.HasPrefix(key, "*.") && len(key) > 2:
		m.heads[key[1:]] = value
	case strings.HasPrefix(key, ".") && len(key) > 1:
		m.heads[key], m.exact[key[1:]] = value, value
	case strings.HasSuffix(key, ".*") && len(key) > 2:
		m.tails[key[:len(key)-1]] = value
	default:
		return false
	}
	return true
}

// wildcard finds the longest name with a wildcard that fits, those that begin with one first.
func (m *mapping) wildcard(host string) (template, bool) {
	for i := 0; i < len(host) && m.heads != nil; i++ {
		if host[i] == '.' {
			if v, ok := m.heads[host[i:]]; ok && i > 0 {
				return v, true
			}
		}
	}
	for i := len(host) - 1; i > 0 && m.tails != nil; i-- {
		if host[i-1] == '.' {
			if v, ok := m.tails[host[:i]]; ok {
				return v, true
			}
		}
	}
	return nil, false
}

// value gives what the map makes of a request.
func (m *mapping) value(r *request) string {
	source := m.source.fill(r)
	if m.hostnames {
		source = strings.TrimSuffix(source, ".")
	}
	if v, ok := m.exact[strings.ToLower(source)]; ok {
		return v.fill(r)
	}
	if v, ok := m.wildcard(strings.ToLower(source)); ok {
		return v.fill(r)
	}
	for _, e := range m.exprs {
		if r.matches(e.expr, source) {
			return e.value.fill(r)
		}
	}
	return m.fallback.fill(r)
}

// define adds a variable of the configuration's own.
func (c *compiler) define(d nginxconf.Directive, name string) error {
	name = strings.ToLower(name)
	if name == "" {
		return fail(d, `invalid variable name "$"`)
	}
	if c.table.builtIn(name) && !c.defined[name] {
		switch name {
		case "args":
			return nil // the stand-in's own, which set changes
		case "limit_rate":
			return refuse(d, `changing "$`+name+`"`)
		}
		return fail(d, `the duplicate "`+name+`" variable`)
	}
	c.defined[name] = true
	return nil
}
