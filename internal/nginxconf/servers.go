package nginxconf

import (
	"slices"
	"strconv"
	"strings"
)

// httpBlock gives the configuration's http block.
func httpBlock(tree []Directive) []Directive {
	for _, d := range tree {
		if d.Name == "http" && d.IsBlock() {
			return d.Block
		}
	}
	return nil
}

// choice is the server that a request reaches.
type choice struct {
	server Directive
	found  bool
	tls    bool       // its socket speaks TLS
	doubt  *Directive // what keeps from saying which server it is; nil for nothing
	values captures   // of a regular expression in the name
}

// chooseServer gives the server for a host at a port: among those that listen there, the exact name, the longest name
// with a leading "*", the longest with a trailing one, the first regular expression that matches, the default server
// (ngx_http_find_virtual_server). A request from outside does not reach a socket on a loopback address.
func chooseServer(http []Directive, port int, host string, fromSelf bool) choice {
	listening, doubt := serversAt(http, port, fromSelf)
	if len(listening) == 0 {
		return choice{doubt: doubt}
	}
	host = hostName(host)
	if s, ok := byName(listening, host); ok {
		return choice{server: s.server, found: true, tls: s.tls, doubt: doubt}
	}
	for _, s := range listening {
		for _, name := range s.names {
			expr, isRegexp := strings.CutPrefix(name, "~")
			if !isRegexp || host == "" {
				continue
			}
			m, known := match(expr, true, host)
			if !known {
				return choice{server: s.server, found: true, doubt: &s.server}
			}
			if m.ok {
				return choice{server: s.server, found: true, tls: s.tls, values: m, doubt: doubt}
			}
		}
	}
	for _, s := range listening {
		if s.isDefault {
			return choice{server: s.server, found: true, tls: s.tls, doubt: doubt}
		}
	}
	return choice{server: listening[0].server, found: true, tls: listening[0].tls, doubt: doubt}
}

// byName looks for a name without a regular expression; of one that several servers have, the first server counts.
func byName(listening []listener, host string) (listener, bool) {
	best, rank := listener{}, -1
	for _, s := range listening {
		for _, name := range s.names {
			if n := nameRank(strings.ToLower(name), host); n > rank {
				best, rank = s, n
			}
		}
	}
	return best, rank >= 0
}

// nameRank says how well a server name fits a host: -1 for not at all, the more the better.
func nameRank(name, host string) int {
	const exact, leading = 3 << 20, 2 << 20
	suffix, hasLeading := strings.CutPrefix(name, "*.")
	if dotted, ok := strings.CutPrefix(name, "."); ok {
		suffix, hasLeading = dotted, true
		if host == dotted {
			return exact
		}
	}
	prefix, hasTrailing := strings.CutSuffix(name, ".*")
	switch {
	case strings.HasPrefix(name, "~"):
		return -1
	case name == host:
		return exact
	case hasLeading && strings.HasSuffix(host, "."+suffix) && len(host) > len(suffix)+1:
		return leading + len(suffix)
	case hasTrailing && strings.HasPrefix(host, prefix+".") && len(host) > len(prefix)+1:
		return len(prefix)
	}
	return -1
}

// listener is a server as one of its sockets has it.
type listener struct {
	number    int // of the directive in its block
	server    Directive
	names     []string
	isDefault bool
	tls       bool
}

// serversAt gives the servers whose sockets take a connection at a port, in order. A socket on one particular address
// takes those to that address alone; where a server has one that is no loopback address, only nginx knows.
func serversAt(http []Directive, port int, fromSelf bool) (found []listener, doubt *Directive) {
	var local []listener
	for i, s := range http {
		if s.Name != "server" || !s.IsBlock() {
			continue
		}
		l := listener{number: i, server: s, names: serverNames(s)}
		listens := false
		for _, d := range s.Block {
			if d.Name != "listen" || len(d.Args) == 0 {
				continue
			}
			listens = true
			if port != 0 && !hasPort(d.Args[0], port) {
				continue
			}
			here := l
			here.isDefault = port != 0 && (slices.Contains(d.Args[1:], "default_server") || slices.Contains(d.Args[1:], "default"))
			here.tls = slices.Contains(d.Args[1:], "ssl")
			switch addressOf(d) {
			case addressAny:
				found = with(found, here)
			case addressLoopback:
				local = with(local, here)
			case addressOther:
				doubt = &d
			}
		}
		if !listens && (port == 0 || port == 80 || port == 8000) { // 8000 where nginx is not root
			found = append(found, l)
		}
	}
	if len(local) > 0 && (fromSelf || port == 0 && len(found) == 0) {
		return local, nil
	}
	return found, doubt
}

// with adds a server, once: a second socket of it at the same port may say that it is the default.
func with(list []listener, l listener) []listener {
	for i := range list {
		if list[i].number == l.number {
			list[i].isDefault, list[i].tls = list[i].isDefault || l.isDefault, list[i].tls || l.tls
			return list
		}
	}
	return append(list, l)
}

func serverNames(server Directive) []string {
	var names []string
	for _, d := range server.Block {
		if d.Name == "server_name" {
			names = append(names, d.Args...)
		}
	}
	if names == nil {
		return []string{""}
	}
	return names
}

type addressKind int

const (
	addressAny addressKind = iota
	addressLoopback
	addressOther
	addressNone // not one that IPv4 connections reach
)

// addressOf says to whom the socket of a listen directive is open.
func addressOf(d Directive) addressKind {
	listen, host := d.Args[0], d.Args[0]
	if _, err := strconv.Atoi(strings.Split(listen, "-")[0]); err == nil {
		return addressAny
	}
	if i := strings.LastIndexByte(listen, ':'); i >= 0 && !strings.HasSuffix(listen, "]") {
		host = listen[:i]
	}
	switch {
	case host == "*" || host == "0.0.0.0" || host == "[::]" && slices.Contains(d.Args, "ipv6only=off"):
		return addressAny
	case host == "localhost" || strings.HasPrefix(host, "127."):
		return addressLoopback
	case strings.HasPrefix(host, "[") || strings.HasPrefix(listen, "unix:"):
		return addressNone
	}
	return addressOther
}

// hasPort tells whether a listen directive's address has a port, which may be a range.
func hasPort(listen string, port int) bool {
	if i := strings.LastIndexByte(listen, ':'); i >= 0 && !strings.HasSuffix(listen, "]") {
		listen = listen[i+1:]
	}
	first, last, isRange := strings.Cut(listen, "-")
	from, err := strconv.Atoi(first)
	if err != nil {
		return port == 80
	}
	to := from
	if isRange {
		if to, err = strconv.Atoi(last); err != nil {
			return false
		}
	}
	return from <= port && port <= to
}
