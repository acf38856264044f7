package course

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (v *validator) check(at string, l Lab, c Check) {
	if kinds := c.kinds(); len(kinds) != 1 {
		v.say(at, "a check has one kind, not %d %v", len(kinds), kinds)
		return
	}
	if c.Limit < 0 || c.Limit > maxLimit {
		v.say(at+".limit", "limit: %s is not between 0 and %s", c.Limit, maxLimit)
	}
	v.actions(at+".before", l, c.Before)
	if c.Acts() && slices.Contains(l.Engines, "embedded") {
		v.say(at, "the embedded engine has no services to act on: leave embedded out of engines, or the actions out of this check")
	}
	kind := at + "." + string(c.Kind)
	if e, ok := c.endpoint(); ok {
		v.endpoint(kind, l, e)
	}
	v.kind(kind, l, c)
}

// endpoint is Endpoint for checks that may be incomplete.
func (c Check) endpoint() (Endpoint, bool) {
	if c.Reach != nil {
		return Endpoint{}, false
	}
	return c.Endpoint()
}

func (v *validator) kind(at string, l Lab, c Check) {
	switch c.Kind {
	case KindHandshake:
		v.handshake(at, *c.Handshake)
	case KindEcho:
		v.echo(at, *c.Echo)
	case KindReceived:
		v.received(at, l, *c.Received)
	case KindIdle:
		v.idle(at, l, *c.Idle)
	case KindEffective:
		v.effective(at, l, *c.Effective)
	case KindHTTP:
		v.answer(at+".expect", c.HTTP.Expect.Refused, c.HTTP.Expect.statuses()...)
	case KindLog:
		v.service(at+".service", l, c.Log.Service)
		v.pattern(at+".match", c.Log.Match)
		if c.Log.Match == "" {
			v.say(at, "log needs match")
		}
		v.bound(at+".within", c.Log.Within)
	case KindExec:
		v.service(at+".service", l, c.Exec.Service)
		v.pattern(at+".expect.match", c.Exec.Expect.Match)
		if len(c.Exec.Command) == 0 {
			v.say(at, "exec needs a command")
		}
	case KindReach:
		v.reach(at, l, *c.Reach)
	case KindWatch:
		v.watch(at, l, *c.Watch)
	case KindArrivals:
		v.arrivals(at, l, *c.Arrivals)
	}
}

func (v *validator) handshake(at string, h Handshake) {
	v.answer(at+".expect", h.Expect.Refused, h.Expect.Status...)
	if h.Beside < 0 || h.Beside > maxCrowd {
		v.say(at+".beside", "beside: %d is not between 0 and %d", h.Beside, maxCrowd)
	}
	if !slices.Equal(h.Expect.Status, Statuses{101}) && (h.Expect.Subprotocol != "" || h.Expect.Close != 0) {
		v.say(at+".expect", "subprotocol and close are for status 101")
	}
	if h.Expect.Close != 0 {
		v.code(at+".expect.close", h.Expect.Close)
	}
	if h.Expect.ALPN != "" && h.TLS == nil {
		v.say(at+".expect.alpn", "alpn is negotiated in TLS: this check has no tls")
	}
}

// answer wants one of statuses and a reason for which there is none.
func (v *validator) answer(at, refused string, statuses ...int) {
	switch {
	case (len(statuses) == 0) == (refused == ""):
		v.say(at, "expect needs either status or refused")
	case refused == "":
		for _, status := range statuses {
			if status < 100 || status > 599 {
				v.say(at+".status", "status: %d is not between 100 and 599", status)
			}
		}
	case !slices.Contains(Refusals(), refused):
		v.say(at+".refused", "refused: %q is not one of %s", refused, strings.Join(Refusals(), ", "))
	}
}

func (v *validator) echo(at string, e Echo) {
	if (e.Send == "") == (e.Size == 0) {
		v.say(at, "echo needs either send or size")
	}
	if e.Size < 0 || e.Size > maxSize {
		v.say(at+".size", "size: %d is not between 1 and %d bytes", e.Size, maxSize)
	}
	if e.Close != 0 {
		v.code(at+".close", e.Close)
		if e.Expect != "" {
			v.say(at, "echo expects either an answer or a close")
		}
	}
}

func (v *validator) received(at string, l Lab, r Received) {
	v.service(at+".by", l, r.By)
	wants := 0
	for _, set := range []bool{r.Absent, r.Present, r.Equals != ""} {
		if set {
			wants++
		}
	}
	if r.Header == "" || wants != 1 {
		v.say(at, "received needs a header and one of absent, present, equals")
	}
}

func (v *validator) idle(at string, l Lab, i Idle) {
	if (i.Closed == nil) == (i.OpenAfter == 0) {
		v.say(at, "idle needs either closed or open_after")
	}
	v.bound(at+".open_after", i.OpenAfter)
	v.control(at, l, i.Control, i.Path)
	if i.Closed == nil {
		return
	}
	if i.Closed.After <= 0 || i.Closed.Within <= 0 {
		v.say(at+".closed", "closed needs after and within, both more than 0")
	}
	v.bound(at+".closed.after", i.Closed.After)
	if i.Closed.By != "" {
		v.service(at+".closed.by", l, i.Closed.By)
	}
}

func (v *validator) control(at string, l Lab, control, path string) {
	if control != "" {
		v.endpoint(at+".control", l, Endpoint{Via: control, Path: path})
	}
}

