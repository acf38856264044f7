package embedded_test

import (
	"context"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/embedded"
	"github.com/cwk-stream/lab/internal/session"
)

// fuzzed is an environment that many inputs go through, one after the other. It is replaced now and then, as ports that
// were once listened on stay open.
type fuzzed struct {
	env   session.Environment
	start func() session.Environment
	used  int
}

const usesOfOne = 200

func newFuzzed(f *testing.F) *fuzzed {
	lab := lesson03(f)
	files := filesAfter(f, lab, "")
	z := &fuzzed{start: func() session.Environment {
		env, err := embedded.New(embedded.Options{}).Start(context.Background(), "fuzz", lab.Env, files, nil)
		if err != nil {
			f.Fatal(err)
		}
		return env
	}}
	f.Cleanup(z.stop)
	return z
}

func (z *fuzzed) stop() {
	if z.env != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = z.env.Stop(ctx)
	}
}

func (z *fuzzed) next() session.Environment {
	if z.env == nil || z.used%usesOfOne == 0 {
		z.stop()
		z.env = z.start()
	}
	z.used++
	return z.env
}

// patience is how long a request of a fuzzed configuration is waited for; timeouts in it may be longer, and are no hang.
const patience = 150 * time.Millisecond

// send sends raw bytes to the proxy and reads what comes within the patience.
func send(t *testing.T, env session.Environment, raw string) {
	t.Helper()
	c := connect(t, env, "proxy", 8080, patience/4)
	defer c.Close()
	_, _ = io.WriteString(c, raw)
	if _, err := io.Copy(io.Discard, io.LimitReader(c, 1<<20)); err != nil {
		_ = c.(*net.TCPConn).CloseWrite() // a connection that is kept ends with that
		_ = c.SetDeadline(time.Now().Add(patience))
		_, _ = io.Copy(io.Discard, io.LimitReader(c, 1<<20))
	}
}

// sound fails the test if a stand-in panicked, or if goroutines pile up.
func sound(t *testing.T, env session.Environment) {
	t.Helper()
	select {
	case <-env.Died():
		t.Fatalf("a stand-in panicked: %v", env.Cause())
	default:
	}
	for range 50 {
		if runtime.NumGoroutine() < 500 {
			return
		}
		time.Sleep(100 * time.Millisecond) // what the last inputs left behind ends
	}
	t.Fatalf("%d goroutines", runtime.NumGoroutine())
}

// FuzzServe puts configurations in force and sends requests through them. Nothing may panic, hang or leak.
func FuzzServe(f *testing.F) {
	for i, conf := range seeds(f) {
		if i%4 == 0 { // the others are tried by the differential test
			f.Add(conf)
		}
	}
	z := newFuzzed(f)
	requests := []string{handshakeText,
		"GET /a/b/../c%2fd?x=1&y=%00 HTTP/1.1\r\nHost: api.lab.test:8080\r\nCookie: a=b\r\nUpgrade: h2c\r\nConnection: close\r\n\r\n",
		"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello"}
	f.Fuzz(func(t *testing.T, conf []byte) {
		env := z.next()
		if err := env.Put(t.Context(), []session.File{{Service: "proxy", Path: confPath, Data: conf}}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		applied, err := env.Apply(t.Context(), "proxy")
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("applying took %v", took)
		}
		if err == nil && applied.OK {
			for _, raw := range requests {
				send(t, env, raw)
			}
		}
		sound(t, env)
	})
}

// requestConf has something of everything that looks at a request.
const requestConf = `map $http_upgrade $connection_upgrade { default upgrade; '' close; ~^h(?<v>\d)c$ $v; }
map $http_host $named { hostnames; default none; *.test test; lab.* lab; }
map $self $self { default "$self$arg_x"; }
upstream up { server backend:8000; server backend:9; keepalive 2; }
server {
    listen 8080;
    server_name ~^(?<sub>[a-z]+)\.lab\.test$ other.test;
    client_max_body_size 1k;
    large_client_header_buffers 2 1k;
    if ($arg_if ~* "^(a+)+$") { return 200 "$1$named$self"; }
    location / { proxy_pass http://up; proxy_redirect ~^(.*)$ $1; add_header X-A "$http_x$cookie_a$arg_x$sub" always; }
    location /ws { proxy_pass http://backend:8000; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade; proxy_read_timeout 100ms; }
    location ~ ^/re/(?<rest>.*)\.(\w+)$ { rewrite ^/re/(.+)$ /re2/$1?$args last; return 204; }
    location /re2 { set $args "y=$args"; rewrite ^/re2(.*)$ /ws$1 break; proxy_pass http://backend:8000; }
    location /loop { rewrite ^ /loop; }
    location /text { return 200 "$request_uri$uri$args$remote_addr$request"; }
}
`

// FuzzRequest sends raw bytes through a configuration that looks at all of a request. Nothing may panic, hang or leak.
func FuzzRequest(f *testing.F) {
	for _, raw := range []string{handshakeText, "GET /text?if=1 HTTP/1.1\r\nHost: a.lab.test\r\n\r\nGET /loop HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /re/a.b?x=y HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"GET http://other.test/?if=aaaaaaaaaaaaaaaaaaaaaaaaaaaaa! HTTP/1.0\r\n\r\n", "PUT / HTTP/1.1\r\nHost:x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
		handshakeText + "\x81\x85\x01\x02\x03\x04\x69\x67\x6f\x68\x6e\x88\x80\x00\x00\x00\x00"} {
		f.Add([]byte(raw))
	}
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		env := z.next()
		if z.used%usesOfOne == 1 {
			serveConf(t, env, requestConf)
		}
		send(t, env, string(raw))
		sound(t, env)
	})
}
