package probe_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// target is an environment of real loopback servers.
type target struct {
	addrs map[string]string
	logs  map[string]*probe.Log
	exec  probe.ExecResult
}

func newTarget() *target { return &target{addrs: map[string]string{}, logs: map[string]*probe.Log{}} }

func (t *target) add(name, addr string) *probe.Log {
	t.addrs[name], t.logs[name] = addr, &probe.Log{}
	return t.logs[name]
}

func (t *target) Services() []string {
	var out []string
	for _, name := range []string{"backend", "proxy"} {
		if t.logs[name] != nil {
			out = append(out, name)
		}
	}
	return out
}

func (t *target) Addr(service string, _ int) (string, error) {
	addr, ok := t.addrs[service]
	if !ok {
		return "", fmt.Errorf("no service %q", service)
	}
	return addr, nil
}

func (t *target) Exec(context.Context, string, ...string) (probe.ExecResult, error) {
	return t.exec, nil
}
func (t *target) ReadFile(context.Context, string, string) ([]byte, error) { return nil, io.EOF }
func (t *target) Log(service string) *probe.Log                            { return t.logs[service] }

// backend is a WebSocket echo that logs as the lab's does. closeAfter, if not 0, ends each connection after so long,
// without a close frame, and has the log say what nginx would say.
func backend(t *testing.T, closeAfter time.Duration, nginxSays bool) *target {
	t.Helper()
	tg := newTarget()
	var log *probe.Log
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(probe.Header)
		headers := map[string]string{"connection": r.Header.Get("Connection")}
		if u := r.Header.Get("Upgrade"); u != "" {
			headers["upgrade"] = u
		}
		line, _ := json.Marshal(map[string]any{"event": "handshake", "probe": id, "path": r.URL.Path, "http_version": "1.1",
			"headers": headers, "status": 101, "accepted": true})
		log.Append(time.Now(), string(line))
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		began := time.Now()
		if closeAfter > 0 {
			time.AfterFunc(closeAfter, func() {
				log.Append(time.Now(), fmt.Sprintf(`1.000 *42 "GET /ws HTTP/1.1" 101 in %.3f s, upstream 10.0.0.2:8000 answered 101, probe %s`,
					time.Since(began).Seconds(), id))
				conn.NetConn().Close()
				if nginxSays { // on another stream than the access log, so that an engine may deliver it after
					time.Sleep(50 * time.Millisecond)
					log.Append(time.Now(), "2026/11/22 10:00:00 [info] 7#7: *42 upstream timed out (110: Connection timed out) while proxying upgraded connection, client: 127.0.0.1")
				}
			})
		}
		defer conn.Close()
		for {
			kind, data, err := conn.ReadMessage()
			if err != nil || conn.WriteMessage(kind, data) != nil {
				return
			}
		}
	}))
	t.Cleanup(srv.Close)
	log = tg.add("proxy", srv.Listener.Addr().String())
	return tg
}

// raw serves connections with do.
func raw(t *testing.T, do func(net.Conn)) *target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = http.ReadRequest(bufio.NewReader(c))
				do(c)
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	tg := newTarget()
	tg.add("proxy", l.Addr().String())
	return tg
}

func answering(text string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, strings.ReplaceAll(text, "\n", "\r\n"))
	}
}

func handshake(status int, limit time.Duration) course.Check {
	h := &course.Handshake{Endpoint: course.Endpoint{Via: "proxy", Path: "/ws"}}
	h.Expect.Status = course.Statuses{status}
	return course.Check{Kind: course.KindHandshake, Limit: limit, Handshake: h}
}

