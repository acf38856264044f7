package nginxconf

// Effective gives the value of a directive that is in force where a request of path ends up at the configuration's first
// server: the nearest one from the location outwards to http, else nginx's default for those directives whose default is
// known here (timeouts of proxying among them). where is the directive that sets it, the zero Directive for a default.
// found is false where nothing sets it and no default is known, where there is no server, and where only the running nginx
// knows: Ways tells these apart. Several parameters are joined by blanks; of a directive given several times on one level,
// the last one counts.
func Effective(tree []Directive, path, directive string) (value string, where Directive, found bool) {
	ways, _ := Ways(tree, Request{Path: path}, directive)
	if len(ways) == 0 || len(ways[0].Hops) == 0 {
		return "", Directive{}, false
	}
	h := ways[0].Hops[0]
	return h.Value, h.Where, h.Found
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
