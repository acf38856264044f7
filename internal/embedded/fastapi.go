package embedded

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/probe"
)

// fastAPI stands in for the lab's backend: labs/03-reverse-proxy/backend/app.py under uvicorn with h11 and websockets.
// What it says is what that says, byte for byte but for the order of two headers.
type fastAPI struct {
	out   *probe.Log
	conns connSet
}

// keepAlive is how long uvicorn waits for the next request (--timeout-keep-alive).
const keepAlive = 5 * time.Second

// maxEvent is uvicorn's limit for a head (h11_max_incomplete_event_size). Bytes.
const maxEvent = 64 << 10

const notAHandshake = "not a WebSocket handshake: it needs Upgrade: websocket and Connection: Upgrade"

// serve answers the requests of one connection.
func (f *fastAPI) serve(c net.Conn) {
	defer c.Close()
	if !f.conns.add(c) {
		return
	}
	defer f.conns.remove(c)
	in := bufio.NewReaderSize(c, 1024)
	for n := 0; ; n++ {
		_ = c.SetReadDeadline(time.Time{})
		if n > 0 {
			_ = c.SetReadDeadline(time.Now().Add(keepAlive))
		}
		if _, err := in.Peek(1); err != nil {
			return
		}
		h, err := readHead(in, maxEvent, maxEvent, false)
		_ = c.SetReadDeadline(time.Time{})
		q, ok := parseQuery(h)
		if err != nil && err != errSyntax && err != errTooBig && err != errTooLong {
			return
		}
		if err != nil || !ok {
			f.warn("Invalid HTTP request received.")
			const text = "Invalid HTTP request received."
			_, _ = fmt.Fprintf(c, "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n%s", text)
			return
		}
		if q.upgrade {
			f.upgrade(c, in, q)
			return
		}
		if !f.plain(c, in, q) {
			return
		}
	}
}

func (f *fastAPI) warn(text string) { f.out.Append(time.Now(), "WARNING:  "+text) }

// query is a request as the backend sees it.
type query struct {
	head
	method, path, args, version string
	upgrade, close              bool
}

// parseQuery takes the request line apart; ok is false where h11 refuses the request.
func parseQuery(h head) (q query, ok bool) {
	parts := strings.Split(h.line, " ")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" {
		return q, false
	}
	q = query{head: h, method: parts[0], version: strings.TrimPrefix(parts[2], "HTTP/")}
	if q.version != "1.1" && q.version != "1.0" {
		return q, false
	}
	q.path, q.args, _ = strings.Cut(parts[1], "?")
	if path, err := url.PathUnescape(q.path); err == nil {
		q.path = path
	}
	ok = true
	hosts := 0
	for _, f := range h.fields {
		if strings.EqualFold(f.name, "Host") {
			hosts++
		}
	}
	if hosts > 1 || hosts == 0 && q.version == "1.1" {
		return q, false
	}
	up, _ := h.get("Upgrade")
	q.upgrade = h.has("Connection", "upgrade") && strings.EqualFold(up, "websocket")
	q.close = q.version == "1.0" || h.has("Connection", "close")
	return q, ok
}

// headers are all headers by lower-case name, those that came twice joined, as JSON in the order in which they came.
func (q query) headers() string {
	var names []string
	values := map[string]string{}
	for _, f := range q.fields {
		name := strings.ToLower(f.name)
		if old, twice := values[name]; twice {
			values[name] = old + ", " + f.value
			continue
		}
		names = append(names, name)
		values[name] = f.value
	}
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(pyString(name) + ":" + pyString(values[name]))
	}
	return "{" + b.String() + "}"
}

// field is a header as JSON, null where there is none.
func (q query) field(name string) string {
	if v, ok := joined(q.head, strings.ReplaceAll(strings.ToLower(name), "-", "_")); ok {
		return pyString(v)
	}
	return "null"
}

