package embedded_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cwk-stream/lab/internal/embedded"
	"github.com/cwk-stream/lab/internal/session"
)

// wireSeeds are the requests of the recorded cases for a service, those that are not long.
func wireSeeds(f *testing.F, service string) {
	for _, c := range loadWireCases(f) {
		if c.service() != service {
			continue
		}
		for _, e := range c.entries {
			if text := unescape(strings.Join(e.parts, "")); len(text) < 1<<10 {
				f.Add([]byte(text))
			}
		}
	}
}

// throw sends bytes, behind an opening that it waits for, ends its own side, and wants the end of the connection.
func throw(t *testing.T, env session.Environment, service string, port int, opening string, data []byte) {
	t.Helper()
	c := connect(t, env, service, port, 10*time.Second)
	defer c.Close()
	if opening != "" {
		_, _ = io.WriteString(c, opening)
		until(t, c, "\r\n\r\n")
	}
	_, _ = c.Write(data)
	_ = c.(*net.TCPConn).CloseWrite()
	if _, err := io.Copy(io.Discard, c); isTimeout(err) {
		t.Errorf("the connection goes on after %q", data)
	}
	if env.Cause() != nil {
		t.Fatal(env.Cause())
	}
}

// FuzzBackendRequest looks for panics, and for connections that do not end, in the backend's stand-in.
func FuzzBackendRequest(f *testing.F) {
	wireSeeds(f, "backend")
	env := startLab(f)
	f.Fuzz(func(t *testing.T, data []byte) { throw(t, env, "backend", 8000, "", data) })
}

// FuzzProxyRequest does the same through the proxy's.
func FuzzProxyRequest(f *testing.F) {
	wireSeeds(f, "proxy")
	env := startLab(f)
	f.Fuzz(func(t *testing.T, data []byte) { throw(t, env, "proxy", 8080, "", data) })
}

// FuzzFrames sends frames on an open WebSocket, compression agreed on.
func FuzzFrames(f *testing.F) {
	for _, c := range loadWireCases(f) {
		for _, e := range c.entries {
			if text := unescape(strings.Join(e.parts[1:], "")); len(text) < 1<<10 {
				f.Add([]byte(text))
			}
		}
	}
	env := startLab(f)
	const deflated = "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
	f.Fuzz(func(t *testing.T, data []byte) {
		throw(t, env, "backend", 8000, strings.TrimSuffix(handshakeText, "\r\n")+deflated, data)
	})
}

// TestEndless sends heads, chunks and frames that never end, and wants each given up within few bytes: memory is bounded
// by what was refused.
func TestEndless(t *testing.T) {
	env := startLab(t)
	for _, tt := range []struct {
		name, service, opening, again string
		port                          int
	}{
		{"head at the backend", "backend", "GET /ws HTTP/1.1\r\n", "a: b\r\n", 8000},
		{"line at the backend", "backend", "GET /ws HTTP/1.1\r\na: ", "bbbb", 8000},
		{"trailer at the backend", "backend", "GET /ws HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "a: b\r\n", 8000},
		{"fragments at the backend", "backend", handshakeText, rawFrame(false, 0, 2, strings.Repeat("x", 1000)), 8000},
		{"head at the proxy", "proxy", "GET /ws HTTP/1.1\r\n", "a: b\r\n", 8080},
		{"line at the proxy", "proxy", "GET /ws", "bbbb", 8080},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := connect(t, env, tt.service, tt.port, 20*time.Second)
			defer c.Close()
			answered := make(chan struct{})
			go func() { // what is said before the end is not the question
				defer close(answered)
				_, _ = io.Copy(io.Discard, c)
			}()
			_, _ = io.WriteString(c, tt.opening)
			if tt.opening == handshakeText {
				time.Sleep(100 * time.Millisecond) // frames along with the head would be lost
				binary := rawFrame(false, 0, 2, "")
				tt.again = "\x00" + tt.again[1:]
				_, _ = io.WriteString(c, binary)
			}
			part := []byte(strings.Repeat(tt.again, 1+4096/len(tt.again)))
			for sent := 0; sent < 64<<20; sent += len(part) {
				select {
				case <-answered:
					return
				default:
				}
				if _, err := c.Write(part); err != nil {
					if isTimeout(err) {
						t.Fatalf("still taken after %d bytes", sent)
					}
					return
				}
			}
			t.Error("64 MiB were taken")
		})
	}
}

// TestNothingLeft has the recorded requests sent, and wants every goroutine gone once the environment is stopped, though
// some connections are still open then.
func TestNothingLeft(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	lab := lesson03(t)
	env, err := embedded.New(embedded.Options{}).Start(t.Context(), "left", lab.Env, filesAfter(t, lab, ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	ports := map[string]int{"backend": 8000, "proxy": 8080}
	for _, c := range loadWireCases(t) {
		for _, e := range c.entries {
			addr, err := env.Addr(c.service(), ports[c.service()])
			if err != nil {
				t.Fatal(err)
			}
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for _, part := range e.parts {
				_, _ = io.WriteString(conn, unescape(part))
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := env.Stop(ctx); err != nil {
		t.Error(err)
	}
}
