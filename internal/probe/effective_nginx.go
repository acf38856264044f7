package probe

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/nginxconf"
)

// effectiveNginx asks a running nginx for the value in force where the request ends up that a client sends. `nginx -T`
// prints the files that it would read now; they are the running ones, since a session gives no verdict between a change
// of the files and the end of the reload. Where the files leave open which way the request takes, a handshake may show
// it; else nothing is guessed.
func (l *look) effectiveNginx(ctx context.Context, e course.Effective) (Verdict, error) {
	want := wantEffective(e)
	res, err := l.run.target.Exec(ctx, e.Service, "nginx", "-T")
	if err != nil {
		return Verdict{Want: want}, fmt.Errorf("asking %s for its configuration: %w", e.Service, err)
	}
	if res.Code != 0 {
		return Verdict{Want: want}, fmt.Errorf("nginx -T in %s: exit code %d: %s", e.Service, res.Code, clean(res.Stderr))
	}
	conf, err := nginxconf.ParseDump(res.Stdout)
	if err != nil {
		return Verdict{Want: want}, fmt.Errorf("reading the output of nginx -T: %w", err)
	}
	ways, doubts := nginxconf.Ways(conf.Tree, l.requestFor(ctx, e), e.Directive)
	verdicts := judgeWays(e, ways)
	if differ(verdicts) && !doubtful(ways) {
		if ways, err = l.taken(ctx, e, ways); err != nil {
			return Verdict{Want: want}, err
		}
		verdicts = judgeWays(e, ways)
	}
	switch {
	case doubtful(ways):
		for _, w := range ways {
			if w.Doubt != nil {
				return unresolved(want, *w.Doubt), nil
			}
		}
	case differ(verdicts):
		return unresolved(want, doubts[0]), nil
	}
	l.sawValues(e, ways[0])
	return verdicts[0], nil
}

// requestFor is the request as clients of this service send it.
func (l *look) requestFor(ctx context.Context, e course.Effective) nginxconf.Request {
	r := nginxconf.Request{Port: e.Port, Path: e.Path, Self: []string{e.Service}}
	if addr, err := l.run.target.Addr(e.Service, e.Port); err == nil {
		r.Host = addr
	}
	files := &serviceFiles{look: l, service: e.Service}
	r.Exists = func(kind byte, path string) (exists, known bool) { return files.exists(ctx, kind, path) }
	return r
}

// judgeWays judges each way that the request may take by itself.
func judgeWays(e course.Effective, ways []nginxconf.Way) []Verdict {
	var out []Verdict
	for _, w := range ways {
		out = append(out, judgeWay(e, w))
	}
	return out
}

func judgeWay(e course.Effective, w nginxconf.Way) Verdict {
	want := wantEffective(e)
	switch {
	case len(w.Hops) == 0:
		return verdict(false, want, NewFact("no-server", strconv.Itoa(e.Port)), "")
	case strings.HasPrefix(e.Directive, "proxy_") && !w.Proxied:
		return verdict(false, want, NewFact("not-proxied", strconv.Itoa(w.Status)), statusMeaning(w.Status, 101))
	}
	got := Fact{}
	for _, h := range w.Hops { // each counts: the lowest limit on the way ends the connection
		if !h.Found {
			return verdict(false, want, NewFact("directive-absent", e.Directive), "")
		}
		if got = NewFact("value", h.Value); h.Where.Line == 0 {
			got.Args = append(got.Args, "default")
		}
		if !inForce(e, h.Value) {
			meaning := "wrong-limit"
			if e.AtLeast == 0 {
				meaning = ""
			}
			return verdict(false, want, got, meaning)
		}
	}
	return verdict(true, want, got, "")
}

// inForce tells whether a value is the one that is wanted: "1h" is 3600s, and "8k" 8192.
func inForce(e course.Effective, value string) bool {
	d, err := nginxconf.ParseTime(value)
	if e.AtLeast > 0 {
		return err == nil && d >= e.AtLeast
	}
	if value == e.Equals {
		return true
	}
	if strings.HasSuffix(e.Directive, "_timeout") || strings.HasSuffix(e.Directive, "_time") {
		other, otherErr := nginxconf.ParseTime(e.Equals)
		return err == nil && otherErr == nil && d == other
	}
	size, err := nginxconf.ParseSize(value)
	other, otherErr := nginxconf.ParseSize(e.Equals)
	return err == nil && otherErr == nil && size == other
}

// differ tells whether it matters which way the request takes.
func differ(all []Verdict) bool {
	return slices.ContainsFunc(all, func(v Verdict) bool { return v.Outcome != all[0].Outcome })
}

func doubtful(ways []nginxconf.Way) bool {
	return slices.ContainsFunc(ways, func(w nginxconf.Way) bool { return w.Doubt != nil })
}

// unresolved says what keeps the verdict from being known.
func unresolved(want Fact, d nginxconf.Directive) Verdict {
	text := []rune(strings.TrimSpace(d.Name + " " + d.Value()))
	if len(text) > 80 {
		text = append(text[:80], '…')
	}
	return Verdict{Outcome: Unknown, Want: want, Meaning: "depends-on-runtime",
		Got: NewFact("unresolved", string(text), fmt.Sprintf("%s:%d", d.File, d.Line))}
}

// taken asks by a handshake which of several ways the request takes: one that comes about was handed on, and the backend
// and the proxy's log may say how. All that it does not rule out are left.
func (l *look) taken(ctx context.Context, e course.Effective, ways []nginxconf.Way) ([]nginxconf.Way, error) {
	via := e.Service
	if e.Port != 0 {
		via = net.JoinHostPort(e.Service, strconv.Itoa(e.Port))
	}
	a, err := l.dial(ctx, course.Endpoint{Via: via, Path: e.Path}, "")
	if err != nil || a.status != 101 {
		return ways, err
	}
	hangUp(a.conn)
	path, passes := "", 0
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if line, err := l.run.target.Log(e.Service).Wait(wait, l.run.since[e.Service], func(line Line) bool {
		_, ok := l.accessSays(line)
		return ok
	}); err == nil {
		said, _ := l.accessSays(line)
		passes = said.passes
	}
	for _, name := range l.run.target.Services() {
		for _, line := range l.run.target.Log(name).Since(l.run.since[name]) {
			if said, ok := l.backendSays(line, "handshake"); ok {
				path = said.Path
			}
		}
	}
	left := slices.DeleteFunc(slices.Clone(ways), func(w nginxconf.Way) bool {
		handed, _, _ := strings.Cut(w.Path, "?")
		return !w.Proxied || path != "" && handed != "" && handed != path ||
			passes != 0 && len(w.Hops) == 1 && w.Failures+1 != passes
	})
	if len(left) == 0 { // none explains what was seen: then nothing was
		return ways, nil
	}
	return left, nil
}

// sawValues notes where the values come from.
func (l *look) sawValues(e course.Effective, w nginxconf.Way) {
	for _, h := range w.Hops {
		text := fmt.Sprintf("nginx -T: %s %s;  (%s:%d)", e.Directive, h.Value, h.Where.File, h.Where.Line)
		switch {
		case !h.Found:
			text = "nginx -T: no " + e.Directive
		case h.Where.Line == 0:
			text = fmt.Sprintf("nginx -T: no %s; nginx's default: %s", e.Directive, h.Value)
		}
		l.saw(Exchange{From: e.Service, Kind: WireLog, Text: text})
	}
}
