package course

import (
	"fmt"
	"slices"
	"time"
)

func (v *validator) reach(at string, l Lab, r Reach) {
	clients, wanted := 0, r.Expect != ""
	for i, g := range r.Join {
		where := fmt.Sprintf("%s.join[%d]", at, i)
		v.endpoint(where, l, g.Endpoint)
		if !slices.Contains(expectations, g.Expect) {
			v.say(where+".expect", "expect: %q is not all, not-all or none", g.Expect)
		}
		clients += g.Clients
		wanted = wanted || g.Expect != ""
	}
	if clients < 2 || clients > maxCrowd {
		v.say(at, "reach needs 2 to %d clients, not %d", maxCrowd, clients)
	}
	if r.Send == "" {
		v.say(at, "reach needs send")
	}
	if !slices.Contains(expectations, r.Expect) {
		v.say(at+".expect", "expect: %q is not all, not-all or none", r.Expect)
	}
	if !wanted {
		v.say(at, "reach needs expect, of all or of a group")
	}
	v.bound(at+".within", r.Within)
	v.bound(at+".settle", r.Settle)
}

func (v *validator) watch(at string, l Lab, w Watch) {
	v.actions(at+".do", l, w.Do)
	v.control(at, l, w.Control, w.Path)
	if w.Clients < 1 || w.Clients > maxCrowd {
		v.say(at+".clients", "clients: %d is not between 1 and %d", w.Clients, maxCrowd)
	}
	if w.Every != 0 && w.Every < 50*time.Millisecond {
		v.say(at+".every", "every: %s is less than 50ms", w.Every)
	}
	e := w.Expect
	if e.Closed == nil && e.Open == 0 && e.Noticed == nil && e.Unnoticed == nil && e.Pings == nil {
		v.say(at+".expect", "watch needs to expect something: closed, open, noticed, unnoticed or pings")
	}
	if w.Mute && (e.Closed != nil || e.Open != 0 || e.Pings != nil || w.Every != 0) {
		v.say(at+".mute", "a client that is mute sees nothing and says nothing: expect noticed or unnoticed")
	}
	v.closed(at+".expect.closed", l, e.Closed)
	if e.Back != nil && (e.Closed == nil || e.Back.Within <= 0) {
		v.say(at+".expect.back", "back needs closed beside it, and within")
	}
	if e.Back != nil && e.Back.ServedBy != "" {
		v.service(at+".expect.back.served_by", l, e.Back.ServedBy)
	}
	v.noticed(at+".expect.noticed", l, e.Noticed, true)
	v.noticed(at+".expect.unnoticed", l, e.Unnoticed, false)
	if p := e.Pings; p != nil {
		v.bound(at+".expect.pings.during", p.During)
		if p.During <= 0 || p.AtLeast == 0 && p.AtMost == nil {
			v.say(at+".expect.pings", "pings needs during, and at_least or at_most")
		}
	}
	v.bound(at+".expect.open", e.Open)
}

func (v *validator) closed(at string, l Lab, c *Closed) {
	if c == nil {
		return
	}
	if c.Within <= 0 || c.Within < c.After {
		v.say(at, "closed needs within, not less than after")
	}
	v.bound(at+".within", c.Within)
	for i, code := range c.Codes {
		v.code(fmt.Sprintf("%s.codes[%d]", at, i), code)
	}
	if c.ServedBy != "" {
		v.service(at+".served_by", l, c.ServedBy)
	}
}

func (v *validator) noticed(at string, l Lab, n *Noticed, within bool) {
	if n == nil {
		return
	}
	v.service(at+".by", l, n.By)
	if within && (n.Within <= 0 || n.Within < n.After) {
		v.say(at, "noticed needs within, not less than after")
	}
	if !within && (n.After <= 0 || n.Within != 0 || n.Codes != nil) {
		v.say(at, "unnoticed needs after, and by, and nothing else")
	}
	v.bound(at+".after", max(n.After, n.Within))
}

func (v *validator) arrivals(at string, l Lab, a Arrivals) {
	v.service(at+".by", l, a.By)
	v.actions(at+".do", l, a.Do)
	v.bound(at+".during", a.During)
	if a.During <= 0 {
		v.say(at, "arrivals needs during")
	}
	if a.AtLeast == 0 && a.AtMost == 0 {
		v.say(at, "arrivals needs at_least or at_most")
	}
	if (a.AtMost == 0) != (a.Window == 0) {
		v.say(at, "arrivals needs at_most and window together")
	}
}

func (v *validator) actions(at string, l Lab, actions []Action) {
	for i, a := range actions {
		verb, service := a.Verb()
		where := fmt.Sprintf("%s[%d]", at, i)
		switch verb {
		case "":
			v.say(where, "an action does one thing")
		case "wait":
			v.bound(where+".wait", a.Wait)
		default:
			v.service(where+"."+verb, l, service)
		}
	}
}
