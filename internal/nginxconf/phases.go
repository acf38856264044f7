package nginxconf

import (
	"net"
	"slices"
	"strconv"
	"strings"
)

// access goes through what may refuse the request: allow and deny, auth_basic, auth_request (ngx_http_access_module …).
func (w *walk) access() next {
	levels := w.all()
	if d, ok := nearest(levels, "satisfy"); ok && d.Value() == "any" {
		if w.choose.holds(d, w.uri) {
			return w.fail(403)
		}
		return goOn
	}
	for _, level := range slices.Backward(levels) {
		rules := slices.DeleteFunc(slices.Clone(level), func(d Directive) bool { return d.Name != "allow" && d.Name != "deny" })
		if len(rules) == 0 {
			continue
		}
		for _, d := range rules {
			if d.Value() != "all" && !w.choose.holds(d, "") {
				continue
			}
			if d.Name == "deny" {
				return w.fail(403)
			}
			break
		}
		break
	}
	if d, ok := nearest(levels, "auth_basic"); ok && d.Value() != "off" {
		if realm := w.eval(d.Value()); !realm.known && w.choose.holds(d, w.uri) || realm.known && realm.value != "off" {
			return w.fail(401)
		}
	}
	if d, ok := nearest(levels, "auth_request"); ok && d.Value() != "off" && w.choose.holds(d, w.uri) {
		return w.fail(403)
	}
	return goOn
}

// root is the folder from which files are served.
func (w *walk) root() text {
	if d, ok := nearest(w.all(), "root"); ok {
		return w.eval(d.Value())
	}
	return known("html")
}

// fileOf is the file that a URI stands for.
func (w *walk) fileOf(uri string) text {
	if d, ok := nearest([][]Directive{w.innermost()}, "alias"); ok && w.at != nil {
		dir := w.eval(d.Value())
		return text{dir.value + strings.TrimPrefix(uri, w.at.Pattern), dir.known && w.at.Modifier != "~" && w.at.Modifier != "~*"}
	}
	dir := w.root()
	return text{dir.value + uri, dir.known}
}

// tryFiles takes the first file that exists, or leads to where the last parameter points. It is not inherited, and is of
// no effect where an if holds.
func (w *walk) tryFiles() next {
	d, ok := nearest([][]Directive{w.innermost()}, "try_files")
	if !ok || len(d.Args) < 2 {
		return goOn
	}
	for _, try := range d.Args[:len(d.Args)-1] {
		uri := w.eval(try)
		if !uri.known {
			if w.choose.holds(d, try) {
				return goOn
			}
			continue
		}
		kind, name := byte('f'), uri.value
		if strings.HasSuffix(name, "/") {
			kind, name = 'd', strings.TrimSuffix(name, "/")
		}
		file := w.fileOf(name)
		exists, known := false, false
		if file.known {
			exists, known = w.r.exists(kind, file.value)
		}
		if !known {
			exists = w.choose.holds(d, try)
		}
		if exists {
			w.uri, w.raw = uri.value, false
			return goOn
		}
	}
	last := d.Args[len(d.Args)-1]
	if code, ok := strings.CutPrefix(last, "="); ok {
		status, _ := strconv.Atoi(code)
		return w.fail(status)
	}
	if !strings.HasPrefix(last, "/") && !strings.HasPrefix(last, "@") && !strings.HasPrefix(last, "$") {
		last = "/" + last
	}
	return w.jump(d, last)
}

// programs are the handlers of which only the running nginx knows what they answer, or who.
var programs = []string{"fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass", "js_content", "perl",
	"content_by_lua", "content_by_lua_block", "content_by_lua_file"}

// handedOn is a request that nginx hands on to itself.
type handedOn struct {
	request   Request
	directive Directive
}

// content is what answers in the end.
func (w *walk) content() (next, handedOn, bool) {
	levels := [][]Directive{w.levels[len(w.levels)-1]}
	if w.condition != nil {
		levels = append(levels, w.condition) // an if leaves its location's handler
	}
	if d, ok := nearest(levels, "proxy_pass"); ok && len(d.Args) > 0 && w.at != nil {
		return w.pass(d)
	}
	for _, name := range programs {
		if d, ok := nearest(levels, name); ok {
			w.note()
			hops := w.way.Hops
			w.way = Way{Hops: hops}
			if strings.HasPrefix(w.directive, "proxy_") {
				w.doubt(d)
			}
			return ended, handedOn{}, false
		}
	}
	if _, ok := nearest(levels, "empty_gif"); ok {
		w.answer(200)
		return ended, handedOn{}, false
	}
	return w.static(), handedOn{}, false
}

// static is nginx's own way with files.
func (w *walk) static() next {
	file, kind := w.fileOf(w.uri), byte('f')
	if name, ok := strings.CutSuffix(file.value, "/"); ok {
		kind, file.value = 'd', name
	}
	exists, known := false, false
	if file.known {
		exists, known = w.r.exists(kind, file.value)
	}
	if !known {
		_, hasPage := nearest(w.all(), "error_page")
		d := w.server
		if w.at != nil {
			d = w.at.Block
		}
		exists = hasPage && w.choose.holds(d, w.uri)
	}
	switch {
	case exists && kind == 'd':
		return w.fail(403)
	case exists:
		w.answer(200)
		return ended
	}
	return w.fail(404)
}

