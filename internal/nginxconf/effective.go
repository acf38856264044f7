package nginxconf

import (
	"slices"
	"strconv"
	"strings"
)

// Request is what chooses a server and a location. Host and Port may be left out: the first server then stands for all.
type Request struct {
	Port int    // that it came to; 0 for any
	Host string // without port; "" for the port's default server
	Path string // origin-form; a query is ignored
}

// Effective gives the value of a directive that is in force for a request of path at the configuration's first server:
// the nearest one from the location outwards to http, else nginx's default for those directives whose default is known
// here (timeouts of proxying among them). where is the directive that sets it, the zero Directive for a default. found is
// false where nothing sets it and no default is known, or where there is no server. Several parameters are joined by
// blanks; of a directive given several times on one level, the last one counts.
func Effective(tree []Directive, path, directive string) (value string, where Directive, found bool) {
	return EffectiveFor(tree, Request{Path: path}, directive)
}

// EffectiveFor is Effective at the server that a request for r.Host at r.Port reaches.
func EffectiveFor(tree []Directive, r Request, directive string) (value string, where Directive, found bool) {
	http, server, ok := chooseServer(tree, r)
	if !ok {
		return "", Directive{}, false
	}
	path, _, _ := strings.Cut(r.Path, "?")
	levels := append([][]Directive{http, server}, chain(server, path)...)
	if slices.Contains(ownLevelOnly, directive) {
		levels = levels[len(levels)-1:]
	}
	for _, level := range slices.Backward(levels) {
		for _, d := range slices.Backward(level) {
			if d.Name == directive {
				return d.Value(), d, true
			}
		}
	}
	value, found = defaults[directive]
	return value, Directive{}, found
}

// ownLevelOnly lists directives that an inner level does not inherit.
var ownLevelOnly = []string{"proxy_pass", "return", "rewrite", "set", "if", "location", "alias", "internal", "empty_gif"}

// defaults are nginx 1.26's (nginx.org, ngx_http_proxy_module and ngx_http_core_module).
var defaults = map[string]string{
	"proxy_connect_timeout": "60s",
	"proxy_read_timeout":    "60s",
	"proxy_send_timeout":    "60s",
	"proxy_http_version":    "1.0",
	"proxy_buffering":       "on",
	"client_header_timeout": "60s",
	"client_body_timeout":   "60s",
	"send_timeout":          "60s",
	"keepalive_timeout":     "75s",
	"client_max_body_size":  "1m",
}

// chain gives the blocks of the locations that a path goes through, outermost first.
func chain(server []Directive, path string) [][]Directive {
	var locations []*Location
	for _, d := range server {
		if d.Name == "location" && d.IsBlock() {
			locations = append(locations, NewLocation(d))
		}
	}
	found, _ := FindLocation(locations, path)
	if found == nil {
		return nil
	}
	return trail(locations, found)
}

// trail gives the blocks from the outermost location down to target.
func trail(locations []*Location, target *Location) [][]Directive {
	for _, l := range locations {
		if l == target {
			return [][]Directive{l.Block.Block}
		}
		if inner := trail(l.Nested, target); inner != nil {
			return append([][]Directive{l.Block.Block}, inner...)
		}
	}
	return nil
}

// chooseServer gives the http block and the server in it that a request reaches: by port, then by exact name, then the
// default server, which is the one that says so or the first.
func chooseServer(tree []Directive, r Request) (http, server []Directive, ok bool) {
	for _, h := range tree {
		if h.Name != "http" || !h.IsBlock() {
			continue
		}
		for _, s := range h.Block {
			if s.Name != "server" || !s.IsBlock() || !listens(s, r.Port) {
				continue
			}
			if r.Host != "" && named(s, r.Host) {
				return h.Block, s.Block, true
			}
			if !ok || r.Port != 0 && isDefault(s, r.Port) {
				http, server, ok = h.Block, s.Block, true
			}
		}
	}
	return http, server, ok
}

func listens(server Directive, port int) bool {
	if port == 0 {
		return true
	}
	any := false
	for _, d := range server.Block {
		if d.Name == "listen" && len(d.Args) > 0 {
			any = true
			if listenPort(d.Args[0]) == port {
				return true
			}
		}
	}
	return !any && port == 80
}

func listenPort(address string) int {
	if i := strings.LastIndexByte(address, ':'); i >= 0 && !strings.HasSuffix(address, "]") {
		address = address[i+1:]
	}
	port, err := strconv.Atoi(address)
	if err != nil {
		return 80
	}
	return port
}

func isDefault(server Directive, port int) bool {
	for _, d := range server.Block {
		if d.Name == "listen" && len(d.Args) > 0 && listenPort(d.Args[0]) == port &&
			(slices.Contains(d.Args[1:], "default_server") || slices.Contains(d.Args[1:], "default")) {
			return true
		}
	}
	return false
}

func named(server Directive, host string) bool {
	for _, d := range server.Block {
		if d.Name == "server_name" && slices.ContainsFunc(d.Args, func(name string) bool {
			return strings.EqualFold(name, host)
		}) {
			return true
		}
	}
	return false
}
