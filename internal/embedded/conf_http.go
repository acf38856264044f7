package embedded

import (
	"net/netip"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// server is one server block.
type server struct {
	names     []serverName
	level     *level
	at        nginxconf.Directive
	locations []*nginxconf.Location
	runs      map[*nginxconf.Location]*location
	rewrites  []rewriteStep
	settings  *settings // for what ends before a location is found
}

// serverName is one name of a server, lower-case, or a regular expression.
type serverName struct {
	name string
	expr *nginxconf.Pattern
}

// location is one location block.
type location struct {
	match    *nginxconf.Location
	level    *level
	pass     *pass // nil where it is not proxied
	rewrites []rewriteStep
	settings *settings
	branches []*location // its if blocks
	fallback *fallback   // try_files
	branchOf *location   // of an if block: the location around it
	nameless bool        // an if block
}

// readers are the directives with an order of their own, by name; those of upstream{} have it before their name.
func readers() map[string]func(*compiler, *level, nginxconf.Directive) error {
	return map[string]func(*compiler, *level, nginxconf.Directive) error{
		"events":              (*compiler).events,
		"http":                (*compiler).httpBlock,
		"server":              (*compiler).server,
		"location":            (*compiler).location,
		"listen":              (*compiler).listen,
		"server_name":         (*compiler).serverName,
		"types":               (*compiler).types,
		"log_format":          (*compiler).logFormat,
		"access_log":          (*compiler).accessLog,
		"map":                 (*compiler).mapBlock,
		"upstream":            (*compiler).upstream,
		"upstream.server":     (*compiler).upstreamServer,
		"upstream.keepalive":  (*compiler).keepalive,
		"upstream.zone":       (*compiler).zone,
		"upstream.ip_hash":    (*compiler).balance,
		"upstream.least_conn": (*compiler).balance,
		"upstream.hash":       (*compiler).balance,
		"proxy_cache_bypass":  (*compiler).predicates,
		"proxy_no_cache":      (*compiler).predicates,
		"proxy_cache":         (*compiler).proxyCache,
		"gzip_types":          (*compiler).gzipTypes,
		"gzip":                (*compiler).gzip,
		"proxy_pass":          (*compiler).proxyPass,
		"add_header":          (*compiler).addHeader,
		"proxy_redirect":      (*compiler).proxyRedirect,
		"root":                (*compiler).root,
		"index":               (*compiler).index,
		"try_files":           (*compiler).tryFiles,
		"allow":               (*compiler).access,
		"deny":                (*compiler).access,
		"if":                  (*compiler).conditional,
		"return":              (*compiler).returns,
		"rewrite":             (*compiler).rewrite,
		"set":                 (*compiler).setVariable,
		"break":               (*compiler).breaks,
	}
}

func (c *compiler) events(l *level, d nginxconf.Directive) error {
	if l.set["events"] != nil {
		return say(d, "is duplicate")
	}
	l.set["events"] = []nginxconf.Directive{d}
	inner := l.below(inEvents)
	if err := c.block(inner, d.Block); err != nil {
		return err
	}
	c.conf.limit, _ = atoi(inner.text("worker_connections", "512"))
	return nil
}

// httpBlock reads http{} and then does what nginx does at its end, in nginx's order (ngx_http_block).
func (c *compiler) httpBlock(l *level, d nginxconf.Directive) error {
	if l.set["http"] != nil {
		return say(d, "is duplicate")
	}
	l.set["http"] = []nginxconf.Directive{d}
	c.http = l.below(inHTTP)
	if err := c.block(c.http, d.Block); err != nil {
		return err
	}
	if d.End == 0 {
		return nil // the file is broken further down, which says it all
	}
	end := nginxconf.Directive{Name: d.Name, File: d.File, Line: d.End}
	if err := c.resolveUpstreams(); err != nil {
		return err
	}
	if err := c.proxies(end); err != nil {
		return err
	}
	for _, s := range c.conf.servers {
		if err := duplicates(s.locations); err != nil {
			return err
		}
	}
	if err := c.noCertificate(); err != nil {
		return err
	}
	if err := c.variables(); err != nil {
		return err
	}
	if err := c.variableHash(); err != nil {
		return err
	}
	c.conflicts()
	return c.serverHash()
}

func (c *compiler) server(l *level, d nginxconf.Directive) error {
	s := &server{at: d, runs: map[*nginxconf.Location]*location{}}
	s.level = l.below(inServer)
	s.level.server = s
	c.conf.servers = append(c.conf.servers, s)
	if err := c.block(s.level, d.Block); err != nil {
		return err
	}
	if s.level.set["listen"] == nil {
		return c.addListen(d, s, netip.AddrPortFrom(netip.IPv4Unspecified(), 8000), nil)
	}
	return nil
}

func (c *compiler) location(l *level, d nginxconf.Directive) error {
	m := &nginxconf.Location{Block: d}
	m.Modifier, m.Pattern = nginxconf.LocationName(d.Args)
	if !slices.Contains([]string{"", "=", "^~", "~", "~*", "@"}, m.Modifier) {
		return fail(d, `invalid location modifier "`+m.Modifier+`"`)
	}
	if m.Modifier == "~" || m.Modifier == "~*" {
		var err error
		if m.Regexp, err = c.expression(d, m.Pattern, m.Modifier == "~*"); err != nil {
			return err
		}
	}
	loc := &location{match: m, level: l.below(inLocation)}
	if outer := l.location; outer != nil {
		if err := nested(d, m, outer.match); err != nil {
			return err
		}
		outer.match.Nested = append(outer.match.Nested, m)
	} else {
		l.server.locations = append(l.server.locations, m)
	}
	loc.level.location = loc
	l.server.runs[m] = loc
	return c.block(loc.level, d.Block)
}

// nested tells what nginx has against a location inside another one.
func nested(d nginxconf.Directive, inner, outer *nginxconf.Location) error {
	switch {
	case outer.Modifier == "=":
		return fail(d, `location "`+inner.Pattern+`" cannot be inside the exact location "`+outer.Pattern+`"`)
	case outer.Modifier == "@":
		return fail(d, `location "`+inner.Pattern+`" cannot be inside the named location "`+outer.Pattern+`"`)
	case inner.Modifier == "@":
		return fail(d, `named location "`+inner.Pattern+`" can be on the server level only`)
	case inner.Regexp == nil && !strings.HasPrefix(inner.Pattern, outer.Pattern):
		return fail(d, `location "`+inner.Pattern+`" is outside location "`+outer.Pattern+`"`)
	}
	return nil
}

// duplicates looks for the first two equal locations in the order in which nginx sorts them: by name. Nested ones come
// after all of their level.
func duplicates(locations []*nginxconf.Location) error {
	static := slices.DeleteFunc(slices.Clone(locations), func(l *nginxconf.Location) bool {
		return l.Regexp != nil || l.Modifier == "@"
	})
	sort.SliceStable(static, func(i, j int) bool { return static[i].Pattern < static[j].Pattern })
	for i := 1; i < len(static); i++ {
		for j := i - 1; j >= 0 && static[j].Pattern == static[i].Pattern; j-- {
			if (static[i].Modifier == "=") == (static[j].Modifier == "=") {
				return fail(static[i].Block, `duplicate location "`+static[i].Pattern+`"`)
			}
		}
	}
	for _, l := range locations {
		if err := duplicates(l.Nested); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) serverName(l *level, d nginxconf.Directive) error {
	for _, name := range d.Args {
		switch {
		case strings.HasPrefix(name, "*") && (len(name) < 3 || name[1] != '.') || name == ".":
			return fail(d, `server name "`+name+`" is invalid`)
		case name == "~":
			return fail(d, `empty regex in server name "`+name+`"`)
		}
		if strings.Contains(name, "/") {
			c.warn(`server name "` + name + `" has suspicious symbols in ` + place(d))
		}
		n := serverName{name: strings.ToLower(name)}
		if name == "$hostname" {
			n.name, _ = os.Hostname()
		}
		if expr, ok := strings.CutPrefix(name, "~"); ok {
			caseless := strings.ToLower(expr) != expr
			var err error
			if n.expr, err = c.expression(d, expr, caseless); err != nil {
				return err
			}
		}
		l.server.names = append(l.server.names, n)
	}
	return nil
}

func place(d nginxconf.Directive) string { return d.File + ":" + strconv.Itoa(d.Line) }
