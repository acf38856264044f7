package nginxconf

import (
	"strconv"
	"strings"
)

// Bounds of what evaluating a text may cost.
const (
	maxVariableDepth = 16       // variables in variables
	maxText          = 16 << 10 // bytes of a text
	maxSteps         = 20_000   // variables, conditions and directives that one way of a request evaluates
)

// text is the value of a text with variables; known is false where only the running nginx knows it.
type text struct {
	value string
	known bool
}

func known(value string) text { return text{value, true} }

// eval fills in a text's variables.
func (w *walk) eval(s string) text { return w.evalAt(s, 0) }

func (w *walk) evalAt(s string, depth int) text {
	if depth > maxVariableDepth {
		return text{}
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(s, "$")
		out.WriteString(before)
		if !found || out.Len() > maxText {
			return text{out.String(), out.Len() <= maxText}
		}
		name, after := variableName(rest)
		if name == "" {
			out.WriteByte('$')
			s = rest
			continue
		}
		v := w.variable(name, depth+1)
		if !v.known {
			return text{}
		}
		out.WriteString(v.value)
		s = after
	}
}

// variableName reads the name at the head of s, which is what follows a "$".
func variableName(s string) (name, rest string) {
	if inner, ok := strings.CutPrefix(s, "{"); ok {
		name, rest, ok = strings.Cut(inner, "}")
		if !ok {
			return "", s
		}
		return name, rest
	}
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] >= '0' && s[n] <= '9' || s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z') {
		n++
		if s[0] >= '1' && s[0] <= '9' {
			break // $10 is $1 and a 0
		}
	}
	return s[:n], s[n:]
}

// variable gives a variable's value: one that the configuration defines before one that nginx has.
func (w *walk) variable(name string, depth int) text {
	if w.steps++; w.steps > maxSteps || depth > maxVariableDepth {
		return text{}
	}
	name = strings.ToLower(name)
	if v, ok := w.set[name]; ok {
		return v
	}
	if name[0] >= '0' && name[0] <= '9' {
		return known(w.captured[name])
	}
	d, ok := w.defined[name]
	switch {
	case !ok:
		return w.builtin(name)
	case d.Name == "set":
		return known("") // not run yet
	case d.Name == "map":
		return w.mapped(name, d, depth)
	}
	return text{}
}

// builtin gives a variable of nginx's own. What is not listed is not known here.
func (w *walk) builtin(name string) text {
	switch name {
	case "uri", "document_uri":
		return known(w.uri)
	case "args", "query_string":
		return known(w.args)
	case "is_args":
		if w.args == "" {
			return known("")
		}
		return known("?")
	case "request_uri":
		return known(w.r.Path)
	case "request_method":
		return known("GET")
	case "request":
		return known("GET " + w.r.Path + " HTTP/1.1")
	case "server_protocol":
		return known("HTTP/1.1")
	case "content_length", "content_type", "remote_user", "https":
		return text{"", name != "https" || !w.tls}
	case "scheme":
		if w.tls {
			return known("https")
		}
		return known("http")
	case "host":
		return w.host()
	case "server_port":
		return text{strconv.Itoa(w.r.Port), w.r.Port != 0}
	case "server_name":
		return known(serverNames(w.server)[0])
	case "document_root":
		return w.root()
	case "request_filename":
		return w.fileOf(w.uri)
	case "http_host":
		return known(w.r.Host)
	}
	if field, ok := strings.CutPrefix(name, "http_"); ok {
		return w.header(field)
	}
	if arg, ok := strings.CutPrefix(name, "arg_"); ok {
		return known(argument(w.args, arg))
	}
	return text{"", strings.HasPrefix(name, "cookie_") && w.r.Header["cookie"] == ""}
}

func (w *walk) host() text {
	if h := hostName(w.r.Host); h != "" {
		return known(h)
	}
	return known(serverNames(w.server)[0])
}

// random are the headers of a handshake that differ each time.
var random = map[string]bool{"sec_websocket_key": true, "x_lab_probe": true}