func evaluate(t *testing.T, tg probe.Target, c course.Check) probe.Verdict {
	t.Helper()
	if c.Limit == 0 {
		c.Limit = 5 * time.Second
	}
	v, err := probe.NewRun(tg, nil).Evaluate(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func wantVerdict(t *testing.T, v probe.Verdict, outcome probe.Outcome, got, meaning string) {
	t.Helper()
	if v.Outcome != outcome || v.Got.String() != got || v.Meaning != meaning {
		t.Errorf("got %s %q %q, want %s %q %q", v.Outcome, v.Got, v.Meaning, outcome, got, meaning)
	}
}

func TestHandshake(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	refused := newTarget()
	refused.add("proxy", closed.Addr().String())
	endless := func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for {
			if _, err := io.WriteString(c, "X-Filler: "+strings.Repeat("x", 1000)+"\r\n"); err != nil {
				return
			}
		}
	}
	for _, tt := range []struct {
		name    string
		target  *target
		want    int
		outcome probe.Outcome
		got     string
		meaning string
	}{
		{"accepted", backend(t, 0, false), 101, probe.Met, "status 101", ""},
		{"accepted, though it should not be", backend(t, 0, false), 400, probe.NotMet, "status 101", "upgrade-still-forwarded"},
		{"let in", backend(t, 0, false), 403, probe.NotMet, "status 101", "let-in"},
		{"refused by the backend", raw(t, answering("HTTP/1.1 400 Bad Request\nContent-Length: 2\n\nno")), 400, probe.Met, "status 400", ""},
		{"dropped", raw(t, answering("HTTP/1.1 400 Bad Request\nContent-Length: 0\n\n")), 101, probe.NotMet, "status 400", "proxy-dropped-upgrade"},
		{"not found", raw(t, answering("HTTP/1.1 404 Not Found\nContent-Length: 0\n\n")), 400, probe.NotMet, "status 404", "backend-not-found"},
		{"bad gateway", raw(t, answering("HTTP/1.1 502 Bad Gateway\nContent-Length: 0\n\n")), 101, probe.NotMet, "status 502", "bad-gateway"},
		{"redirected", raw(t, answering("HTTP/1.1 301 Moved Permanently\nLocation: /ws/\nContent-Length: 0\n\n")), 101, probe.NotMet, "status 301", "redirected"},
		{"nobody there", refused, 101, probe.NotMet, "refused refused", "connection-refused"},
		{"hangs up", raw(t, func(net.Conn) {}), 101, probe.NotMet, "refused eof", "connection-refused"},
		{"endless header", raw(t, endless), 101, probe.NotMet, "refused too-long", "connection-refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantVerdict(t, evaluate(t, tt.target, handshake(tt.want, 0)), tt.outcome, tt.got, tt.meaning)
		})
	}
}

