package nginxconf

import (
	"strconv"
	"strings"
)

// rewrite runs the directives of the rewrite module on one level (ngx_http_rewrite_module).
func (w *walk) rewrite(block []Directive) next {
	moved := false // the URI is another one, for which no location was looked up yet
	do, _ := w.run(block, &moved)
	if do != goOn || !moved {
		return do
	}
	if w.at == nil { // the server's: the location is looked up anyway
		return goOn
	}
	return w.changed()
}

// run gives what the directives lead to; done says that no other of the module's is run.
func (w *walk) run(block []Directive, moved *bool) (do next, done bool) {
	for _, d := range block {
		if w.steps++; w.steps > maxSteps {
			w.doubt(d)
			return ended, true
		}
		switch {
		case d.Name == "break":
			*moved = false
			return goOn, true
		case d.Name == "set" && len(d.Args) == 2:
			w.assign(d)
		case d.Name == "rewrite" && len(d.Args) >= 2:
			if do, done = w.rewriteOnce(d, moved); done {
				return do, true
			}
		case d.Name == "return" && len(d.Args) > 0:
			return w.returns(d), true
		case d.Name == "if" && d.IsBlock():
			holds, ok := w.holds(d)
			if !ok {
				holds = w.choose.holds(d, w.uri)
			}
			if !holds {
				continue
			}
			if w.at != nil {
				w.condition = d.Block
			}
			if do, done = w.run(d.Block, moved); done {
				return do, true
			}
		case unknownRewrites[d.Name]:
			w.doubt(d)
			return ended, true
		}
	}
	return goOn, false
}

// unknownRewrites are programs that run among the rewrites: only the running nginx knows what they do.
var unknownRewrites = map[string]bool{"rewrite_by_lua": true, "rewrite_by_lua_block": true, "rewrite_by_lua_file": true,
	"set_by_lua": true, "set_by_lua_block": true, "set_by_lua_file": true}

func (w *walk) assign(d Directive) {
	name, v := strings.ToLower(strings.TrimPrefix(d.Args[0], "$")), w.eval(d.Args[1])
	if name == "args" && v.known {
		w.args = v.value
		return
	}
	if name == "args" {
		w.set["query_string"] = text{}
	}
	w.set[name] = v
}

// rewriteOnce is one rewrite directive.
func (w *walk) rewriteOnce(d Directive, moved *bool) (do next, done bool) {
	flag := ""
	if len(d.Args) > 2 {
		flag = d.Args[2]
	}
	m, known := match(d.Args[0], false, w.uri)
	switch {
	case known && !m.ok, !known && !w.choose.holds(d, w.uri):
		return goOn, false
	case known:
		w.capture(m)
	}
	to := d.Args[1]
	if flag == "redirect" || flag == "permanent" || strings.HasPrefix(to, "http://") || strings.HasPrefix(to, "https://") ||
		strings.HasPrefix(to, "$scheme") {
		if flag == "permanent" {
			return w.fail(301), true
		}
		return w.fail(302), true
	}
	v := w.eval(to)
	if !v.known || !known {
		w.doubt(d)
		return ended, true
	}
	w.rewritten(v.value)
	*moved = flag != "break"
	w.broken = w.broken || flag == "break"
	return goOn, flag == "last" || flag == "break"
}

// rewritten makes a rewrite's replacement the URI. A "?" at its end keeps the old query from being added.
func (w *walk) rewritten(to string) {
	uri, args, hasArgs := strings.Cut(to, "?")
	switch {
	case hasArgs && strings.HasSuffix(to, "?"):
		w.args = strings.TrimSuffix(args, "?")
	case hasArgs && w.args != "":
		w.args = args + "&" + w.args
	case hasArgs:
		w.args = args
	}
	w.uri, w.internal, w.raw = uri, true, false
}

// returns is the return directive: a status above 400 without a text may have an error page.
func (w *walk) returns(d Directive) next {
	status, err := strconv.Atoi(d.Args[0])
	switch {
	case err != nil: // an address
		return w.fail(302)
	case status == 444 || status < 300 || len(d.Args) > 1 && status >= 400:
		w.answer(status)
		return ended
	}
	return w.fail(status)
}

// holds evaluates the condition of an if; ok is false where only the running nginx knows.
func (w *walk) holds(d Directive) (holds, ok bool) {
	words := conditionWords(d.Args)
	if len(words) == 0 {
		return false, false
	}
	first := words[0]
	if len(words) == 2 && len(first) >= 2 && first[0] != '$' {
		negated := first[0] == '!'
		kind := strings.TrimPrefix(strings.TrimPrefix(first, "!"), "-")
		name := w.eval(words[1])
		if !name.known || len(kind) != 1 {
			return false, false
		}
		exists, known := w.r.exists(kind[0], name.value)
		return exists != negated, known
	}
	left := w.eval(first)
	if !left.known {
		return false, false
	}
	if len(words) == 1 {
		return left.value != "" && left.value != "0", true
	}
	if len(words) != 3 {
		return false, false
	}
	op := words[1]
	if op == "=" || op == "!=" {
		right := w.eval(words[2])
		return (left.value == right.value) == (op == "="), right.known
	}
	negated := strings.HasPrefix(op, "!")
	m, known := match(words[2], strings.HasSuffix(op, "*"), left.value)
	if !known || !strings.HasPrefix(strings.TrimPrefix(op, "!"), "~") {
		return false, false
	}
	if m.ok {
		w.capture(m)
	}
	return m.ok != negated, true
}

// conditionWords are the words of an if without their parentheses.
func conditionWords(args []string) []string {
	if len(args) == 0 || !strings.HasPrefix(args[0], "(") || !strings.HasSuffix(args[len(args)-1], ")") {
		return nil
	}
	words := append([]string(nil), args...)
	words[0] = words[0][1:]
	words[len(words)-1] = strings.TrimSuffix(words[len(words)-1], ")")
	if words[0] == "" {
		words = words[1:]
	}
	if n := len(words); n > 0 && words[n-1] == "" {
		words = words[:n-1]
	}
	return words
}