func (w *walk) header(field string) text {
	if random[field] {
		return text{}
	}
	return known(w.r.Header[strings.ReplaceAll(field, "_", "-")])
}

func argument(args, name string) string {
	for pair := range strings.SplitSeq(args, "&") {
		if key, value, ok := strings.Cut(pair, "="); ok && strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// mapped evaluates a map, once a request unless it is volatile (ngx_http_map_find).
func (w *walk) mapped(name string, d Directive, depth int) text {
	if v, ok := w.maps[name]; ok {
		return v
	}
	source := w.evalAt(d.Args[0], depth)
	value, volatile := "", false
	found := text{}
	if source.known {
		value, volatile, found = w.pick(d.Block, source.value)
	}
	if found.known {
		found = w.evalAt(value, depth)
	}
	if !volatile {
		w.maps[name] = found
	}
	return found
}

// pick chooses a map's value for a source: the text itself, the longest name with a leading "*" and one with a trailing
// one where it maps host names, the first regular expression that matches, the default.
func (w *walk) pick(block []Directive, source string) (value string, volatile bool, found text) {
	fallback, best, hostnames := "", -1, false
	for _, e := range block {
		hostnames = hostnames || e.Name == "hostnames"
	}
	plain := source
	if hostnames {
		plain = strings.TrimSuffix(source, ".")
	}
	for _, e := range block {
		switch {
		case e.Name == "volatile" && len(e.Args) == 0:
			volatile = true
		case len(e.Args) != 1:
		case e.Name == "default":
			fallback = e.Args[0]
		case strings.HasPrefix(e.Name, "~"):
		default:
			key := strings.TrimPrefix(e.Name, `\`)
			rank := -1
			if strings.EqualFold(key, plain) {
				rank = 4 << 20
			} else if hostnames {
				rank = nameRank(strings.ToLower(key), strings.ToLower(plain))
			}
			if rank > best {
				best, value = rank, e.Args[0]
			}
		}
	}
	if best >= 0 {
		return value, volatile, known("")
	}
	for _, e := range block {
		expr, isRegexp := strings.CutPrefix(e.Name, "~")
		if !isRegexp || len(e.Args) != 1 {
			continue
		}
		expr, caseless := strings.CutPrefix(expr, "*")
		m, understood := match(expr, caseless, source)
		if !understood {
			return "", volatile, text{}
		}
		if m.ok {
			w.capture(m)
			return e.Args[0], volatile, known("")
		}
	}
	return fallback, volatile, known("")
}

// capture has a match's groups be $1 …, and those with a name variables.
func (w *walk) capture(m captures) {
	w.captured = m.values
	for name, value := range m.values {
		if name[0] > '9' {
			w.set[strings.ToLower(name)] = known(value)
		}
	}
}

// definitions finds what the configuration defines, by the variable's name in lower case: map, geo, split_clients and what
// else is a block with a variable, and set.
func definitions(tree []Directive) map[string]Directive {
	found := map[string]Directive{}
	for _, d := range tree {
		if n := len(d.Args); n > 0 && strings.HasPrefix(d.Args[n-1], "$") && d.IsBlock() && d.Name != "if" && d.Name != "location" {
			define(found, d.Args[n-1], d)
			continue
		}
		if len(d.Args) > 0 && strings.HasPrefix(d.Args[0], "$") && (d.Name == "set" || strings.HasSuffix(d.Name, "_set") ||
			strings.HasPrefix(d.Name, "set_")) && len(d.Args[0]) > 1 {
			define(found, d.Args[0], d)
			continue
		}
		for name, inner := range definitions(d.Block) {
			define(found, "$"+name, inner)
		}
	}
	for _, builtin := range []string{"args", "limit_rate"} {
		delete(found, builtin) // these may be set, and are something before
	}
	return found
}

// define notes where a variable comes from; what only the running nginx knows counts before set, which is run later.
func define(found map[string]Directive, variable string, d Directive) {
	name := strings.ToLower(strings.TrimPrefix(variable, "$"))
	if was, ok := found[name]; !ok || was.Name == "set" {
		found[name] = d
	}
}