func TestLimitIsNamed(t *testing.T) {
	drip := raw(t, func(c net.Conn) {
		for range 100 {
			if _, err := io.WriteString(c, "H"); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	v := evaluate(t, drip, handshake(101, 200*time.Millisecond))
	wantVerdict(t, v, probe.Unknown, "timeout 0.2", "cannot-tell")
	if v.Want.String() != "status 101" {
		t.Errorf("want: got %q", v.Want)
	}
}

func TestCancel(t *testing.T) {
	hang := raw(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := probe.NewRun(hang, nil).Evaluate(ctx, handshake(101, time.Minute))
	if err == nil || time.Since(began) > time.Second {
		t.Errorf("got %v after %s, want an error at once", err, time.Since(began))
	}
}

func TestEcho(t *testing.T) {
	check := course.Check{Kind: course.KindEcho, Echo: &course.Echo{Endpoint: course.Endpoint{Via: "proxy", Path: "/ws"}, Send: "안녕"}}
	wantVerdict(t, evaluate(t, backend(t, 0, false), check), probe.Met, "message 안녕", "")
	check.Echo.Expect = "hello"
	wantVerdict(t, evaluate(t, backend(t, 0, false), check), probe.NotMet, "message 안녕", "")
}

func TestReceived(t *testing.T) {
	check := func(r course.Received) course.Check {
		r.Endpoint = course.Endpoint{Via: "proxy", Path: "/ws"}
		r.By = "proxy"
		return course.Check{Kind: course.KindReceived, Received: &r}
	}
	for _, tt := range []struct {
		name    string
		check   course.Received
		outcome probe.Outcome
		got     string
	}{
		{"absent, but it came", course.Received{Header: "Upgrade", Absent: true}, probe.NotMet, "header Upgrade websocket"},
		{"present", course.Received{Header: "Upgrade", Present: true}, probe.Met, "header Upgrade websocket"},
		{"equals, whatever the case", course.Received{Header: "Connection", Equals: "upgrade"}, probe.Met, "header Connection Upgrade"},
		{"absent", course.Received{Header: "Origin", Absent: true}, probe.Met, "header-absent Origin"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := evaluate(t, backend(t, 0, false), check(tt.check))
			if v.Outcome != tt.outcome || v.Got.String() != tt.got {
				t.Errorf("got %s %q, want %s %q", v.Outcome, v.Got, tt.outcome, tt.got)
			}
		})
	}
}

func idle(i course.Idle) course.Check {
	i.Endpoint = course.Endpoint{Via: "proxy", Path: "/ws"}
	return course.Check{Kind: course.KindIdle, Idle: &i}
}

func TestIdle(t *testing.T) {
	const ms = time.Millisecond
	closes := func(after, within time.Duration, by string) course.Idle {
		return course.Idle{Closed: &course.IdleClose{After: after, Within: within, By: by}}
	}
	for _, tt := range []struct {
		name    string
		target  *target
		check   course.Idle
		outcome probe.Outcome
		got     string // first word
		meaning string
	}{
		{"closed by the proxy's word", backend(t, 300*ms, true), closes(300*ms, 150*ms, "proxy"), probe.Met, "closed-by", ""},
		{"closed, the proxy says nothing", backend(t, 300*ms, false), closes(300*ms, 150*ms, "proxy"), probe.NotMet, "closed-unproven", "not-proxy"},
		{"closed, whoever it was", backend(t, 300*ms, false), closes(300*ms, 150*ms, ""), probe.Met, "closed-after", ""},
		{"closed too early", backend(t, 100*ms, true), closes(500*ms, 100*ms, "proxy"), probe.NotMet, "closed-early", "timeout-too-short"},
		{"still open", backend(t, 0, false), closes(200*ms, 50*ms, "proxy"), probe.NotMet, "open", "default-timeout"},
		{"stays open", backend(t, 0, false), course.Idle{OpenAfter: 200 * ms}, probe.Met, "open", ""},
		{"should stay open", backend(t, 100*ms, true), course.Idle{OpenAfter: 300 * ms}, probe.NotMet, "closed-by", "wrong-limit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := evaluate(t, tt.target, idle(tt.check))
			if v.Outcome != tt.outcome || v.Got.Code != tt.got || v.Meaning != tt.meaning {
				t.Errorf("got %s %q %q, want %s %q %q", v.Outcome, v.Got, v.Meaning, tt.outcome, tt.got, tt.meaning)
			}
			if tt.outcome == probe.Met && tt.check.Closed != nil && !closedBy(v, "EOF") {
				t.Errorf("no EOF among %+v", v.Wire)
			}
			if tt.got == "closed-by" && (v.LoggedAfter-v.ClosedAfter).Abs() > 50*ms {
				t.Errorf("closed after %s, but logged after %s", v.ClosedAfter, v.LoggedAfter)
			}
		})
	}
}

// closedBy tells whether the client saw the idle connection end in that way.
func closedBy(v probe.Verdict, text string) bool {
	return slices.ContainsFunc(v.Wire, func(x probe.Exchange) bool {
		return x.Kind == probe.WireClose && x.To == "you" && x.Text == text
	})
}

func TestEffective(t *testing.T) {
	dump := func(conf string) probe.ExecResult {
		return probe.ExecResult{Stdout: "# configuration file /etc/nginx/nginx.conf:\nevents {}\nhttp { " + conf + " }\n"}
	}
	const pass = "proxy_pass http://backend:8000;"
	const ws = "location /ws { " + pass + " }"
	const two = "server { listen 8443; proxy_read_timeout 30s; " + ws + " } server { listen 8080; location /ws { proxy_read_timeout 1h; " + pass + " } }"
	for _, tt := range []struct {
		name, conf string
		outcome    probe.Outcome
		got        string
		port       int
	}{
		{"in the location", "server { location /ws { proxy_read_timeout 3600s; " + pass + " } }", probe.Met, "value 3600s", 0},
		{"in http, in other units", "proxy_read_timeout 1h; server { " + ws + " }", probe.Met, "value 1h", 0},
		{"an inner one wins", "proxy_read_timeout 1h; server { location /ws { proxy_read_timeout 30s; " + pass + " } }", probe.NotMet, "value 30s", 0},
		{"the default", "server { " + ws + " }", probe.NotMet, "value 60s default", 0},
		{"of the server that is asked", two, probe.Met, "value 1h", 8080},
		{"of the other server", two, probe.NotMet, "value 30s", 8443},
		{"where none listens", two, probe.NotMet, "no-server 80", 80},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tg := newTarget()
			tg.add("proxy", "127.0.0.1:1")
			tg.exec = dump(tt.conf)
			v := evaluate(t, tg, course.Check{Kind: course.KindEffective, Effective: &course.Effective{Service: "proxy", Path: "/ws",
				Port: tt.port, Directive: "proxy_read_timeout", AtLeast: time.Hour}})
			if v.Outcome != tt.outcome || v.Got.String() != tt.got {
				t.Errorf("got %s %q, want %s %q", v.Outcome, v.Got, tt.outcome, tt.got)
			}
		})
	}
}

