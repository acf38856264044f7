package embedded

import (
	"net/netip"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// pass is a proxy_pass.
type pass struct {
	url      string // as written, "http://name/uri"
	host     string // what $proxy_host says: name with its port, if one was given
	port     int    // what $proxy_port says
	uri      string // "" where the request's own is sent
	upstream *upstream
	dynamic  template // instead of all of the above: variables, filled in for each request
}

// upstream is a group of servers, or the one that a proxy_pass names.
type upstream struct {
	name     string
	port     int  // 0 for a group
	group    bool // an upstream{} block
	hasPort  bool // whether proxy_pass gave one
	peers    []*peer
	at       nginxconf.Directive
	balanced bool // a way to choose a server was given, or keepalive
	method   *nginxconf.Directive
	rotation // how far the round has come
}

func (c *compiler) upstream(l *level, d nginxconf.Directive) error {
	name := d.Args[0]
	for _, u := range c.conf.upstreams {
		if !strings.EqualFold(u.name, name) {
			continue
		}
		if u.group {
			return fail(d, `duplicate upstream "`+name+`"`)
		}
		if u.hasPort {
			return fail(u.at, `upstream "`+name+`" may not have port `+itoa(u.port))
		}
		u.group, u.port = true, 0
		return c.upstreamBlock(l, d, u)
	}
	u := &upstream{name: name, group: true, at: d}
	c.conf.upstreams = append(c.conf.upstreams, u)
	return c.upstreamBlock(l, d, u)
}

func (c *compiler) upstreamBlock(l *level, d nginxconf.Directive, u *upstream) error {
	inner := l.below(inUpstream)
	c.group = u
	if err := c.block(inner, d.Block); err != nil {
		return err
	}
	if len(u.peers) == 0 && d.End != 0 {
		return fail(nginxconf.Directive{File: d.File, Line: d.End}, "no servers are inside upstream")
	}
	return u.unknownMethod()
}

// upstreamServer reads a server of an upstream block: first the parameters, then the address, as nginx does.
func (c *compiler) upstreamServer(_ *level, d nginxconf.Directive) error {
	p := &peer{weight: 1, maxFails: 1, failTimeout: 10 * time.Second}
	for _, a := range d.Args[1:] {
		name, value, _ := strings.Cut(a, "=")
		n, ok := atoi(value)
		ok = ok && value != ""
		switch {
		case name == "weight" && ok && n > 0:
			p.weight = n
		case name == "max_fails" && ok:
			p.maxFails = n
		case name == "max_conns" && ok:
			p.maxConns = n
		case name == "fail_timeout" && value != "":
			t, err := nginxconf.ParseSeconds(value)
			if err != nil {
				return fail(d, `invalid parameter "`+a+`"`)
			}
			p.failTimeout = t
		case a == "backup":
			p.backup = true
		case a == "down":
			p.down = true
		default:
			return fail(d, `invalid parameter "`+a+`"`)
		}
	}
	if strings.HasPrefix(d.Args[0], "unix:") {
		c.group.peers = append(c.group.peers, p)
		return refuse(d, `an upstream on a UNIX socket`)
	}
	host, port, _, why := parseURL(d.Args[0], false)
	if why == "" && !c.exists(host) {
		why = "host not found"
	}
	if why != "" {
		return fail(d, why+` in upstream "`+d.Args[0]+`"`)
	}
	if port == 0 {
		port = 80
	}
	p.host, p.port = host, port
	c.group.peers = append(c.group.peers, p)
	return nil
}

// exists tells whether a host is an address, or a name that the stand-in's network knows.
func (c *compiler) exists(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || canonical(host) == "localhost" || c.resolve(host)
}

// parseURL splits host, port (0 for none) and URI (ngx_parse_inet_url); why is nginx's complaint.
func parseURL(text string, withURI bool) (host string, port int, uri, why string) {
	if i := strings.IndexAny(text, "/?"); i >= 0 {
		if !withURI {
			return "", 0, "", "invalid host"
		}
		text, uri = text[:i], text[i:]
	}
	if strings.HasPrefix(text, "[") {
		host, port, why = parseURL6(text)
		return host, port, uri, why
	}
	host = text
	if i := strings.IndexByte(text, ':'); i >= 0 {
		n, ok := atoi(text[i+1:])
		if !ok || n < 1 || n > 65535 {
			return "", 0, uri, "invalid port"
		}
		host, port = text[:i], n
	}
	if host == "" {
		return "", 0, uri, "no host"
	}
	return host, port, uri, ""
}

// parseURL6 is parseURL for an IPv6 address in brackets; the host keeps them (ngx_parse_inet6_url).
func parseURL6(text string) (host string, port int, why string) {
	end := strings.IndexByte(text, ']')
	if end < 0 {
		return "", 0, "invalid host"
	}
	if tail := text[end+1:]; tail != "" {
		if tail[0] != ':' {
			return "", 0, "invalid host"
		}
		n, ok := atoi(tail[1:])
		if !ok || n < 1 || n > 65535 {
			return "", 0, "invalid port"
		}
		port = n
	}
	if addr, err := netip.ParseAddr(text[1:end]); err != nil || !addr.Is6() || addr.Zone() != "" {
		return "", 0, "invalid IPv6 address"
	}
	return text[:end+1], port, ""
}

// proxyPass reads the URL; the host is looked up when all of http{} is read.
func (c *compiler) proxyPass(l *level, d nginxconf.Directive) error {
	loc := l.location
	if loc.pass != nil {
		return say(d, "is duplicate")
	}
	if strings.HasSuffix(loc.match.Pattern, "/") && loc.match.Regexp == nil && !loc.nameless {
		loc.match.Slash = true
	}
	if strings.Contains(d.Args[0], "$") {
		t, err := c.template(d, d.Args[0])
		loc.pass = &pass{url: d.Args[0], dynamic: t}
		return err
	}
	scheme, rest, ok := strings.Cut(d.Args[0], "://")
	switch {
	case ok && strings.EqualFold(scheme, "https"):
		loc.pass = &pass{url: d.Args[0]}
		return refuse(d, `"proxy_pass https://"`)
	case !ok || !strings.EqualFold(scheme, "http"):
		return fail(d, "invalid URL prefix")
	case strings.HasPrefix(rest, "unix:"):
		loc.pass = &pass{url: d.Args[0]}
		return refuse(d, `"proxy_pass" to a UNIX socket`)
	}
	host, port, uri, why := parseURL(rest, true)
	if why != "" {
		return fail(d, why+` in upstream "`+rest+`"`)
	}
	u, err := c.named(d, host, port)
	if err != nil {
		return err
	}
	if uri != "" && (loc.match.Regexp != nil || loc.match.Modifier == "@" || loc.nameless) {
		return fail(d, `"proxy_pass" cannot have URI part in location given by regular expression, or inside named location,`+
			` or inside "if" statement, or inside "limit_except" block`)
	}
	if strings.HasPrefix(uri, "?") {
		return refuse(d, `"proxy_pass" with a query and no path`)
	}
	loc.pass = &pass{url: d.Args[0], host: strings.TrimSuffix(rest, uri), port: port, uri: uri, upstream: u}
	if port == 0 {
		loc.pass.port = 80
	}
	return nil
}

// named finds or makes the upstream of a proxy_pass (ngx_http_upstream_add). port is 0 where none was given.
func (c *compiler) named(d nginxconf.Directive, host string, port int) (*upstream, error) {
	actual := port
	if actual == 0 {
		actual = 80
	}
	for _, u := range c.conf.upstreams {
		switch {
		case !strings.EqualFold(u.name, host):
		case u.group && port != 0:
			return nil, fail(d, `upstream "`+host+`" may not have port `+itoa(port))
		case u.port != 0 && u.port != actual:
		default:
			return u, nil
		}
	}
	u := &upstream{name: host, port: actual, hasPort: port != 0, at: d}
	c.conf.upstreams = append(c.conf.upstreams, u)
	return u, nil
}

// resolveUpstreams looks up what proxy_pass names, in the order of the configuration.
func (c *compiler) resolveUpstreams() error {
	for _, u := range c.conf.upstreams {
		if u.group {
			usable := 0
			for _, p := range u.peers {
				if !p.backup {
					usable++
				}
			}
			if usable == 0 && len(u.peers) > 0 {
				return fail(u.at, `no servers in upstream "`+u.name+`"`)
			}
			continue
		}
		if !c.exists(u.name) {
			return fail(u.at, `host not found in upstream "`+u.name+`"`)
		}
		u.peers = []*peer{{host: u.name, port: u.port, weight: 1, maxFails: 1, failTimeout: 10 * time.Second}}
	}
	return nil
}

// proxies does, level by level, what ngx_http_proxy_merge_loc_conf does, and makes the settings. Complaints are about
// the end of http{}, as nginx notices only there.
func (c *compiler) proxies(end nginxconf.Directive) error {
	for _, s := range c.conf.servers {
		var err error
		if s.settings, err = c.settle(end, s.level); err != nil {
			return err
		}
		if err := c.settleAll(end, s, s.locations); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) settleAll(end nginxconf.Directive, s *server, locations []*nginxconf.Location) error {
	for _, m := range locations {
		loc := s.runs[m]
		var err error
		if loc.settings, err = c.settle(end, loc.level); err != nil {
			return err
		}
		if err := c.settleBranches(end, loc); err != nil {
			return err
		}
		if err := c.settleAll(end, s, m.Nested); err != nil {
			return err
		}
	}
	return nil
}

// settleBranches makes the settings of a location's if blocks, which proxy as it does where they do not say otherwise.
func (c *compiler) settleBranches(end nginxconf.Directive, loc *location) error {
	for _, b := range loc.branches {
		if b.pass == nil {
			b.pass = loc.pass
		}
		var err error
		if b.settings, err = c.settle(end, b.level); err != nil {
			return err
		}
	}
	return nil
}
