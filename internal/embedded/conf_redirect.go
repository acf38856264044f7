package embedded

import (
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// redirection is a proxy_redirect: what an upstream's Location begins with, or matches, becomes something else.
type redirection struct {
	from template
	expr *nginxconf.Pattern // instead of from
	to   template
}

// proxyRedirect reads proxy_redirect, whose forms exclude each other by their order (ngx_http_proxy_redirect).
func (c *compiler) proxyRedirect(l *level, d nginxconf.Directive) error {
	before := l.set[d.Name]
	if len(before) > 0 && before[len(before)-1].Value() == "off" {
		return say(d, "is duplicate")
	}
	l.set[d.Name] = append(before, d)
	if len(d.Args) == 1 {
		return c.oneRedirect(l, d, len(before) > 0)
	}
	r := redirection{}
	var err error
	if expr, ok := strings.CutPrefix(d.Args[0], "~"); ok {
		expr, caseless := strings.CutPrefix(expr, "*")
		r.expr, err = c.expression(d, expr, caseless)
	} else {
		r.from, err = c.template(d, d.Args[0])
	}
	if err != nil {
		return err
	}
	if r.to, err = c.template(d, d.Args[1]); err != nil {
		return err
	}
	l.redirects = append(l.redirects, r)
	return nil
}

// oneRedirect reads the forms with one parameter.
func (c *compiler) oneRedirect(l *level, d nginxconf.Directive, more bool) error {
	switch {
	case d.Args[0] == "off" && more:
		return say(d, "is duplicate")
	case d.Args[0] == "off":
		return nil
	case d.Args[0] != "default":
		return fail(d, `invalid parameter "`+d.Args[0]+`"`)
	}
	var p *pass
	if l.location != nil && l.location.level == l {
		p = l.location.pass
	}
	switch {
	case p != nil && p.dynamic != nil:
		return fail(d, `"proxy_redirect default" cannot be used with "proxy_pass" directive with variables`)
	case p == nil:
		return fail(d, `"proxy_redirect default" should be placed after the "proxy_pass" directive`)
	}
	l.redirects = append(l.redirects, defaultRedirect(l.location))
	return nil
}

// defaultRedirect makes the URL of proxy_pass that of the location.
func defaultRedirect(loc *location) redirection {
	p := loc.pass
	from, to := p.url, loc.match.Pattern
	if p.uri == "" {
		from, to = p.url+"/", "/"
	}
	if loc.match.Regexp != nil || loc.match.Modifier == "@" || loc.nameless {
		to = "/"
	}
	return redirection{from: template{{text: from}}, to: template{{text: to}}}
}

// redirects are those in force on a level: the nearest level with any, else the default where there is a proxy_pass.
func redirects(l *level) []redirection {
	for outer := l; outer != nil; outer = outer.parent {
		if set := outer.set["proxy_redirect"]; set != nil {
			if len(outer.redirects) == 0 {
				return nil // off
			}
			return outer.redirects
		}
	}
	if l.location == nil || l.location.pass == nil || l.location.pass.dynamic != nil {
		return nil
	}
	loc := l.location
	if loc.nameless && loc.pass == loc.branchOf.pass {
		loc = loc.branchOf
	}
	return []redirection{defaultRedirect(loc)}
}

// redirected changes a Location as the first proxy_redirect that fits says.
func (r *request) redirected(url string) string {
	for _, d := range r.set.redirects {
		if d.expr != nil {
			if r.matches(d.expr, url) {
				return d.to.fill(r)
			}
			continue
		}
		if rest, ok := strings.CutPrefix(url, d.from.fill(r)); ok {
			return d.to.fill(r) + rest
		}
	}
	return url
}