func TestNothingRawReachesTheScreen(t *testing.T) {
	evil := "\x1b]52;c;aGk=\a\x9b31m\u202e"
	tg := raw(t, answering("HTTP/1.1 400 Bad Request\nContent-Length: 30\n\n"+evil))
	var seen []probe.Exchange
	_, err := probe.NewRun(tg, func(x probe.Exchange) { seen = append(seen, x) }).Evaluate(t.Context(), handshake(400, time.Second))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range seen {
		for _, s := range append(x.Notes, x.Text) {
			if strings.ContainsAny(s, "\x1b\a\u009b\u202e") || !utf8.ValidString(s) {
				t.Errorf("raw control characters in %q", s)
			}
		}
	}
}

// TestNothingRawInValues wants what a service prints as its values to be fit for a screen.
func TestNothingRawInValues(t *testing.T) {
	const evil = "60\x1b]52;c;aGk=\a\u202es"
	tg := newTarget()
	tg.add("proxy", "127.0.0.1:1")
	nginx := course.Effective{Service: "proxy", Path: "/ws", Directive: "proxy_read_timeout", Equals: "60s"}
	timed := nginx
	timed.Equals, timed.AtLeast = "", time.Second
	for _, tt := range []struct {
		out   string
		check course.Effective
	}{
		{"timeout = " + evil, course.Effective{Service: "proxy", Directive: "timeout", Command: []string{"show"}, Match: "timeout = (.*)", Equals: "60s"}},
		{"# configuration file /n:\nhttp { server { location /ws { proxy_read_timeout " + strings.ReplaceAll(evil, ";", ":") + "; proxy_pass http://b; } } }", nginx},
		{"# configuration file /n:\nhttp { server { location /ws { proxy_read_timeout " + strings.ReplaceAll(evil, ";", ":") + "; proxy_pass http://b; } } }", timed},
	} {
		tg.exec = probe.ExecResult{Stdout: tt.out}
		v := evaluate(t, tg, course.Check{Kind: course.KindEffective, Effective: &tt.check})
		if v.Got.Code != "value" || strings.ContainsAny(v.Got.String(), "\x1b\a\u202e") {
			t.Errorf("%q: got %q", tt.out, v.Got)
		}
	}
}

func TestLog(t *testing.T) {
	var l probe.Log
	l.Append(time.Now(), "one")
	go l.Append(time.Now(), "two")
	line, err := l.Wait(t.Context(), 1, func(line probe.Line) bool { return line.Text == "two" })
	if err != nil || line.Seq != 2 {
		t.Errorf("got %+v, %v", line, err)
	}
	for i := range 30_000 {
		l.Append(time.Now(), fmt.Sprint(i))
	}
	if got := len(l.Since(0)); got > 20_000 {
		t.Errorf("kept %d lines", got)
	}
	if got := l.Since(l.Last() - 1); len(got) != 1 || got[0].Text != "29999" {
		t.Errorf("last line: got %+v", got)
	}
	l.End()
	if _, err := l.Wait(t.Context(), l.Last(), func(probe.Line) bool { return true }); err != probe.ErrLogEnded {
		t.Errorf("got %v, want ErrLogEnded", err)
	}
}

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
