package embedded

import (
	"net"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// request is one HTTP request on its way through the stand-in.
type request struct {
	conn   *conn
	server *server
	loc    *location
	set    *settings
	head   head
	start  time.Time

	method, version  string // "GET", "HTTP/1.1"
	old              bool   // HTTP/1.0 or older
	bare             bool   // HTTP/0.9: answers are bodies without heads
	wants            string // of the connection: "close", "keep-alive", or "" for neither
	target           string // as it came
	uri, args        string // decoded path, query without "?"
	host             string // of the Host header or the target, lower-case, without port
	quoted           bool   // the target had escapes, or was changed when it was cleaned up
	rewritten        bool   // by rewrite: the target as it came is of no use any more
	detached         bool   // by rewrite ... break: the location's name is not cut off
	keepalive        bool
	body             []byte
	bodyLength       int64 // -1 for none
	vars             map[string]string
	depth            int       // of variables that are being worked out
	work             int       // what filling in texts has cost so far
	named            *location // the named location that try_files leads to; nil for none
	exhausted        bool      // a text could not be filled in: the answer is 500
	groups           []string
	status           int
	sentBody, sent   int64
	locationSet      bool   // to be sent though it is empty
	location         string // the Location header of an answer of nginx's own
	action           string // what nginx says that it was doing
	proxy            proxied
	upstreamResponse head
	watcher          chan struct{} // closed when the watch for the client's leaving has ended; nil for none
	gone             bool          // the client has left
}

// proxied is what is known of the request's way to an upstream.
type proxied struct {
	used        bool
	host        string // $proxy_host
	port        int
	name        string // of the peer, or of the upstream where there is none: for logs
	uri         string
	head        string // what is sent upstream before the body
	addrs       []string
	statuses    []string
	times       []string
	headerTimes []string
	connects    []string
}

// splitTarget takes path and query apart; noPath tells that the target is a host with a query alone.
func (r *request) splitTarget(noPath bool) (ok bool) {
	path := r.target
	if noPath {
		path, r.rewritten = "/"+path, true
	}
	path, _, _ = strings.Cut(path, "#")
	path, r.args, _ = strings.Cut(path, "?")
	r.uri, ok = clean(path)
	r.quoted = r.uri != path
	return ok
}

// clean decodes a path, resolves "." and "..", and merges slashes, as nginx does (ngx_http_parse_complex_uri).
func clean(path string) (string, bool) {
	var decoded []byte
	for i := 0; i < len(path); i++ {
		ch := path[i]
		if ch == '%' {
			if i+2 >= len(path) {
				return "", false
			}
			hi, lo := unhex(path[i+1]), unhex(path[i+2])
			if hi < 0 || lo < 0 || hi == 0 && lo == 0 {
				return "", false
			}
			ch = byte(hi<<4 | lo)
			i += 2
		}
		decoded = append(decoded, ch)
	}
	parts := strings.Split(string(decoded), "/")
	var out []string
	for i, p := range parts[1:] {
		last := i == len(parts)-2
		switch {
		case p == "..":
			if len(out) == 0 {
				return "", false
			}
			out = out[:len(out)-1]
		case p == "." || p == "":
		default:
			out = append(out, p)
			continue
		}
		if last {
			out = append(out, "")
		}
	}
	return "/" + strings.Join(out, "/"), true
}

func unhex(ch byte) int {
	switch {
	case ch >= '0' && ch <= '9':
		return int(ch - '0')
	case ch >= 'a' && ch <= 'f':
		return int(ch-'a') + 10
	case ch >= 'A' && ch <= 'F':
		return int(ch-'A') + 10
	}
	return -1
}

// escape makes a decoded path fit for a request line (ngx_escape_uri with NGX_ESCAPE_URI).
func escape(path string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(path) {
		ch := path[i]
		if ch <= ' ' || ch >= 0x7f || strings.IndexByte(`"#%<>?\^`+"`{|}", ch) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hex[ch>>4])
			b.WriteByte(hex[ch&15])
			continue
		}
		b.WriteByte(ch)
	}
	return b.String()
}

