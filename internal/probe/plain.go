package probe

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cwk-stream/lab/internal/course"
)

// http sends one plain request. Redirects are not followed: they are answers, too.
func (l *look) http(ctx context.Context, h course.HTTP) (Verdict, error) {
	want := NewFact("status", strconv.Itoa(h.Expect.Status))
	if h.Expect.Refused != "" {
		want = NewFact("refused", h.Expect.Refused)
	}
	res, body, early, err := l.request(ctx, h)
	switch {
	case err != nil:
		return Verdict{Want: want}, err
	case early != nil:
		return verdict(early.refused(h.Expect.Refused), want, early.got(), early.meaning()), nil
	}
	got := NewFact("status", strconv.Itoa(res.StatusCode))
	if res.StatusCode != h.Expect.Status {
		return verdict(false, want, got, statusMeaning(res.StatusCode, h.Expect.Status)), nil
	}
	return httpMore(h.Expect, res, body, got), nil
}

// httpMore judges what a check wants of an answer beyond its status, which is got.
func httpMore(e course.HTTPExpect, res *http.Response, body string, got Fact) Verdict {
	if e.ALPN != "" {
		alpn := ""
		if res.TLS != nil {
			alpn = res.TLS.NegotiatedProtocol
		}
		if alpn != e.ALPN {
			return verdict(false, NewFact("alpn", e.ALPN), NewFact("alpn", orDash(alpn)), "")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		if value := res.Header.Get(name); !strings.Contains(value, e.Headers[name]) {
			return verdict(false, NewFact("header", name, e.Headers[name]), NewFact("header", name, orDash(value)), "")
		}
	}
	if e.Contains != "" {
		return verdict(strings.Contains(body, e.Contains), NewFact("body-contains", e.Contains), NewFact("body", body), "")
	}
	return verdict(true, got, got, "")
}

// request sends a request and reads the answer; early says why there is none.
func (l *look) request(ctx context.Context, h course.HTTP) (_ *http.Response, body string, early *answer, err error) {
	service, port := h.Service()
	addr, err := l.run.target.Addr(service, port)
	if err != nil {
		return nil, "", nil, fmt.Errorf("finding %s: %w", h.Via, err)
	}
	header, path, early, err := l.credentials(ctx, h.Endpoint)
	if err != nil || early != nil {
		return nil, "", early, err
	}
	method := h.Method
	if method == "" {
		method = http.MethodGet
	}
	scheme := "http"
	transport := &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: maxHandshake}
	if transport.TLSClientConfig, err = l.clientTLS(ctx, h.Endpoint); err != nil {
		return nil, "", nil, err
	}
	if transport.TLSClientConfig != nil {
		scheme = "https"
		transport.ForceAttemptHTTP2 = slices.Contains(h.TLS.ALPN, "h2")
	}
	req, err := http.NewRequestWithContext(ctx, method, scheme+"://"+addr+path, nil)
	if err != nil {
		return nil, "", nil, fmt.Errorf("making the request: %w", err)
	}
	req.Header = header
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	l.saw(Exchange{From: "you", To: service, Kind: WireRequest, Text: method + " " + h.Path + " HTTP"})
	defer transport.CloseIdleConnections()
	stop := l.watchSilence(ctx, service)
	res, err := transport.RoundTrip(req)
	stop()
	if err != nil {
		if ctx.Err() != nil {
			return nil, "", nil, ctx.Err()
		}
		if ours := cannotConnect(h.Via, err); ours != nil {
			return nil, "", nil, ours
		}
		why := httpReason(err)
		l.saw(Exchange{From: service, To: "you", Kind: WireRefused, Text: why})
		return nil, "", &answer{reason: why}, nil
	}
	defer res.Body.Close()
	// The body of an answer that nobody asked for, 101, is the bare connection, which knows nothing of ctx.
	defer context.AfterFunc(ctx, func() { _ = res.Body.Close() })()
	data, _ := io.ReadAll(io.LimitReader(res.Body, maxHandshake))
	l.saw(Exchange{From: service, To: "you", Kind: WireResponse,
		Text:  fmt.Sprintf("%s %d %s", res.Proto, res.StatusCode, http.StatusText(res.StatusCode)),
		Notes: []string{brief(string(data))}})
	return res, string(data), nil, nil
}

// httpReason is reason for net/http, which puts a server's TLS alert into words.
func httpReason(err error) string {
	if strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`) {
		return "plain-on-tls"
	}
	if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return "not-tls"
	}
	return reason(err)
}

// log looks for a line that a service has written since the run of checks began. It waits for one; that none came is
// known only then.
func (l *look) log(ctx context.Context, c course.Log) (Verdict, error) {
	pattern, err := regexp.Compile(c.Match)
	if err != nil {
		return Verdict{}, fmt.Errorf("log check: %w", err)
	}
	lines, none := NewFact("log-line", c.Match), NewFact("no-log-line", c.Match)
	log := l.run.target.Log(c.Service)
	if log == nil {
		return Verdict{}, fmt.Errorf("there is no service %q", c.Service)
	}
	wait, cancel := context.WithTimeout(ctx, max(c.Within, patience))
	defer cancel()
	line, err := log.Wait(wait, l.run.since[c.Service], func(line Line) bool { return pattern.MatchString(line.Text) })
	if ctx.Err() != nil {
		return Verdict{}, ctx.Err()
	}
	found := err == nil
	if found {
		l.saw(Exchange{At: line.Time, From: c.Service, Kind: WireLog, Text: line.Text})
	}
	want, got := lines, none
	if c.Absent {
		want = none
	}
	if found {
		got = lines
	}
	return verdict(found != c.Absent, want, got, ""), nil
}

// exec runs a command in a service and looks at how it ended and what it printed.
func (l *look) exec(ctx context.Context, e course.Exec) (Verdict, error) {
	want := NewFact("exit", strconv.Itoa(e.Expect.Code))
	pattern, err := regexp.Compile(e.Expect.Match)
	if err != nil {
		return Verdict{Want: want}, fmt.Errorf("exec check: %w", err)
	}
	res, err := l.run.target.Exec(ctx, e.Service, e.Command...)
	if err != nil {
		return Verdict{Want: want}, fmt.Errorf("running %s in %s: %w", e.Command[0], e.Service, err)
	}
	l.saw(Exchange{From: e.Service, Kind: WireLog, Text: "$ " + strings.Join(e.Command, " "),
		Notes: []string{res.Stdout + res.Stderr}})
	if res.Code != e.Expect.Code {
		return verdict(false, want, NewFact("exit", strconv.Itoa(res.Code)), ""), nil
	}
	if e.Expect.Match != "" {
		want = NewFact("output", e.Expect.Match)
		return verdict(pattern.MatchString(printed(pattern, res.Stdout)), want, NewFact("output", brief(res.Stdout)), ""), nil
	}
	return verdict(true, want, want, ""), nil
}