// pass hands the request on. An error page takes over where that fails.
func (w *walk) pass(d Directive) (next, handedOn, bool) {
	if do := w.passFails(); do != goOn {
		return do, handedOn{}, false
	}
	w.note()
	to, self, ok := w.target(d)
	if !ok {
		w.way.Proxied, w.way.Path = true, "" // who gets it is not known; the values in force here are
		return ended, handedOn{}, false
	}
	if !self {
		w.way.Proxied, w.way.Path, _ = true, to.Path, 0
		return ended, handedOn{}, false
	}
	return ended, handedOn{to, d}, true
}

// passFails takes the error pages into account that lead elsewhere where nobody answers, or, with
// proxy_intercept_errors, where the answer is an error.
func (w *walk) passFails() next {
	if w.errorPage {
		return goOn
	}
	intercept, _ := nearest(w.all(), "proxy_intercept_errors")
	for _, d := range errorPages(w.all()) {
		for _, code := range d.Args[:max(0, len(d.Args)-1)] {
			status, err := strconv.Atoi(code)
			if err != nil || intercept.Value() != "on" && (status < 500 || status > 504 || status == 501) {
				continue
			}
			if w.choose.holds(d, code+" "+w.uri) {
				w.way.Failures++
				return w.fail(status)
			}
			break // the other codes lead to the same page
		}
	}
	return goOn
}

// target is the request as proxy_pass hands it on; self says that nginx itself receives it. ok is false where the address
// is not known.
func (w *walk) target(d Directive) (to Request, self, ok bool) {
	address := w.eval(d.Args[0])
	scheme, rest, found := strings.Cut(address.value, "://")
	if !address.known || !found {
		return Request{}, false, false
	}
	host, uri := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		host, uri = rest[:i], rest[i:]
	}
	to = Request{Host: host, Path: w.handOn(uri, strings.Contains(d.Args[0], "$")), Self: w.r.Self, Exists: w.r.Exists}
	w.headersFor(&to)
	if scheme == "https" {
		return to, w.isSelf(d, host, 443, &to), true
	}
	return to, w.isSelf(d, host, 80, &to), true
}

// handOn is the request target that the upstream gets (ngx_http_proxy_create_request); "" where that is not known.
func (w *walk) handOn(uri string, variables bool) string {
	args := ""
	if w.args != "" {
		args = "?" + w.args
	}
	switch {
	case uri == "" && w.raw:
		return w.r.Path
	case uri != "" && variables:
		return uri
	case uri == "" || w.at == nil || w.broken:
		return w.uri + args
	}
	return uri + strings.TrimPrefix(w.uri, w.at.Pattern) + args
}

// headersFor gives the headers that the next server gets: those that came, without what a proxy keeps for itself, and with
// those of proxy_set_header.
func (w *walk) headersFor(to *Request) {
	to.Header = map[string]string{}
	for name, value := range w.r.Header {
		if name != "upgrade" && name != "connection" {
			to.Header[name] = value
		}
	}
	to.Header["connection"] = "close"
	for _, level := range slices.Backward(w.all()) {
		set := named(level, "proxy_set_header")
		for _, d := range set {
			if len(d.Args) != 2 {
				continue
			}
			name, v := strings.ToLower(d.Args[0]), w.eval(d.Args[1])
			if name == "host" {
				to.Host = v.value
			}
			to.Header[name] = v.value
		}
		if len(set) > 0 {
			return
		}
	}
}

// isSelf tells whether an address leads back to one of this nginx's own servers, and to which port. Of an upstream with
// several servers, any may be taken.
func (w *walk) isSelf(d Directive, host string, port int, to *Request) bool {
	for _, u := range w.http {
		if u.Name != "upstream" || len(u.Args) != 1 || u.Args[0] != host || !u.IsBlock() {
			continue
		}
		servers := named(u.Block, "server")
		for i, s := range servers {
			if len(s.Args) == 0 || i < len(servers)-1 && !w.choose.holds(s, "") {
				continue
			}
			return w.own(s.Args[0], 80, to)
		}
		return false
	}
	return w.own(host, port, to)
}

// own tells whether a host and port are this nginx's.
func (w *walk) own(address string, port int, to *Request) bool {
	host := address
	if h, p, err := net.SplitHostPort(address); err == nil {
		host = h
		if port, err = strconv.Atoi(p); err != nil {
			return false
		}
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	if !strings.EqualFold(host, "localhost") && (ip == nil || !ip.IsLoopback()) && !slices.Contains(w.r.Self, host) {
		return false
	}
	to.Port = port
	found, _ := serversAt(w.http, port, true)
	return len(found) > 0
}
