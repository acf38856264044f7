package embedded

import (
	"net/netip"
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// accessRule is an allow or a deny.
type accessRule struct {
	from  netip.Prefix // the zero Prefix for all
	allow bool
}

// forwarder is who nginx takes for the client in a lab on Docker: a service of the lab's network, which is within
// 10.128.0.0/9. Rules are about that address here, too, so that they come to the same.
var forwarder = netip.AddrFrom4([4]byte{10, 255, 255, 254})

// access reads allow and deny (ngx_http_access_rule).
func (c *compiler) access(l *level, d nginxconf.Directive) error {
	l.set["access"] = append(l.set["access"], d)
	text := d.Args[0]
	if text == "all" || text == "unix:" {
		return nil
	}
	p, ok := prefixOf(text)
	if !ok {
		return fail(d, `invalid parameter "`+text+`"`)
	}
	if p != p.Masked() {
		c.warn("low address bits of " + text + " are meaningless in " + place(d))
	}
	return nil
}

func prefixOf(text string) (netip.Prefix, bool) {
	if strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		return p, err == nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

func accessRules(l *level) []accessRule {
	var rules []accessRule
	for _, d := range l.find("access") {
		if d.Args[0] == "unix:" {
			continue
		}
		p, _ := prefixOf(d.Args[0])
		rules = append(rules, accessRule{p, d.Name == "allow"})
	}
	return rules
}

// denied tells whether the first rule that is about the client denies it.
func (r *request) denied() bool {
	for _, rule := range r.set.rules {
		if !rule.from.IsValid() || rule.from.Contains(forwarder) {
			return !rule.allow
		}
	}
	return false
}
