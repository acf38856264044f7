package probe_test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// switching answers every handshake with 101 and these headers; accept stands for the right Sec-WebSocket-Accept.
func switching(t *testing.T, headers string) *target {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		answering(fmt.Sprintf("HTTP/1.1 101 Switching Protocols\n"+headers+"\n\n", base64.StdEncoding.EncodeToString(sum[:])))(conn)
	}))
	t.Cleanup(srv.Close)
	tg := newTarget()
	tg.add("proxy", srv.Listener.Addr().String())
	return tg
}

// TestInvalidSwitch wants a 101 for which a client must fail the connection (RFC 6455, section 4.1) to be no handshake.
func TestInvalidSwitch(t *testing.T) {
	for _, tt := range []struct{ name, headers, flaw string }{
		{"valid", "Upgrade: WebSocket\nConnection: keep-alive, Upgrade\nSec-WebSocket-Accept: %s", ""},
		{"no upgrade", "Connection: Upgrade\nSec-WebSocket-Accept: %s", "Upgrade"},
		{"upgrade to something else", "Upgrade: h2c\nConnection: Upgrade\nSec-WebSocket-Accept: %s", "Upgrade"},
		{"no connection", "Upgrade: websocket\nSec-WebSocket-Accept: %s", "Connection"},
		{"another key's", "Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: x%s", "Sec-WebSocket-Accept"},
		{"no key's", "Upgrade: websocket\nConnection: Upgrade\nX: %s", "Sec-WebSocket-Accept"},
		{"compressed without being asked", "Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: %s\n" +
			"Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Extensions"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tg := switching(t, tt.headers)
			if tt.flaw == "" {
				wantVerdict(t, evaluate(t, tg, handshake(101, 0)), probe.Met, "status 101", "")
				return
			}
			closing := handshake(101, 0)
			closing.Handshake.Expect.Close = 1008
			for _, c := range []course.Check{handshake(101, 0), closing, handshake(400, 0),
				{Kind: course.KindEcho, Echo: &course.Echo{Endpoint: ws, Send: "hello"}}} {
				wantVerdict(t, evaluate(t, tg, c), probe.NotMet, "bad-handshake "+tt.flaw, "bad-handshake")
			}
			wantVerdict(t, evaluate(t, tg, reach("none", 2)), probe.NotMet, "client-bad-handshake "+tt.flaw+" 1", "bad-handshake")
		})
	}
}

// TestNoToken wants what the token's address answers not to count as the answer of the endpoint, which was never asked.
func TestNoToken(t *testing.T) {
	tg := backend(t, 0, false)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	tg.addrs["down"] = closed.Addr().String()
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/forbidden":
			http.Error(w, "no", http.StatusForbidden)
		case "/lines":
			fmt.Fprint(w, "a\nb")
		}
	}))
	t.Cleanup(tokens.Close)
	tg.addrs["tokens"] = tokens.Listener.Addr().String()
	for _, tt := range []struct {
		via, path string
		status    int
		refused   string
		got       string
	}{
		{"tokens", "/forbidden", 403, "", "no-token 403"},
		{"down", "/token", 0, "refused", "no-token refused"},
		{"tokens", "/empty", 200, "", "no-token malformed"},
		{"tokens", "/lines", 200, "", "no-token malformed"},
	} {
		e := ws
		e.Token = &course.Token{Via: tt.via, Path: tt.path, Query: "token"}
		h := course.Handshake{Endpoint: e, Expect: course.HandshakeExpect{Refused: tt.refused}}
		if tt.status != 0 {
			h.Expect.Status = course.Statuses{tt.status}
		}
		plain := course.HTTP{Endpoint: e, Expect: course.HTTPExpect{Status: tt.status, Refused: tt.refused}}
		absent := course.Received{Endpoint: e, By: "proxy", Header: "Upgrade", Absent: true}
		for _, c := range []course.Check{{Kind: course.KindHandshake, Handshake: &h}, {Kind: course.KindHTTP, HTTP: &plain},
			{Kind: course.KindReceived, Received: &absent}} {
			wantVerdict(t, evaluate(t, tg, c), probe.NotMet, tt.got, "no-token")
		}
	}
}
