package embedded

import (
	"slices"
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// quiet lists directives that are judged like nginx's own reading of them and change nothing that a client of the lab
// could see: they tune what the stand-in does not have (temporary files, caches, gateways of other kinds, TLS, HTTP/2 for
// clients that ask for it) and are of no use without a directive that is refused by name.
var quiet = []string{"client_body_buffer_size", "client_body_in_single_buffer", "connection_pool_size",
	"request_pool_size", "proxy_max_temp_file_size", "proxy_temp_file_write_size", "proxy_cache_methods",
	"proxy_cache_min_uses", "proxy_cache_lock", "proxy_cache_lock_timeout", "proxy_cache_lock_age", "proxy_cache_revalidate",
	"proxy_cache_background_update", "proxy_cache_use_stale", "proxy_cache_convert_head", "proxy_cache_max_range_offset",
	"gzip_vary", "gzip_comp_level", "gzip_min_length", "gzip_http_version", "gzip_proxied", "http2", "log_subrequest",
	"resolver_timeout", "limit_req_log_level", "limit_conn_log_level", "keepalive_disable", "autoindex_exact_size",
	"autoindex_format", "autoindex_localtime", "send_lowat", "postpone_output", "sendfile_max_chunk", "read_ahead"}

// otherGateways are the beginnings of the names of directives for TLS and for upstreams that are not HTTP.
var otherGateways = []string{"fastcgi_", "uwsgi_", "scgi_", "memcached_", "grpc_", "proxy_ssl_", "http2_", "http3_"}

// isQuiet tells whether a directive is judged and otherwise left alone.
func isQuiet(name string) bool {
	if slices.Contains(quiet, name) {
		return true
	}
	kind, judged := valueKinds()[name]
	return judged && kind != "" && slices.ContainsFunc(otherGateways, func(p string) bool { return strings.HasPrefix(name, p) }) &&
		!strings.HasSuffix(name, "_verify") && !strings.HasSuffix(name, "certificate")
}

// predicates reads proxy_cache_bypass and proxy_no_cache, which say nothing where there is no cache.
func (c *compiler) predicates(l *level, d nginxconf.Directive) error {
	for _, text := range d.Args {
		if _, err := c.template(d, text); err != nil {
			return err
		}
	}
	l.set[d.Name] = append(l.set[d.Name], d)
	return nil
}

// proxyCache knows only that there is none.
func (c *compiler) proxyCache(l *level, d nginxconf.Directive) error {
	if l.set[d.Name] != nil {
		return say(d, "is duplicate")
	}
	l.set[d.Name] = append(l.set[d.Name], d)
	if d.Args[0] != "off" {
		return refuse(d, `"proxy_cache" other than "off"`)
	}
	return nil
}

// gzipTypes reads gzip_types, which matters to gzip alone.
func (c *compiler) gzipTypes(l *level, d nginxconf.Directive) error {
	for _, word := range d.Args {
		if word == "text/html" {
			c.warn(`duplicate MIME type "text/html" in ` + place(d))
		}
	}
	l.set[d.Name] = append(l.set[d.Name], d)
	return nil
}

// gzip knows only that nothing is compressed.
func (c *compiler) gzip(l *level, d nginxconf.Directive) error {
	if err := c.judge(l, d); err != nil {
		return err
	}
	if !strings.EqualFold(d.Args[0], "off") {
		return refuse(d, `"gzip on"`)
	}
	return nil
}

// keepalive reads how many connections to an upstream are kept. The stand-in keeps none, which nobody can see.
func (c *compiler) keepalive(l *level, d nginxconf.Directive) error {
	if l.set[d.Name] != nil {
		return say(d, "is duplicate")
	}
	l.set[d.Name] = append(l.set[d.Name], d)
	if n, ok := atoi(d.Args[0]); !ok || n == 0 {
		return fail(d, `invalid value "`+d.Args[0]+`" in "keepalive" directive`)
	}
	c.group.balanced = true
	return nil
}

// zone reads the shared memory of an upstream, which one worker needs not.
func (c *compiler) zone(_ *level, d nginxconf.Directive) error {
	if d.Args[0] == "" {
		return fail(d, `invalid zone name ""`)
	}
	if len(d.Args) == 2 {
		switch n, ok := bytes(d.Args[1]); {
		case !ok:
			return fail(d, `invalid zone size "`+d.Args[1]+`"`)
		case n < 8*4096:
			return fail(d, `zone "`+d.Args[0]+`" is too small`)
		}
	}
	return nil
}

// balance reads another way to choose a server, which comes to the same where there is only one.
func (c *compiler) balance(_ *level, d nginxconf.Directive) error {
	if c.group.balanced {
		c.warn("load balancing method redefined in " + place(d))
	}
	c.group.balanced = true
	c.group.method = &d
	if d.Name == "hash" {
		if len(d.Args) == 2 && d.Args[1] != "consistent" {
			return fail(d, `invalid parameter "`+d.Args[1]+`"`)
		}
		_, err := c.template(d, d.Args[0])
		return err
	}
	return nil
}

// balanced refuses another way to choose among several servers.
func (u *upstream) unknownMethod() error {
	if u.method != nil && len(u.peers) > 1 {
		return refuse(*u.method, `"`+u.method.Name+`" for several servers`)
	}
	return nil
}
