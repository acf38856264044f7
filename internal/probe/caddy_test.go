package probe_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// What Caddy 2.11.9 wrote about tunnels of a lab, shortened by what is not read.
const (
	caddyRequest = `"request":{"proto":"HTTP/1.1","method":"GET","uri":"/ws","headers":{"Upgrade":["websocket"],"X-Lab-Probe":["%s"]}}`
	caddyTrip    = `{"level":"debug","ts":1.0,"logger":"http.handlers.reverse_proxy","msg":"upstream roundtrip","upstream":"backend:8000","duration":0.006,` + caddyRequest + `,"headers":{},"status":101}`
	caddyTimeout = `{"level":"debug","ts":1.0,"logger":"http.handlers.reverse_proxy","msg":"streaming error","upstream":"backend:8000","duration":0.006,` + caddyRequest + `,"error":"readfrom tcp 172.19.0.3:8080->172.19.0.1:56610: read tcp 172.19.0.3:47512->172.19.0.2:8000: i/o timeout"}`
	caddyStream  = `{"level":"debug","ts":1.0,"logger":"http.handlers.reverse_proxy","msg":"stream timed out","upstream":"backend:8000","duration":0.012,` + caddyRequest + `}`
	caddyEnd     = `{"level":"debug","ts":1.0,"logger":"http.handlers.reverse_proxy","msg":"connection closed","upstream":"backend:8000","duration":0.006,` + caddyRequest + `,"duration":0.302340872}`
	caddyAccess  = `{"level":"info","ts":1.0,"logger":"http.log.access","msg":"handled request",` + caddyRequest + `,"duration":0.310149056,"size":0,"status":101}`
)

// caddy accepts a WebSocket, closes it after 300 ms, and logs about it.
func caddy(t *testing.T, lines ...string) *target {
	t.Helper()
	tg := newTarget()
	var log *probe.Log
	up := websocket.Upgrader{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(probe.Header)
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		time.Sleep(300 * time.Millisecond)
		for _, line := range lines {
			log.Append(time.Now(), fmt.Sprintf(line, id))
		}
		conn.NetConn().Close()
	}))
	t.Cleanup(srv.Close)
	log = tg.add("proxy", srv.Listener.Addr().String())
	return tg
}

func TestIdleByCaddysWord(t *testing.T) {
	want := course.Idle{Closed: &course.IdleClose{After: 300 * time.Millisecond, Within: 150 * time.Millisecond, By: "proxy"}}
	for _, tt := range []struct {
		name    string
		lines   []string
		outcome probe.Outcome
		got     string
		meaning string
	}{
		{"read_timeout", []string{caddyTrip, caddyTimeout, caddyEnd, caddyAccess}, probe.Met, "closed-by", ""},
		{"without an access log", []string{caddyTrip, caddyTimeout, caddyEnd}, probe.Met, "closed-by", ""},
		{"stream_timeout", []string{caddyTrip, caddyStream, caddyEnd, caddyAccess}, probe.NotMet, "closed-lifetime", "limit-not-idle"},
		{"the backend", []string{caddyTrip, caddyEnd, caddyAccess}, probe.NotMet, "closed-unproven", "not-proxy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := evaluate(t, caddy(t, tt.lines...), idle(want))
			if v.Outcome != tt.outcome || v.Got.Code != tt.got || v.Meaning != tt.meaning {
				t.Errorf("got %s %q %q, want %s %q %q", v.Outcome, v.Got, v.Meaning, tt.outcome, tt.got, tt.meaning)
			}
			if tt.outcome == probe.Met && v.LoggedAfter != 302*time.Millisecond {
				t.Errorf("logged after %s, want 302ms", v.LoggedAfter)
			}
		})
	}
}

