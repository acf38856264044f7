package embedded

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// listen is one address and port, with the servers that share it. Names and warnings speak of it as addr says.
type listen struct {
	addr     netip.AddrPort
	servers  []*server
	standard *server // the default server
	declared bool    // by default_server
	tls      bool    // "ssl" was given, which nothing serves: see noCertificate
	set      bool    // socket options were given
}

// listen reads the address (ngx_parse_url) and then the parameters.
func (c *compiler) listen(l *level, d nginxconf.Directive) error {
	l.set["listen"] = append(l.set["listen"], d)
	host, port, why := listenAddress(d.Args[0])
	addr, err := netip.ParseAddr(host)
	switch {
	case why == "" && port == 0:
		return refuse(d, `"listen" on a UNIX socket or a range of ports`)
	case why == "" && err != nil && host == "localhost":
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case why == "" && err != nil && c.resolve(host):
		addr = netip.IPv4Unspecified() // a service's own name: the address that others know it by
	case why == "" && err != nil:
		why = "host not found"
	}
	if why != "" {
		return fail(d, why+` in "`+d.Args[0]+`" of the "listen" directive`)
	}
	for _, p := range d.Args[1:] {
		if err := listenOption(d, p); err != nil {
			return err
		}
		if p == "http2" {
			c.warn(`the "listen ... http2" directive is deprecated, use the "http2" directive instead in ` + place(d))
		}
	}
	return c.addListen(d, l.server, netip.AddrPortFrom(addr, uint16(port)), d.Args[1:])
}

// listenOption judges one parameter of listen after the address.
func listenOption(d nginxconf.Directive, p string) error {
	name, value, _ := strings.Cut(p, "=")
	switch p {
	case "default_server", "default", "bind", "reuseport", "deferred", "so_keepalive=on", "so_keepalive=off",
		"ipv6only=on", "ipv6only=off":
		return nil
	case "ssl":
		return nil
	case "http2":
		return nil
	case "quic", "proxy_protocol":
		return refuse(d, `"listen ... `+p+`"`)
	}
	switch name {
	case "backlog":
		if n, ok := atoi(value); !ok || n == 0 {
			return fail(d, `invalid backlog "`+p+`"`)
		}
		return nil
	case "setfib", "fastopen", "rcvbuf", "sndbuf", "so_keepalive":
		return refuse(d, `"listen ... `+name+`="`)
	}
	return fail(d, `invalid parameter "`+p+`"`)
}

// listenAddress splits a listen parameter; why is nginx's complaint.
func listenAddress(text string) (host string, port int, why string) {
	if strings.HasPrefix(text, "unix:") {
		return "", 0, ""
	}
	portOf := func(s string) (int, string) {
		n, ok := atoi(s)
		if !ok || s == "" || n < 1 || n > 65535 {
			return 0, "invalid port"
		}
		return n, ""
	}
	if rest, ok := strings.CutPrefix(text, "["); ok {
		host, after, ok := strings.Cut(rest, "]")
		if _, err := netip.ParseAddr(host); !ok || err != nil {
			return "", 0, "invalid IPv6 address"
		}
		if after == "" {
			return host, 80, ""
		}
		if after[0] != ':' {
			return "", 0, "invalid host"
		}
		port, why = portOf(after[1:])
		return host, port, why
	}
	if strings.ContainsAny(text, "/?") {
		return "", 0, "invalid host"
	}
	host, tail, hasPort := strings.Cut(text, ":")
	if !hasPort {
		if n, ok := atoi(text); ok && text != "" {
			if n < 1 || n > 65535 {
				return "", 0, "invalid port"
			}
			return "0.0.0.0", n, ""
		}
		if from, to, ok := strings.Cut(text, "-"); ok && portRange(from, to) {
			return "0.0.0.0", 0, ""
		}
		port = 80
	} else if from, to, ok := strings.Cut(tail, "-"); ok && portRange(from, to) {
		return host, 0, ""
	} else if port, why = portOf(tail); why != "" {
		return "", 0, why
	}
	if host == "" {
		return "", 0, "no host"
	}
	if host == "*" {
		host = "0.0.0.0"
	}
	return host, port, ""
}

func portRange(from, to string) bool {
	a, ok := atoi(from)
	b, ok2 := atoi(to)
	return ok && ok2 && from != "" && to != "" && a >= 1 && b <= 65535 && a <= b
}

// addListen joins the server to those at the same address (ngx_http_add_listen).
func (c *compiler) addListen(d nginxconf.Directive, s *server, addr netip.AddrPort, options []string) error {
	standard := slices.Contains(options, "default_server") || slices.Contains(options, "default")
	tls := slices.Contains(options, "ssl")
	set := slices.ContainsFunc(options, func(o string) bool { return o != "default_server" && o != "default" && o != "ssl" && o != "http2" })
	for _, l := range c.conf.listens {
		if l.addr != addr {
			continue
		}
		switch {
		case slices.Contains(l.servers, s):
			return fail(d, "a duplicate listen "+addr.String())
		case set && l.set:
			return fail(d, "duplicate listen options for "+addr.String())
		case standard && l.declared:
			return fail(d, "a duplicate default server for "+addr.String())
		}
		l.servers = append(l.servers, s)
		l.set, l.tls = l.set || set, l.tls || tls
		if standard {
			l.standard, l.declared = s, true
		}
		return nil
	}
	c.conf.listens = append(c.conf.listens,
		&listen{addr: addr, servers: []*server{s}, standard: s, declared: standard, set: set,
			tls: tls})
	return nil
}

// noCertificate is what nginx says to "listen ... ssl" without a certificate. There is never one here: ssl_certificate is
// refused where it stands.
func (c *compiler) noCertificate() error {
	for _, l := range c.conf.listens {
		if l.tls {
			return fail(l.standard.at, `no "ssl_certificate" is defined for the "listen ... ssl" directive`)
		}
	}
	return nil
}

// conflicts warns of names that two servers share at one address: the first one has it.
func (c *compiler) conflicts() {
	for _, l := range c.conf.listens {
		if len(l.servers) < 2 {
			continue
		}
		seen := map[string]bool{}
		for _, s := range l.servers {
			names := s.names
			if len(names) == 0 {
				names = []serverName{{}}
			}
			for _, n := range names {
				if n.expr == nil && seen[n.name] {
					c.warn(`conflicting server name "` + n.name + `" on ` + l.addr.String() + `, ignored`)
				}
				seen[n.name] = true
			}
		}
	}
}
