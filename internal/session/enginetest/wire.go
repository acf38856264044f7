package enginetest

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

func open(v session.Environment, service, id string) (*websocket.Conn, *http.Response, error) {
	addr, err := v.Addr(service, 0)
	if err != nil {
		return nil, nil, err
	}
	d := websocket.Dialer{HandshakeTimeout: patience}
	header := http.Header{}
	if id != "" {
		header.Set(probe.Header, id)
	}
	return d.Dial("ws://"+addr+"/ws", header)
}

// status is the answer to a handshake with /ws of a service; 0 for none at all. The connection is closed again.
func status(b *bench, v session.Environment, service, id string) int {
	b.Helper()
	c, r, err := open(v, service, id)
	if err == nil {
		c.Close()
	}
	if r == nil {
		b.Errorf("a handshake with %s: %v", service, err)
		return 0
	}
	return r.StatusCode
}

// dial opens a WebSocket that the caller closes.
func dial(b *bench, v session.Environment, service, id string) *websocket.Conn {
	b.Helper()
	c, _, err := open(v, service, id)
	if err != nil {
		b.Fatalf("a handshake with %s: %v", service, err)
	}
	return c
}

func echo(b *bench, c *websocket.Conn, text string) {
	b.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		b.Errorf("sending: %v", err)
		return
	}
	if _, got, err := c.ReadMessage(); err != nil || string(got) != text {
		b.Errorf("the echo is %q, %v; want %q", got, err, text)
	}
}

// untilClosed waits for the end of a silent connection and says how long that took; 0 if it did not end.
func untilClosed(c *websocket.Conn, limit time.Duration) time.Duration {
	begun := time.Now()
	_ = c.SetReadDeadline(begun.Add(limit))
	for {
		_, _, err := c.ReadMessage()
		if err == nil {
			continue
		}
		if d := time.Since(begun); d < limit-time.Millisecond {
			return max(d, 1)
		}
		return 0
	}
}