func (v *validator) effective(at string, l Lab, e Effective) {
	v.service(at+".service", l, e.Service)
	v.pattern(at+".match", e.Match)
	if re, err := regexp.Compile(e.Match); err == nil && e.Match != "" && re.NumSubexp() != 1 {
		v.say(at+".match", "match needs one group in parentheses: the value")
	}
	switch {
	case len(e.Command) > 0 && e.Match == "", len(e.Command) == 0 && e.Match != "":
		v.say(at, "effective needs command and match together")
	case len(e.Command) == 0 && !strings.HasPrefix(e.Path, "/"):
		v.say(at, "effective needs a path that begins with /, or a command")
	}
	if e.Directive == "" {
		v.say(at, "effective needs directive: what the value is called")
	}
	if (e.AtLeast == 0) == (e.Equals == "") {
		v.say(at, "effective needs either at_least or equals")
	}
	if !slices.Contains([]string{"", "ns", "ms", "s"}, e.Unit) {
		v.say(at+".unit", "unit: %q is not ns, ms or s", e.Unit)
	}
	if e.Unit != "" && e.Equals != "" && !isTime(e.Equals) {
		v.say(at+".equals", "equals: %q is no time, and unit says that the value is one", e.Equals)
	}
}

// isTime tells whether a text is a time, or a number of some unit.
func isTime(s string) bool {
	_, notNumber := strconv.ParseFloat(s, 64)
	_, notTime := time.ParseDuration(s)
	return notNumber == nil || notTime == nil
}

// expectations are what may be wanted of a crowd.
var expectations = []string{"", "all", "not-all", "none"}

func (v *validator) endpoint(at string, l Lab, e Endpoint) {
	v.knock(at, l, e.Via, e.Path)
	if e.TLS != nil {
		v.tls(at+".tls", l, *e.TLS)
	}
	if t := e.Token; t != nil {
		v.knock(at+".token", l, t.Via, t.Path)
		v.bound(at+".token.age", t.Age)
		if (t.Header == "") == (t.Query == "") {
			v.say(at+".token", "token needs either header or query: where to show it")
		}
	}
	for name, value := range e.Headers {
		if strings.ContainsAny(name+value, "\r\n") || name == "" {
			v.say(at+".headers", "headers: %q is not a header", name)
		}
	}
}

func (v *validator) knock(at string, l Lab, via, path string) {
	name, port := splitVia(via)
	s, ok := l.Env.Service(name)
	switch {
	case !ok:
		v.say(at, "there is no service %q", name)
	case len(s.Ports) == 0:
		v.say(at, "service %s publishes no port", name)
	case port != 0 && !slices.Contains(s.Ports, port):
		v.say(at, "service %s does not publish port %d", name, port)
	}
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \t\r\n") {
		v.say(at, "path: %q does not begin with /, or has white space", path)
	}
}

func (v *validator) tls(at string, l Lab, t TLS) {
	service, file, inService := t.At()
	switch {
	case t.CA == "":
	case inService:
		v.service(at+".ca", l, service)
		if !path.IsAbs(file) {
			v.say(at+".ca", "ca: %q is not an absolute path in the service", file)
		}
	case !insideLab(t.CA):
		v.say(at+".ca", "ca: %q is outside the lab's folder", t.CA)
	}
}

// readAuthorities loads the certificates of authorities that are files of the lab.
func (v *validator) readAuthorities(l Lab) {
	for i, s := range l.Steps {
		for j, c := range s.Checks {
			for _, t := range c.tls() {
				if _, _, inService := t.At(); t.CA == "" || inService {
					continue
				}
				data, err := fs.ReadFile(l.FS, t.CA)
				if err != nil {
					v.say(fmt.Sprintf("$.steps[%d].checks[%d]", i, j), "ca: %s is not there", t.CA)
				}
				t.Roots = data
			}
		}
	}
}

// tls lists the TLS of the check's endpoints.
func (c Check) tls() []*TLS {
	var out []*TLS
	if e, ok := c.endpoint(); ok && e.TLS != nil {
		out = append(out, e.TLS)
	}
	if c.Reach != nil {
		for _, g := range c.Reach.Join {
			if g.TLS != nil {
				out = append(out, g.TLS)
			}
		}
	}
	return out
}

func (v *validator) service(at string, l Lab, name string) {
	if _, ok := l.Env.Service(name); !ok {
		v.say(at, "there is no service %q", name)
	}
}

func (v *validator) code(at string, code int) {
	if code < 1000 || code > 4999 {
		v.say(at, "%d is not a close code (1000–4999)", code)
	}
}

func (v *validator) bound(at string, d time.Duration) {
	if d < 0 || d > maxLimit {
		v.say(at, "%s is not between 0 and %s", d, maxLimit)
	}
}

func (v *validator) pattern(at, pattern string) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	switch {
	case len(pattern) > maxPattern:
		v.say(at, "the pattern is longer than %d bytes", maxPattern)
	case err != nil:
		v.say(at, "%v", err)
	case states(re) > maxStates:
		v.say(at, "the pattern repeats so much that it is too large: count less")
	}
}

// insideLab tells whether name is a path inside the lab's folder, on every system: slash-separated, without "..", not
// absolute, without a drive.
func insideLab(name string) bool {
	return fs.ValidPath(name) && !strings.ContainsAny(name, `\:`) && !strings.HasPrefix(name, "~")
}
