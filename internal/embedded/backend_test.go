package embedded_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/probe"
)

// rawFrame makes a client's frame.
func rawFrame(final bool, rsv, op byte, payload string) string {
	first := rsv<<4 | op
	if final {
		first |= 0x80
	}
	b := []byte{first}
	if n := len(payload); n < 126 {
		b = append(b, 0x80|byte(n))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	}
	return string(b) + "\x00\x00\x00\x00" + payload
}

// TestBackendFrames has the frames sent to uvicorn 0.32 with websockets 15, and what those answered and reported.
func TestBackendFrames(t *testing.T) {
	env := startLab(t)
	whole := func(op byte, payload string) string { return rawFrame(true, 0, op, payload) }
	code := func(n uint16) string { return string(binary.BigEndian.AppendUint16(nil, n)) }
	tests := []struct {
		name, send, want string
		code             int
	}{
		{"text", whole(1, "hello"), "\x81\x05hello", 1006},
		{"binary", whole(2, "\x00\xff"), "\x82\x02\x00\xff", 1006},
		{"empty", whole(1, ""), "\x81\x00", 1006},
		{"ping", whole(9, "p"), "\x8a\x01p", 1006},
		{"fragments", rawFrame(false, 0, 1, "he") + whole(9, "x") + whole(0, "llo"), "\x8a\x01x\x81\x05hello", 1006},
		{"close 1000", whole(8, code(1000)+"bye"), "\x88\x05\x03\xe8bye", 1000},
		{"close 4000", whole(8, code(4000)), "\x88\x02\x0f\xa0", 4000},
		{"close without code", whole(8, ""), "\x88\x00", 1005},
		{"close with half a code", whole(8, "\x03"), "\x88\x02\x03\xea", 1006},
		{"close 1005", whole(8, code(1005)), "\x88\x02\x03\xea", 1006},
		{"close 999", whole(8, code(999)), "\x88\x02\x03\xea", 1006},
		{"close with a bad reason", whole(8, code(1000)+"\xff"), "\x88\x02\x03\xef", 1006},
		{"unmasked", "\x81\x05hello", "\x88\x02\x03\xea", 1006},
		{"reserved bit", rawFrame(true, 4, 1, "hello"), "\x88\x02\x03\xea", 1006},
		{"unknown opcode", whole(3, "hello"), "\x88\x02\x03\xea", 1006},
		{"not UTF-8", whole(1, "\xff\xfe"), "\x88\x02\x03\xef", 1006},
		{"continuation of nothing", whole(0, "x"), "\x88\x02\x03\xea", 1006},
		{"text in a message", rawFrame(false, 0, 1, "x") + whole(1, "y"), "\x88\x02\x03\xea", 1006},
		{"long ping", whole(9, strings.Repeat("x", 126)), "\x88\x02\x03\xea", 1006},
		{"half a ping", rawFrame(false, 0, 9, "x"), "\x88\x02\x03\xea", 1006},
		{"too big", "\x82\xff\x00\x00\x00\x00\x01\x10\x00\x00\x00\x00\x00\x00", "\x88\x02\x03\xf1", 1006},
		{"200 bytes", whole(2, strings.Repeat("z", 200)), "\x82\x7e\x00\xc8" + strings.Repeat("z", 200), 1006},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id := strings.ReplaceAll(tt.name, " ", "-")
			c := dialBackend(t, env, "GET /ws HTTP/1.1\r\nHost: x\r\n"+probe.Header+": "+id+"\r\nUpgrade: websocket\r\n"+
				"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
			if head := until(t, c, "\r\n\r\n"); !strings.HasPrefix(head, "HTTP/1.1 101 ") {
				t.Fatal(head)
			}
			if _, err := io.WriteString(c, tt.send); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(tt.want))
			if _, err := io.ReadFull(c, got); err != nil || string(got) != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
			_ = c.Close()
			line, err := env.Log("backend").Wait(t.Context(), 0, func(l probe.Line) bool {
				return strings.HasPrefix(l.Text, `{"event":"close","probe":"`+id+`"`)
			})
			if want := fmt.Sprintf(`"code":%d,`, tt.code); err != nil || !strings.Contains(line.Text, want) {
				t.Errorf("got %s (%v), want %s", line.Text, err, want)
			}
		})
	}
}

