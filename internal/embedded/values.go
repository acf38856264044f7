package embedded

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// valuesText says how nginx reads the value of each directive that it reads in one of its common ways, taken from its
// sources: a name, and flag, num, size, off, msec, sec, bufs, path, str, value (with variables), enum:a|b or mask:a|b.
//
//go:embed values.txt
var valuesText string

var valueKinds = sync.OnceValue(func() map[string]string {
	kinds := map[string]string{}
	for line := range strings.Lines(valuesText) {
		name, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
		kinds[name] = kind
	}
	return kinds
})

var valueChecks = map[string]func(nginxconf.Directive) error{"flag": flag, "num": number, "size": size, "off": offset,
	"msec": msec, "sec": sec, "bufs": buffers, "path": tempPath}

// judge finds what nginx itself would have against a directive that the stand-in has not: a second one, a value that is
// none. The variables that it would define are defined, so that their use is no error.
func (c *compiler) judge(l *level, d nginxconf.Directive) error {
	if err := c.declare(d); err != nil {
		return err
	}
	kind, known := valueKinds()[d.Name]
	if !known {
		return nil
	}
	if strings.HasPrefix(kind, "mask:") {
		for _, word := range d.Args {
			if !oneOf(kind[len("mask:"):], word) {
				return fail(d, `invalid value "`+word+`"`)
			}
		}
		return nil
	}
	if l.set[d.Name] != nil {
		return say(d, "is duplicate")
	}
	l.set[d.Name] = append(l.set[d.Name], d)
	if check := valueChecks[kind]; check != nil {
		return check(d)
	}
	if words, ok := strings.CutPrefix(kind, "enum:"); ok && !oneOf(words, d.Args[0]) {
		return fail(d, `invalid value "`+d.Args[0]+`"`)
	}
	if kind == "value" {
		_, err := c.template(d, d.Args[0])
		return err
	}
	return nil
}

func oneOf(words, word string) bool {
	for known := range strings.SplitSeq(words, "|") {
		if strings.EqualFold(known, word) {
			return true
		}
	}
	return false
}

// declare defines the variable of a directive that makes one.
func (c *compiler) declare(d nginxconf.Directive) error {
	at, ok := map[string]int{"geo": len(d.Args) - 1, "split_clients": 1, "auth_request_set": 0, "perl_set": 0}[d.Name]
	if !ok {
		return nil
	}
	name, ok := strings.CutPrefix(d.Args[at], "$")
	if !ok {
		return fail(d, `invalid variable name "`+d.Args[at]+`"`)
	}
	return c.define(d, name)
}

// sec judges a time in whole seconds.
func sec(d nginxconf.Directive) error {
	if _, err := nginxconf.ParseSeconds(d.Args[0]); err != nil {
		return say(d, "invalid value")
	}
	return nil
}
