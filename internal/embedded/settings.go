package embedded

import (
	"slices"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// combinedFormat is the access log format that is there without being defined (ngx_http_log_module).
const combinedFormat = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`

// settings are what a request follows once its location is known: inheritance resolved, nothing left to look up.
type settings struct {
	connect, read, send time.Duration // proxy_*_timeout
	http11              bool          // proxy_http_version 1.1
	headers             []headerLine  // proxy_set_header, with nginx's defaults
	redirects           []redirection // proxy_redirect
	hidden              []string      // headers of the upstream's answer that are not passed on
	added               []addedHeader // add_header
	headerSize          int64         // proxy_buffer_size: bytes that an upstream's header may have

	clientHeader, clientBody, clientSend time.Duration
	keepalive                            time.Duration
	keepaliveHeader                      time.Duration
	keepaliveRequests                    int
	keepaliveTime                        time.Duration // after which a connection takes no further request
	chunked                              bool          // chunked_transfer_encoding
	longestLine, longestHead             int           // large_client_header_buffers: bytes
	maxBody                              int64         // bytes; 0 for no limit
	tokens                               bool
	defaultType                          string
	types                                map[string]string // by lower-case extension
	root, index                          string            // of files, none of which are there
	rules                                []accessRule      // allow and deny
	accessLogs                           []accessLog
	errorLogs                            []errorLog
}

// headerLine is a header as nginx sends it on; an empty value leaves it out.
type headerLine struct {
	name  string
	value template
}

// standardHeaders are those that nginx sets unless told otherwise (ngx_http_proxy_headers): hop-by-hop ones are dropped.
var standardHeaders = [...][2]string{{"Host", "$proxy_host"}, {"Connection", "close"},
	{"Content-Length", "$proxy_internal_body_length"}, {"Transfer-Encoding", "$proxy_internal_chunked"}, {"TE", ""},
	{"Keep-Alive", ""}, {"Expect", ""}, {"Upgrade", ""}}

const minute = time.Minute

// settle makes the settings of one level. at is where nginx says that something is wrong with them.
func (c *compiler) settle(at nginxconf.Directive, l *level) (*settings, error) {
	s := &settings{
		connect: l.duration("proxy_connect_timeout", minute), read: l.duration("proxy_read_timeout", minute),
		send: l.duration("proxy_send_timeout", minute), http11: l.text("proxy_http_version", "1.0") == "1.1",
		redirects: redirects(l),

		clientHeader: l.duration("client_header_timeout", minute), clientBody: l.duration("client_body_timeout", minute),
		clientSend: l.duration("send_timeout", minute), keepalive: l.duration("keepalive_timeout", 75*time.Second),
		tokens: !strings.EqualFold(l.text("server_tokens", "on"), "off"), defaultType: l.text("default_type", "text/plain"),
		errorLogs: errorLogs(l),
	}
	s.keepaliveRequests, _ = atoi(l.text("keepalive_requests", "1000"))
	s.maxBody, _ = nginxconf.ParseSize(l.text("client_max_body_size", "1m"))
	if d := l.find("keepalive_timeout"); d != nil && len(d[0].Args) == 2 {
		s.keepaliveHeader, _ = nginxconf.ParseSeconds(d[0].Args[1])
	}
	s.keepaliveTime = l.duration("keepalive_time", time.Hour)
	s.chunked = !strings.EqualFold(l.text("chunked_transfer_encoding", "on"), "off")
	if err := headerBuffers(at, l, s); err != nil {
		return nil, err
	}
	s.types = typesOf(l)
	s.root, s.index = rootOf(l.text("root", defaultRoot)), "index.html"
	if d := l.find("index"); d != nil {
		s.index = d[0].Args[0]
	}
	s.rules = accessRules(l)
	s.accessLogs = c.accessLogs(l)
	s.hidden = hiddenHeaders(l)
	if err := c.headerHash(l, s.hidden[len(ownHeaders):]); err != nil {
		return nil, err
	}
	s.added = addedHeaders(l)
	if err := bufferSizes(at, l, s); err != nil {
		return nil, err
	}
	var err error
	if s.headers, err = c.headers(at, l); err != nil {
		return nil, err
	}
	names := make([]string, len(s.headers))
	for i, h := range s.headers {
		names[i] = h.name
	}
	return s, c.headerHash(l, names)
}

// headerBuffers reads what a client's head may have (large_client_header_buffers).
func headerBuffers(at nginxconf.Directive, l *level, s *settings) error {
	s.longestLine, s.longestHead = 8<<10, 4*8<<10
	d := l.find("large_client_header_buffers")
	if d == nil {
		return nil
	}
	n, _ := atoi(d[0].Args[0])
	size, _ := bytes(d[0].Args[1])
	if size < 512 {
		return fail(at, `the "large_client_header_buffers" size must be equal to or greater than "connection_pool_size"`)
	}
	const most = 1 << 20
	s.longestLine = int(min(size, most))
	s.longestHead = min(n*s.longestLine, most)
	return nil
}

// bufferSizes judges how proxy_buffer_size and proxy_buffers fit together.
func bufferSizes(at nginxconf.Directive, l *level, s *settings) error {
	count, each := 8, int64(4096)
	s.headerSize, _ = bytes(l.text("proxy_buffer_size", "4k"))
	if d := l.find("proxy_buffers"); d != nil {
		count, _ = atoi(d[0].Args[0])
		each, _ = bytes(d[0].Args[1])
	}
	if count < 2 {
		return fail(at, `there must be at least 2 "proxy_buffers"`)
	}
	busy := 2 * max(s.headerSize, each)
	if d := l.find("proxy_busy_buffers_size"); d != nil {
		if busy, _ = bytes(d[0].Args[0]); busy < max(s.headerSize, each) {
			return fail(at, `"proxy_busy_buffers_size" must be equal to or greater than the maximum of the value of `+
				`"proxy_buffer_size" and one of the "proxy_buffers"`)
		}
	}
	if busy > int64(count-1)*each {
		return fail(at, `"proxy_busy_buffers_size" must be less than the size of all "proxy_buffers" minus one buffer`)
	}
	return nil
}

// headers are those that are sent upstream: a level with proxy_set_header of its own replaces the outer ones.
func (c *compiler) headers(at nginxconf.Directive, l *level) ([]headerLine, error) {
	var lines []headerLine
	owner := l
	for owner != nil && owner.set["proxy_set_header"] == nil {
		owner = owner.parent
	}
	if owner != nil {
		for _, d := range owner.set["proxy_set_header"] {
			lines = append(lines, headerLine{name: d.Args[0]})
			if d.Args[1] == "" {
				continue
			}
			t, complaint := parseTemplate(d.Args[1])
			if complaint != "" {
				return nil, fail(at, complaint)
			}
			for _, name := range t.variables() {
				if !owner.compiled {
					c.use(d, name)
				}
			}
			lines[len(lines)-1].value = t
		}
		owner.compiled = true
	}
	for _, h := range standardHeaders {
		if !slices.ContainsFunc(lines, func(l headerLine) bool { return strings.EqualFold(l.name, h[0]) }) {
			t, _ := parseTemplate(h[1])
			lines = append(lines, headerLine{h[0], t})
		}
	}
	return lines, nil
}

// types reads a types block; several on one level add up.
func (c *compiler) types(l *level, d nginxconf.Directive) error {
	l.set["types"] = append(l.set["types"], d)
	seen := map[string]string{}
	for _, line := range d.Block {
		if line.IsBlock() {
			return fail(line, `unexpected "{"`)
		}
		for _, ext := range line.Args {
			ext = strings.ToLower(ext)
			if old, twice := seen[ext]; twice {
				c.warn(`duplicate extension "` + ext + `", content type: "` + line.Name + `", previous content type: "` +
					old + `" in ` + place(line))
			}
			seen[ext] = line.Name
		}
	}
	return nil
}

func typesOf(l *level) map[string]string {
	found := l.find("types")
	if found == nil {
		return map[string]string{"html": "text/html", "gif": "image/gif", "jpg": "image/jpeg"}
	}
	types := map[string]string{}
	for _, d := range found {
		for _, line := range d.Block {
			for _, ext := range line.Args {
				types[strings.ToLower(ext)] = line.Name
			}
		}
	}
	return types
}