func dialBackend(t *testing.T, env probe.Target, request string) net.Conn {
	t.Helper()
	addr, err := env.Addr("backend", 8000)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	return c
}

// until reads byte by byte up to mark.
func until(t *testing.T, c net.Conn, mark string) string {
	t.Helper()
	var got []byte
	b := make([]byte, 1)
	for !strings.HasSuffix(string(got), mark) {
		if _, err := c.Read(b); err != nil {
			return string(got)
		}
		got = append(got, b[0])
	}
	return string(got)
}

var date = regexp.MustCompile(`(?i)(date: )[^\r]*`)

// TestBackendAnswers has requests sent straight to uvicorn, and what it answered.
func TestBackendAnswers(t *testing.T) {
	const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
	const failed = "HTTP/1.1 400 Bad Request\r\nDate: now\r\nContent-Length: %d\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" +
		"Failed to open a WebSocket connection: "
	env := startLab(t)
	for _, tt := range []struct{ name, send, want string }{
		{"health", "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\ndate: now\r\nserver: uvicorn\r\n" +
			"content-length: 11\r\ncontent-type: application/json\r\nConnection: close\r\n\r\n{\"ok\":true}"},
		{"health over 1.0", "GET /health HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\ndate: now\r\nserver: uvicorn\r\n" +
			"content-length: 11\r\ncontent-type: application/json\r\nConnection: close\r\n\r\n{\"ok\":true}"},
		{"wrong method", "POST /health HTTP/1.0\r\n\r\n", "HTTP/1.1 405 Method Not Allowed\r\ndate: now\r\nserver: uvicorn\r\n" +
			"allow: GET\r\ncontent-length: 31\r\ncontent-type: application/json\r\nConnection: close\r\n\r\n{\"detail\":\"Method Not Allowed\"}"},
		{"slash", "GET /health/?a=1 HTTP/1.0\r\nHost: x\r\n\r\n", "HTTP/1.1 307 Temporary Redirect\r\ndate: now\r\nserver: uvicorn\r\n" +
			"content-length: 0\r\nlocation: http://x/health?a=1\r\nConnection: close\r\n\r\n"},
		{"garbage", "hello\r\n\r\n", "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" +
			"Invalid HTTP request received."},
		{"no host", "GET /ws HTTP/1.1\r\n" + upgrade + "\r\n", "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n" +
			"Connection: close\r\n\r\nInvalid HTTP request received."},
		{"other path", "GET /other HTTP/1.1\r\nHost: x\r\n" + upgrade + "\r\n", "HTTP/1.1 403 Forbidden\r\nDate: now\r\nContent-Length: 0\r\n" +
			"Content-Type: text/plain\r\nConnection: close\r\n\r\n"},
		{"post", "POST /ws HTTP/1.1\r\nHost: x\r\n" + upgrade + "\r\n",
			fmt.Sprintf(failed, 108) + "did not receive a valid HTTP request; unsupported HTTP method: POST.\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, err := io.ReadAll(dialBackend(t, env, tt.send))
			if got := date.ReplaceAllString(string(all), "${1}now"); err != nil || got != tt.want {
				t.Errorf("got %q (%v)\nwant %q", got, err, tt.want)
			}
		})
	}
}

// TestExec has the commands that the stand-in knows, and one that it does not.
func TestExec(t *testing.T) {
	env := startLab(t)
	for _, tt := range []struct {
		argv   string
		code   int
		output string
	}{
		{"nginx -t", 0, "test is successful"},
		{"nginx -T", 0, "# configuration file /etc/nginx/lab/websocket.conf:"},
		{"nginx -v", 0, "nginx version: nginx/1.26.3 (embedded stand-in)"},
		{"nginx -s reload", 127, "use Docker"},
		{"cat /etc/passwd", 127, "use Docker"},
	} {
		res, err := env.Exec(t.Context(), "proxy", strings.Fields(tt.argv)...)
		if err != nil || res.Code != tt.code || !strings.Contains(res.Stdout+res.Stderr, tt.output) {
			t.Errorf("%s: %+v, %v", tt.argv, res, err)
		}
	}
}