// pyString writes a string as Python's json.dumps does, bytes taken for Latin-1.
func pyString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch ch := s[i]; {
		case ch == '"' || ch == '\\':
			b.WriteByte('\\')
			b.WriteByte(ch)
		case ch == '\t':
			b.WriteString(`\t`)
		case ch < ' ' || ch > 126 && ch != 127:
			fmt.Fprintf(&b, `\u%04x`, ch)
		default:
			b.WriteByte(ch)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func (f *fastAPI) sayHandshake(q query, accepted bool, status int) {
	f.out.Append(time.Now(), fmt.Sprintf(`{"event":"handshake","probe":%s,"path":"/ws","accepted":%t,"status":%d,"http_version":%s,"headers":%s}`,
		q.field(probe.Header), accepted, status, pyString(q.version), q.headers()))
}

// plain answers a request that is no WebSocket handshake, and tells whether the connection goes on.
func (f *fastAPI) plain(c net.Conn, in *bufio.Reader, q query) bool {
	if _, ok := q.get("Upgrade"); ok && q.has("Connection", "upgrade") {
		f.warn("Unsupported upgrade request.")
	}
	if !q.skipBody(in) {
		return false
	}
	status, extra, body := 404, "", `{"detail":"Not Found"}`
	switch path := strings.TrimSuffix(q.path, "/"); {
	case q.path == "/health" && q.method == "GET":
		status, body = 200, `{"ok":true}`
	case q.path == "/ws" && q.method == "GET":
		status = 400
		body = fmt.Sprintf(`{"error":%s,"received":{"upgrade":%s,"connection":%s,"sec-websocket-key":%s,"sec-websocket-version":%s,"http_version":%s}}`,
			pyString(notAHandshake), q.field("Upgrade"), q.field("Connection"), q.field("Sec-WebSocket-Key"),
			q.field("Sec-WebSocket-Version"), pyString(q.version))
		f.sayHandshake(q, false, 400)
	case q.path == "/health" || q.path == "/ws":
		status, extra, body = 405, "allow: GET\r\n", `{"detail":"Method Not Allowed"}`
	case path != q.path && (path == "/health" || path == "/ws"):
		host, _ := q.get("Host")
		if q.args != "" {
			path += "?" + q.args
		}
		status, extra, body = 307, "location: http://"+host+path+"\r\n", ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\ndate: %s\r\nserver: uvicorn\r\n", status, http.StatusText(status), now())
	if status == 405 {
		b.WriteString(extra)
	}
	fmt.Fprintf(&b, "content-length: %d\r\n", len(body))
	switch {
	case status == 307:
		b.WriteString(extra)
	default:
		b.WriteString("content-type: application/json\r\n")
	}
	if q.close {
		b.WriteString("Connection: close\r\n")
	}
	b.WriteString("\r\n")
	if q.method != "HEAD" {
		b.WriteString(body)
	}
	_, err := c.Write([]byte(b.String()))
	return err == nil && !q.close
}

// skipBody takes the body off the connection: no route reads it.
func (q query) skipBody(in *bufio.Reader) bool {
	if coding, _ := q.get("Transfer-Encoding"); strings.EqualFold(coding, "chunked") {
		body := &chunked{r: in}
		buf := make([]byte, 4096)
		for {
			if _, err := body.Read(buf); err != nil {
				return body.done
			}
		}
	}
	length, _ := q.get("Content-Length")
	n, _ := atoi(length)
	m, err := in.Discard(min(n, math.MaxInt32))
	return err == nil && m == n
}

func now() string { return time.Now().UTC().Format(http.TimeFormat) }

// upgrade answers a handshake (RFC 6455, section 4.2), in the words of the websockets package where it refuses it.
func (f *fastAPI) upgrade(c net.Conn, in *bufio.Reader, q query) {
	if why := q.refusal(); why != "" {
		_, _ = fmt.Fprintf(c, "HTTP/1.1 400 Bad Request\r\nDate: %s\r\nContent-Length: %d\r\nContent-Type: text/plain\r\n"+
			"Connection: close\r\n\r\n%s", now(), len(why), why)
		return
	}
	if q.path != "/ws" {
		_, _ = fmt.Fprintf(c, "HTTP/1.1 403 Forbidden\r\nDate: %s\r\nContent-Length: 0\r\nContent-Type: text/plain\r\n"+
			"Connection: close\r\n\r\n", now())
		return
	}
	key, _ := q.get("Sec-WebSocket-Key")
	began := time.Now()
	f.sayHandshake(q, true, 101)
	if _, err := fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\ndate: %s\r\nserver: uvicorn\r\n\r\n", acceptKey(key), now()); err != nil {
		return
	}
	w := &websocket{conn: c, in: in}
	code := w.echo()
	if f.conns.isClosed() {
		code = closeRestart
	}
	f.out.Append(time.Now(), fmt.Sprintf(`{"event":"close","probe":%s,"code":%d,"seconds":%s}`,
		q.field(probe.Header), code, pyFloat(time.Since(began))))
}

// pyFloat writes seconds, rounded to three decimals, as Python does: 0.4, 2.0.
func pyFloat(d time.Duration) string {
	s := strings.TrimRight(fmt.Sprintf("%.3f", d.Seconds()), "0")
	if strings.HasSuffix(s, ".") {
		s += "0"
	}
	return s
}

// refusal is what the websockets package has against a handshake, "" for nothing.
func (q query) refusal() string {
	const failed = "Failed to open a WebSocket connection: "
	if q.method != "GET" {
		return failed + "did not receive a valid HTTP request; unsupported HTTP method: " + q.method + ".\n"
	}
	key, ok := q.get("Sec-WebSocket-Key")
	if !ok {
		return failed + "missing Sec-WebSocket-Key header; 'sec-websocket-key'.\n"
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return failed + "invalid Sec-WebSocket-Key header: " + key + "; Incorrect padding.\n"
	}
	if len(raw) != 16 {
		return failed + "invalid Sec-WebSocket-Key header: " + key + ".\n"
	}
	version, ok := q.get("Sec-WebSocket-Version")
	if !ok {
		return failed + "missing Sec-WebSocket-Version header; 'sec-websocket-version'.\n"
	}
	if version != "13" {
		return failed + "invalid Sec-WebSocket-Version header: " + version + ".\n"
	}
	return ""
}
