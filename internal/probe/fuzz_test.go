package probe_test

import (
	"context"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// FuzzServer has a server answer whatever is asked with any bytes: a check ends within its limit, with a verdict or an
// error, without taking much memory, and what it says holds nothing that a terminal would obey.
func FuzzServer(f *testing.F) {
	const upgraded = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n"
	for _, answer := range []string{
		"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno", upgraded + "\r\n\x81\x05hello",
		upgraded + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n\xc1\x05hello", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 1<<17),
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08",
		"HTTP/1.1 418 \x1b]52;c;AAAA\x07\r\nX: \x1b[31m\r\n\r\n\x1b]8;;x\x07\u009b", "\x16\x03\x01\x02\x00", "HTTP/9.9 999\r\n\r\n", "",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 301 x\r\nLocation: http://198.18.0.1/\r\n\r\n",
	} {
		f.Add([]byte(answer), false)
		f.Add([]byte(answer), true)
	}
	f.Fuzz(func(t *testing.T, answer []byte, stay bool) {
		tg := newTarget()
		tg.add("proxy", anything(t, answer, stay))
		at := course.Endpoint{Via: "proxy", Path: "/ws"}
		const limit = 200 * time.Millisecond
		for _, check := range []course.Check{
			{Kind: course.KindHandshake, Limit: limit, Handshake: &course.Handshake{Endpoint: at, Expect: course.HandshakeExpect{Status: course.Statuses{101}}}},
			{Kind: course.KindEcho, Limit: limit, Echo: &course.Echo{Endpoint: at, Send: "hello"}},
			{Kind: course.KindHTTP, Limit: limit, HTTP: &course.HTTP{Endpoint: at, Expect: course.HTTPExpect{Status: 200}}},
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			v, err := probe.NewRun(tg, nil).Evaluate(context.Background(), check)
			if took := time.Since(began); took > limit+3*time.Second {
				t.Errorf("%s took %v", check.Kind, took)
			}
			runtime.ReadMemStats(&after)
			if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 64 {
				t.Errorf("%s took %d MiB", check.Kind, mib)
			}
			// No answer that is the same for all has the Sec-WebSocket-Accept of a key that was made a moment ago.
			if check.Kind != course.KindHTTP && v.Outcome == probe.Met {
				t.Errorf("%s is met by %q", check.Kind, v.Got)
			}
			said := v.Got.String()
			if err != nil {
				said += err.Error()
			}
			for _, x := range v.Wire {
				said += x.Text + strings.Join(x.Notes, "")
			}
			if i := strings.IndexFunc(said, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); i >= 0 {
				t.Errorf("%s says %q", check.Kind, said)
			}
		}
	})
}

// anything listens, and answers each connection with the same bytes, whatever it wants; then it hangs up, or stays.
func anything(t *testing.T, answer []byte, stay bool) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	ended := make(chan struct{})
	t.Cleanup(func() { close(done); l.Close(); <-ended })
	go func() {
		defer close(ended)
		var all []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				for _, c := range all {
					c.Close()
				}
				return
			}
			_ = c.SetDeadline(time.Now().Add(time.Second))
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write(answer)
			if stay {
				all = append(all, c)
			} else {
				c.Close()
			}
		}
	}()
	return l.Addr().String()
}