// validHost checks a host and takes off its port (ngx_http_validate_host).
func validHost(host string) (string, bool) {
	if strings.Contains(host, "..") {
		return "", false
	}
	for i := range len(host) {
		if host[i] <= ' ' || host[i] == 0x7f || host[i] == '/' {
			return "", false
		}
	}
	name := host
	if strings.HasPrefix(host, "[") {
		if i := strings.IndexByte(host, ']'); i > 0 {
			name = host[:i+1]
		}
	} else {
		name, _, _ = strings.Cut(host, ":")
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return name, name != ""
}

// choose finds the server for the request's host among those at its address: exact, leading wildcard, trailing wildcard,
// regular expression, default (https://nginx.org/en/docs/http/server_names.html).
func (l *listen) choose(r *request) *server {
	host := r.host
	type match struct {
		server *server
		length int
	}
	var head, tail match
	for _, s := range l.servers {
		if host == "" && len(s.names) == 0 {
			return s
		}
		for _, n := range s.names {
			name := n.name
			switch {
			case n.expr != nil:
			case name == host || strings.HasPrefix(name, ".") && name[1:] == host:
				return s
			case strings.HasPrefix(name, "*.") && strings.HasSuffix(host, name[1:]) && len(name) > head.length:
				head = match{s, len(name)}
			case strings.HasPrefix(name, ".") && strings.HasSuffix(host, name) && len(name) > head.length:
				head = match{s, len(name)}
			case strings.HasSuffix(name, ".*") && strings.HasPrefix(host, name[:len(name)-1]) && len(name) > tail.length:
				tail = match{s, len(name)}
			}
		}
	}
	if head.server != nil {
		return head.server
	}
	if tail.server != nil {
		return tail.server
	}
	for _, s := range l.servers {
		for _, n := range s.names {
			if n.expr != nil && r.matches(n.expr, host) {
				return s
			}
		}
	}
	return l.standard
}

// group gives what the nth group of the last regular expression captured.
func (r *request) group(n int) string {
	if n < len(r.groups) {
		return r.groups[n]
	}
	return ""
}

// matches tells whether an expression matches, and keeps what it captured.
func (r *request) matches(p *nginxconf.Pattern, text string) bool {
	groups, err := p.Find(text)
	if err != nil {
		r.log(logAlert, `pcre2_match() failed: -47 on "`+text+`"`)
		r.spend(maxWork / maxGivenUp)
	}
	if groups == nil {
		return false
	}
	r.groups = groups
	for i, name := range p.Names() {
		if name != "" {
			r.remember(strings.ToLower(name), groups[i])
		}
	}
	return true
}

// maxGivenUp is how many matches may take too long in one request.
const maxGivenUp = 4

// assign is what set does.
func (r *request) assign(name, value string) {
	if name == "args" {
		r.args = value
		return
	}
	r.remember(name, value)
}

// capture repeats what the expressions of the location and of those around it captured.
func (r *request) capture(l *level) {
	if l == nil || l.location == nil || l.branch != nil {
		return
	}
	r.capture(l.parent)
	if p := l.location.match.Regexp; p != nil {
		r.matches(p, r.uri)
	}
}

// find gives the location for the request's path, or nil; redirect says that only the final slash is missing.
func (r *request) find() (loc *location, redirect bool) {
	if loc := r.named; loc != nil {
		r.named = nil
		return loc, false
	}
	m, redirect := nginxconf.FindLocation(r.server.locations, r.uri)
	if m == nil {
		return nil, false
	}
	loc = r.server.runs[m]
	r.capture(loc.level)
	return loc, redirect
}

func hostOf(addr net.Addr) (host, port string) {
	host, port, _ = net.SplitHostPort(addr.String())
	return host, port
}
