package course

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// leastTolerance is what a busy machine alone makes of a time: less fails right answers.
const leastTolerance = 200 * time.Millisecond

// LintChecks reports checks that cannot do what they are written for: that hold whatever happens, or never.
func (l Lab) LintChecks() Problems {
	data, err := readText(l.FS, l.File)
	if err != nil {
		return Problems(nil).Collect(l.File, err)
	}
	v := validator{file: path.Join(l.ID, l.File), data: data}
	for _, s := range l.Env.Services {
		v.vacuous("$.services."+s.Name+".ready.log", s.Ready.Log)
		v.vacuous("$.services."+s.Name+".apply.until", s.Apply.Until)
		v.until(s)
	}
	for i, s := range l.Steps {
		for j, c := range s.Checks {
			v.lintCheck(fmt.Sprintf("$.steps[%d].checks[%d]", i, j), l, c)
		}
	}
	return v.problems
}

// advise is say with a hint.
func (v *validator) advise(at, hint, format string, args ...any) {
	n := len(v.problems)
	if v.say(at, format, args...); len(v.problems) > n {
		v.problems[n].Hint = hint
	}
}

func (v *validator) lintCheck(at string, l Lab, c Check) {
	kind := at + "." + string(c.Kind)
	if least := c.latest(); c.Limit < least {
		v.advise(at+".limit", "leave limit out: it follows from the check", "limit: %s is less than the %s that the check may wait", c.Limit, least)
	}
	switch {
	case c.Idle != nil && c.Idle.Closed != nil:
		v.idleClose(kind+".closed", l, *c.Idle)
	case c.Log != nil:
		v.vacuous(kind+".match", c.Log.Match)
	case c.Exec != nil:
		v.vacuous(kind+".expect.match", c.Exec.Expect.Match)
	case c.Handshake != nil:
		if c.Handshake.Expect.Contains != "" && !slices.ContainsFunc(c.Handshake.Expect.Status, func(s int) bool { return s != 101 }) {
			v.advise(kind+".expect.contains", "look at what is answered with echo", "contains: an answer of 101 has no body")
		}
	case c.Watch != nil:
		v.lintWatch(kind+".expect", *c.Watch)
	case c.Arrivals != nil:
		if a := c.Arrivals; a.AtMost > 0 && a.Window > a.During {
			v.advise(kind+".window", "make window less than during", "window: %s is more than the %s that are watched", a.Window, a.During)
		}
	}
}

// idleClose wants a close to be told from one at once, and by somebody whose doing it can be.
func (v *validator) idleClose(at string, l Lab, i Idle) {
	c := *i.Closed
	switch {
	case c.Within >= c.After:
		v.advise(at+".within", fmt.Sprintf("make within less than after: %s tells %s from at once", c.After/4, c.After),
			"within: from %s before to %s after %s also includes a close at once", c.Within, c.Within, c.After)
	case c.Within < leastTolerance:
		v.advise(at+".within", fmt.Sprintf("make within at least %s", leastTolerance),
			"within: %s is less than a busy machine is late by", c.Within)
	}
	service, ok := l.Env.Service(c.By)
	via, _ := i.Service()
	mine := slices.ContainsFunc(l.Edit, func(e Editable) bool { return e.Service == c.By })
	if ok && c.By != via && !mine && !service.proxies() {
		v.advise(at+".by", "name the proxy that closes, or leave by out",
			"by: that %s closed cannot be proven: the connection goes to %s, and %s is neither what the student edits nor a proxy", c.By, via, c.By)
	}
}

// proxies tells whether a service runs software that says in its log why it closed.
func (s Service) proxies() bool {
	for _, command := range [][]string{s.Apply.Validate, s.Apply.Reload, s.Command} {
		if len(command) > 0 && slices.Contains([]string{"nginx", "caddy", "haproxy"}, path.Base(command[0])) {
			return true
		}
	}
	return s.Apply.Stub == "nginx"
}

func (v *validator) lintWatch(at string, w Watch) {
	if c := w.Expect.Closed; c != nil && c.After > 0 && c.Within-c.After < leastTolerance {
		v.advise(at+".closed.within", fmt.Sprintf("make within at least %s more than after", leastTolerance),
			"within: %s after %s is less than a busy machine is late by", c.Within-c.After, c.After)
	}
	if n := w.Expect.Noticed; n != nil && n.Within-n.After < leastTolerance {
		v.advise(at+".noticed.within", fmt.Sprintf("make within at least %s more than after", leastTolerance),
			"within: %s after %s is less than a busy machine is late by", n.Within-n.After, n.After)
	}
	if p := w.Expect.Pings; p != nil && p.AtMost != nil && *p.AtMost < p.AtLeast {
		v.advise(at+".pings.at_most", "make at_most more than at_least", "at_most: %d is less than at_least, %d", *p.AtMost, p.AtLeast)
	}
}

// vacuous finds patterns that every line matches, and every output.
func (v *validator) vacuous(at, pattern string) {
	if pattern == "" {
		return
	}
	if re, err := regexp.Compile(pattern); err == nil && re.MatchString("") && re.MatchString("x") {
		v.advise(at, "name what only the line has that is meant", "the pattern %q matches whatever there is", pattern)
	}
}

// reloadLines are what nginx logs on a reload, at the level notice.
var reloadLines = []string{
	"2026/01/01 00:00:00 [notice] 1#1: signal 1 (SIGHUP) received from 7, reconfiguring",
	"2026/01/01 00:00:00 [notice] 1#1: reconfiguring",
	"2026/01/01 00:00:00 [notice] 1#1: start worker processes",
	"2026/01/01 00:00:00 [notice] 1#1: start worker process 9",
	"2026/01/01 00:00:00 [notice] 8#8: gracefully shutting down",
	"2026/01/01 00:00:00 [notice] 8#8: exiting",
	"2026/01/01 00:00:00 [notice] 8#8: exit",
	"2026/01/01 00:00:00 [notice] 1#1: worker process 8 exited with code 0",
	"2026/01/01 00:00:00 [notice] 1#1: signal 17 (SIGCHLD) received from 8",
}

// until finds a line that nginx does not say on a reload, which each save would wait for in vain.
func (v *validator) until(s Service) {
	re, err := regexp.Compile(s.Apply.Until)
	if s.Apply.Until == "" || s.Apply.Stub != "nginx" || err != nil || slices.ContainsFunc(reloadLines, re.MatchString) {
		return
	}
	v.advise("$.services."+s.Name+".apply.until", `write until: "gracefully shutting down"`,
		"until: nginx says no line that matches %q when it reloads", strings.TrimSpace(s.Apply.Until))
}
