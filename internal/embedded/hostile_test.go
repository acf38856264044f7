package embedded_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/embedded"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/session"
)

// serveConf puts a configuration in force, which must be taken.
func serveConf(t testing.TB, env session.Environment, conf string) {
	t.Helper()
	file := session.File{Service: "proxy", Path: confPath, Data: []byte(conf)}
	if err := env.Put(t.Context(), []session.File{file}); err != nil {
		t.Fatal(err)
	}
	if applied, err := env.Apply(t.Context(), "proxy"); err != nil || !applied.OK {
		t.Fatalf("applying: %v %s", err, applied.Message)
	}
}

// connect opens a connection to a service's port, for so long.
func connect(t testing.TB, env session.Environment, service string, port int, limit time.Duration) net.Conn {
	t.Helper()
	addr, err := env.Addr(service, port)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(limit))
	return c
}

// get asks the proxy for a path; 0 stands for no answer.
func get(t testing.TB, env session.Environment, path string) int {
	t.Helper()
	c := connect(t, env, "proxy", 0, 20*time.Second)
	defer c.Close()
	_, _ = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n", path)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// TestExpansionIsBounded holds that texts which grow without end cost an answer, not the program.
func TestExpansionIsBounded(t *testing.T) {
	const location = `location / { %s add_header X $a; return 200 "ok"; }`
	fan := ""
	for i := range 40 {
		fan += fmt.Sprintf("map $m%d$m%d$uri $m%d { volatile; default $m%d$m%d; }\n", i+1, i+1, i, i+1, i+1)
	}
	fan += "map $uri $m40 { volatile; default xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; }\n"
	tests := []struct {
		name, conf string
		want       int
	}{
		{"moderate", `server { listen 8080; ` + fmt.Sprintf(location, "set $a x;"+strings.Repeat(`set $a "$a$a";`, 10)) + `}`, 200},
		{"doubling", `server { listen 8080; ` + fmt.Sprintf(location, "set $a x;"+strings.Repeat(`set $a "$a$a";`, 64)) + `}`, 500},
		{"fan of maps", fan + `server { listen 8080; ` + fmt.Sprintf(location, "set $a $m0;") + `}`, 500},
	}
	env := startLab(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			serveConf(t, env, tt.conf)
			if got := get(t, env, "/"); got != tt.want {
				t.Errorf("status %d, want %d", got, tt.want)
			}
		})
	}
}

// TestPanicEndsTheEnvironmentOnly holds that a bug of a stand-in becomes Died with a report, and that Stop still works.
func TestPanicEndsTheEnvironmentOnly(t *testing.T) {
	env := startLab(t)
	embedded.Sabotage(env)
	if got := get(t, env, "/"); got != 0 {
		t.Fatalf("status %d from a stand-in that panics", got)
	}
	select {
	case <-env.Died():
	case <-time.After(10 * time.Second):
		t.Fatal("nobody heard of the panic")
	}
	h, ok := hint.Find(env.Cause())
	if !ok || h.Code != "embedded-bug" || h.Args[0] != "proxy" {
		t.Fatalf("Cause() = %v, want a report of a bug in proxy", env.Cause())
	}
	if report := fmt.Sprint(h.Args[1]); !strings.Contains(report, "conn.go:") {
		t.Errorf("the report %q does not say where", report)
	}
}
