package embedded

import (
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// condition is that of an if.
type condition struct {
	negated bool
	subject template           // what is looked at
	value   template           // "=" and "!="
	equals  bool               // value counts
	expr    *nginxconf.Pattern // "~" and its like
	file    byte               // 'f', 'd', 'e' or 'x'
}

// branch is an if block: steps of its own, and in a location settings of its own, which then are in force.
type branch struct {
	condition
	rewrites []rewriteStep
	location *location // nil in a server
}

// conditional reads an if block (ngx_http_rewrite_if).
func (c *compiler) conditional(l *level, d nginxconf.Directive) error {
	b := &branch{}
	if err := c.readCondition(d, &b.condition); err != nil {
		return err
	}
	inner := l.below(inServerIf)
	if outer := l.location; outer != nil {
		inner.kind = inLocationIf
		b.location = &location{match: outer.match, level: inner, branchOf: outer, nameless: true}
		inner.location = b.location
		outer.branches = append(outer.branches, b.location)
	}
	inner.branch = b
	if err := c.block(inner, d.Block); err != nil {
		return err
	}
	l.add(rewriteStep{kind: "if", branch: b})
	return nil
}

// readCondition reads what is in parentheses (ngx_http_rewrite_if_condition).
func (c *compiler) readCondition(d nginxconf.Directive, out *condition) error {
	words := append([]string(nil), d.Args...)
	invalid := func(word string) error { return fail(d, `invalid condition "`+word+`"`) }
	if !strings.HasPrefix(words[0], "(") {
		return invalid(words[0])
	}
	if words[0] = words[0][1:]; words[0] == "" {
		words = words[1:]
	}
	if len(words) == 0 {
		return invalid("(")
	}
	last := len(words) - 1
	if !strings.HasSuffix(words[last], ")") {
		return invalid(words[last])
	}
	if words[last] != ")" {
		words[last] = words[last][:len(words[last])-1]
	} else if words, last = words[:last], last-1; last < 0 {
		return invalid(")")
	}
	first := words[0]
	switch {
	case len(first) > 1 && first[0] == '$':
		if last != 0 && last != 2 {
			return invalid(first)
		}
		return c.compare(d, out, words)
	case len(first) == 2 && first[0] == '-' || len(first) == 3 && first[:2] == "!-":
		if last != 1 {
			return invalid(first)
		}
		var err error
		if out.subject, err = c.template(d, words[1]); err != nil {
			return err
		}
		out.negated, out.file = first[0] == '!', first[len(first)-1]
		if strings.IndexByte("fdex", out.file) < 0 {
			return invalid(first)
		}
		return nil
	}
	return invalid(first)
}

// compare reads a variable, alone or with what it is compared with.
func (c *compiler) compare(d nginxconf.Directive, out *condition, words []string) error {
	out.subject = template{{variable: strings.ToLower(words[0][1:])}}
	c.use(d, out.subject[0].variable)
	if len(words) == 1 {
		return nil
	}
	var err error
	out.negated = strings.HasPrefix(words[1], "!")
	switch words[1] {
	case "=", "!=":
		out.equals = true
		out.value, err = c.template(d, words[2])
	case "~", "~*", "!~", "!~*":
		out.expr, err = c.expression(d, words[2], strings.HasSuffix(words[1], "*"))
	default:
		return fail(d, `unexpected "`+words[1]+`" in condition`)
	}
	return err
}

// holds tells whether the condition is met by a request.
func (c *condition) holds(r *request) bool {
	subject := c.subject.fill(r)
	switch {
	case c.equals:
		return (subject == c.value.fill(r)) != c.negated
	case c.expr != nil:
		met := r.matches(c.expr, subject)
		if !met {
			r.groups = nil
		}
		return met != c.negated
	case c.file != 0:
		return isThere(c.file, subject) != c.negated
	}
	return subject != "" && subject != "0"
}

// branched runs an if block whose condition holds. In a location its settings are in force from here on.
func (r *request) branched(b *branch) (answered, more, again, stop bool) {
	if b.location != nil {
		r.loc, r.set = b.location, b.location.settings
	}
	return r.steps(b.rewrites)
}