func TestEffectiveByCommand(t *testing.T) {
	base := course.Effective{Service: "proxy", Directive: "read_timeout", Command: []string{"config"}, Match: `"read_timeout":(\d+)`,
		Unit: "ns", AtLeast: time.Hour, OrAbsent: true}
	strict := base
	strict.OrAbsent = false
	three := func(unit, match string) course.Effective {
		return course.Effective{Service: "proxy", Directive: "x", Command: []string{"config"}, Match: match, Unit: unit, Equals: "3s"}
	}
	seven := three("", `^(.*)$`)
	seven.Equals = "7"
	for _, tt := range []struct {
		name, printed string
		check         course.Effective
		outcome       probe.Outcome
		got           string
	}{
		{"absent", `{}`, base, probe.Met, "directive-absent read_timeout"},
		{"absent, but wanted", `{}`, strict, probe.NotMet, "directive-absent read_timeout"},
		{"long enough", `{"read_timeout":3600000000000}`, base, probe.Met, "value 1h0m0s"},
		{"one of two too short", `{"read_timeout":3600000000000},{"read_timeout":30000000000}`, base, probe.NotMet, "value 30s"},
		{"more than a time can be", `{"read_timeout":99999999999999999999}`, base, probe.NotMet, "value 99999999999999999999"},
		{"seconds", "x 3", three("s", `x (\S+)`), probe.Met, "value 3s"},
		{"fractions of seconds", "x 3.0", three("s", `x (\S+)`), probe.Met, "value 3s"},
		{"milliseconds", "x 3000", three("ms", `x (\S+)`), probe.Met, "value 3s"},
		{"nanoseconds", "x 3000000000", three("ns", `x (\S+)`), probe.Met, "value 3s"},
		{"with a unit of its own", "x 3000ms", three("s", `x (\S+)`), probe.Met, "value 3s"},
		{"another time", "x 4", three("s", `x (\S+)`), probe.NotMet, "value 4s"},
		{"no time", "x off", three("s", `x (\S+)`), probe.NotMet, "value off"},
		{"no number", "x NaN", three("s", `x (\S+)`), probe.NotMet, "value NaN"},
		{"one line", "7\n", seven, probe.Met, "value 7"},
		{"one line of Windows", "7\r\n", seven, probe.Met, "value 7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tg := newTarget()
			tg.add("proxy", "127.0.0.1:1")
			tg.exec = probe.ExecResult{Stdout: tt.printed}
			v := evaluate(t, tg, course.Check{Kind: course.KindEffective, Effective: &tt.check})
			if v.Outcome != tt.outcome || v.Got.String() != tt.got {
				t.Errorf("got %s %q, want %s %q", v.Outcome, v.Got, tt.outcome, tt.got)
			}
		})
	}
}

// TestOutputOfOneLine wants ^ and $ to mean the line that a command prints, with or without its end.
func TestOutputOfOneLine(t *testing.T) {
	for _, tt := range []struct {
		printed, match string
		outcome        probe.Outcome
	}{
		{"7\n", "^7$", probe.Met},
		{"7", "^7$", probe.Met},
		{"7\r\n", "^7$", probe.Met},
		{"7\n", "^7\\n$", probe.Met},
		{"7\n", `^\d+\s`, probe.Met},
		{"7\n\n", "^7$", probe.NotMet},
		{"7\n8\n", "^7$", probe.NotMet},
		{"7\n8\n", "(?m)^7$", probe.Met},
		{"77\n", "^7$", probe.NotMet},
	} {
		tg := newTarget()
		tg.add("proxy", "127.0.0.1:1")
		tg.exec = probe.ExecResult{Stdout: tt.printed}
		v := evaluate(t, tg, course.Check{Kind: course.KindExec, Exec: &course.Exec{Service: "proxy", Command: []string{"count"},
			Expect: course.ExecExpect{Match: tt.match}}})
		if v.Outcome != tt.outcome {
			t.Errorf("%q by %s: got %s, want %s", tt.printed, tt.match, v.Outcome, tt.outcome)
		}
	}
}
