package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// proof is what is known about the end of a connection: by the sockets of those on its way, and by the proxy's own word.
type proof struct {
	by       string        // who sent the first FIN, as the sockets of the services have it; "" where they do not tell
	idle     bool          // its log says that it gave up waiting for data
	lifetime bool          // its log says that the connection's time was over, whatever happened on it
	after    time.Duration // how long the connection lasted by its log; 0 where that says nothing
}

// timedOut is what nginx logs at level info when proxy_read_timeout or proxy_send_timeout ends a tunnel
// (ngx_http_upstream_process_upgraded).
const timedOut = "timed out (110: Connection timed out) while proxying upgraded connection"

// proofLimit is how long a check waits for the proxy's line about the end of a tunnel. The line is there within
// milliseconds, on a machine that is busy with other things within seconds.
const proofLimit = 5 * time.Second

// closeProof waits up to limit for the proxy's line about the end of this probe's connection, and looks for its reason; and notes
// what the backend said about the close.
func (l *look) closeProof(ctx context.Context, via string, limit time.Duration) proof {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	log, since := l.run.target.Log(via), l.run.since[via]
	var ended access
	_, err := log.Wait(ctx, since, func(line Line) (ok bool) {
		ended, ok = l.accessSays(line)
		return ok
	})
	if err == nil {
		// The reason is written before, but to another stream: engines may deliver it after.
		late, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		_, _ = log.Wait(late, since, func(line Line) bool {
			idle, lifetime := l.reason(line, ended)
			return idle || lifetime
		})
	}
	l.backendClosed(ctx, via)
	if err != nil {
		return proof{}
	}
	said, _ := l.proxyLogged(via)
	p := proof{after: said.took}
	for _, line := range log.Since(since) {
		idle, lifetime := l.reason(line, said)
		p.idle, p.lifetime = p.idle || idle, p.lifetime || lifetime
	}
	return p
}

// reason tells whether a line says why the proxy ended the connection that said is about.
func (l *look) reason(line Line, said access) (idle, lifetime bool) {
	if c, ok := l.caddySays(line); ok {
		return c.idleTimeout(), c.Msg == caddyLifetime
	}
	return strings.Contains(line.Text, ": *"+said.connection+" ") && strings.Contains(line.Text, timedOut), false
}

// backendClosed notes what the services behind said about the close: its code, as they saw it.
func (l *look) backendClosed(ctx context.Context, via string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, name := range l.run.target.Services() {
		if name == via {
			continue
		}
		if line, said, err := l.waitClose(ctx, name); err == nil {
			l.saw(Exchange{At: line.Time, From: via, To: name, Kind: WireClose, Text: "close " + strconv.Itoa(said.Code),
				Notes: []string{"idle", seconds(time.Duration(said.Seconds*float64(time.Second))) + " s"}})
			return
		}
	}
}

// waitClose waits for a service's line about the end of this probe's connection.
func (l *look) waitClose(ctx context.Context, service string) (Line, backendLine, error) {
	var said backendLine
	line, err := l.run.target.Log(service).Wait(ctx, l.run.since[service], func(line Line) (ok bool) {
		said, ok = l.backendSays(line, "close")
		return ok
	})
	return line, said, err
}

// The messages of Caddy 2.11 (modules/caddyhttp, reverseproxy/streaming.go and reverseproxy.go) that matter here.
// All but the first are at level debug.
const (
	caddyAccess    = "handled request"
	caddyRoundtrip = "upstream roundtrip"
	caddyError     = "streaming error"  // with the error: "… i/o timeout" where read_timeout ended a tunnel
	caddyLifetime  = "stream timed out" // stream_timeout ended it
	caddyClosed    = "connection closed"
)

// caddyLine is what Caddy logs as JSON about a request or a tunnel.
type caddyLine struct {
	Logger   string  `json:"logger"`
	Msg      string  `json:"msg"`
	Upstream string  `json:"upstream"`
	Error    string  `json:"error"`
	Status   int     `json:"status"`
	Duration float64 `json:"duration"` // seconds; Caddy writes it twice about a closed tunnel, and the last one counts
	Request  struct {
		Method  string              `json:"method"`
		URI     string              `json:"uri"`
		Proto   string              `json:"proto"`
		Headers map[string][]string `json:"headers"`
	} `json:"request"`
}

// caddySays reads a line as one of Caddy's about this probe.
func (l *look) caddySays(line Line) (caddyLine, bool) {
	var c caddyLine
	if !strings.HasPrefix(line.Text, `{"level":`) || !strings.Contains(line.Text, l.id) {
		return c, false
	}
	if json.Unmarshal([]byte(line.Text), &c) != nil {
		return c, false
	}
	id := c.Request.Headers[Header]
	return c, len(id) == 1 && id[0] == l.id
}

func (c caddyLine) idleTimeout() bool {
	return c.Msg == caddyError && strings.Contains(c.Error, "i/o timeout")
}

// took is how long a request or a tunnel lasted, 0 where the line does not say.
func (c caddyLine) took() time.Duration {
	if c.Msg != caddyAccess && c.Msg != caddyClosed {
		return 0
	}
	return time.Duration(c.Duration * float64(time.Second)).Round(time.Millisecond)
}

// String is the line without what nobody reads.
func (c caddyLine) String() string {
	switch c.Msg {
	case caddyAccess:
		return fmt.Sprintf("%s: %s %s %s %d in %s s", c.Msg, c.Request.Method, c.Request.URI, c.Request.Proto, c.Status,
			seconds(c.took()))
	case caddyRoundtrip:
		return fmt.Sprintf("%s: %s answered %d", c.Msg, c.Upstream, c.Status)
	case caddyClosed:
		return fmt.Sprintf("%s after %s s", c.Msg, seconds(c.took()))
	}
	if c.Error != "" {
		return c.Msg + ": " + c.Error
	}
	return c.Msg
}
