package embedded

import (
	"slices"
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// addedHeader is an add_header.
type addedHeader struct {
	name   string
	value  template
	always bool
}

// addHeader reads add_header. Headers that nginx treats in a way of their own are refused.
func (c *compiler) addHeader(l *level, d nginxconf.Directive) error {
	for _, name := range []string{"Last-Modified", "ETag"} {
		if strings.EqualFold(d.Args[0], name) {
			return refuse(d, `"add_header `+name+`"`)
		}
	}
	if _, err := c.template(d, d.Args[1]); err != nil {
		return err
	}
	if len(d.Args) == 3 && d.Args[2] != "always" {
		return fail(d, `invalid parameter "`+d.Args[2]+`"`)
	}
	l.set[d.Name] = append(l.set[d.Name], d)
	return nil
}

func addedHeaders(l *level) []addedHeader {
	var added []addedHeader
	for _, d := range l.find("add_header") {
		t, _ := parseTemplate(d.Args[1])
		added = append(added, addedHeader{d.Args[0], t, len(d.Args) == 3})
	}
	return added
}

// add writes the headers of add_header: without "always" only to the answers that it is for.
func (r *request) add(b *strings.Builder) {
	for _, h := range r.set.added {
		if !h.always && !slices.Contains([]int{200, 201, 204, 206, 301, 302, 303, 304, 307, 308}, r.status) {
			continue
		}
		if v := h.value.fill(r); v != "" {
			b.WriteString(h.name + ": " + v + "\r\n")
		}
	}
}

// ownHeaders are those that nginx writes itself; hiddenByDefault those of an upstream's answer that it does not pass on
// unless proxy_pass_header says so (ngx_http_proxy_hide_headers).
var (
	ownHeaders      = []string{"Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length", "Content-Type", "Status"}
	hiddenByDefault = []string{"Date", "Server", "X-Pad", "X-Accel-Expires", "X-Accel-Redirect", "X-Accel-Limit-Rate",
		"X-Accel-Buffering", "X-Accel-Charset"}
)

func hiddenHeaders(l *level) []string {
	hidden := slices.Clone(ownHeaders)
	passed := l.find("proxy_pass_header")
	for _, name := range hiddenByDefault {
		if !slices.ContainsFunc(passed, func(d nginxconf.Directive) bool { return strings.EqualFold(d.Args[0], name) }) {
			hidden = append(hidden, name)
		}
	}
	for _, d := range l.find("proxy_hide_header") {
		hidden = append(hidden, d.Args[0])
	}
	return hidden
}

func (s *settings) hides(name string) bool {
	return slices.ContainsFunc(s.hidden, func(h string) bool { return strings.EqualFold(h, name) })
}

// serverName is what nginx calls itself.
func (s *settings) serverName() string {
	if s.tokens {
		return "nginx/" + nginxVersion
	}
	return "nginx"
}
