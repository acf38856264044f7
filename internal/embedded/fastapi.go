package embedded

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
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

const invalidRequest = "Invalid HTTP request received."

const notAHandshake = "not a WebSocket handshake: it needs Upgrade: websocket and Connection: Upgrade"

// serve answers the requests of one connection.
func (f *fastAPI) serve(c net.Conn) {
	defer c.Close()
	if !f.conns.add(c) {
		return
	}
	defer f.conns.remove(c)
	in := &arrivals{conn: c}
	for idle := time.Duration(0); ; idle = keepAlive {
		q, err := in.request(idle)
		switch {
		case err == errSyntax || err == errTooBig:
			f.invalid(c, idle > 0, false)
			return
		case err != nil:
			return
		case q.isHandshake():
			// What came along with the handshake is lost: uvicorn hands only the head on.
			f.upgrade(c, q)
			return
		}
		if !f.plain(c, in, q) {
			return
		}
	}
}

// invalid refuses what h11 does not take. It frames the answer in chunks once it knows that the client speaks HTTP/1.1,
// and writes the Connection header anew if the client has asked for the end.
func (f *fastAPI) invalid(c net.Conn, known, closing bool) {
	f.warn(invalidRequest)
	head, body := "Connection: close\r\n", invalidRequest
	if known {
		head = "connection: close\r\nTransfer-Encoding: chunked\r\n"
		if closing {
			head = "Transfer-Encoding: chunked\r\nConnection: close\r\n"
		}
		body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(invalidRequest), invalidRequest)
	}
	_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"+head+"\r\n"+body)
	halfClose(c, time.Second)
}

// halfClose ends the server's side and waits for the client to end its own, so that closing does not become a reset, which
// would destroy an answer on its way. What comes meanwhile is thrown away.
func halfClose(c net.Conn, limit time.Duration) {
	half, ok := c.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(limit))
	_, _ = io.Copy(io.Discard, c)
}

func (f *fastAPI) warn(text string) { f.out.Append(time.Now(), "WARNING:  "+text) }

// sayHandshake writes the line about a request for /ws.
func (f *fastAPI) sayHandshake(q query, accepted bool, status int) {
	r := q.received(q.isHandshake())
	f.out.Append(time.Now(), fmt.Sprintf(`{"event":"handshake","probe":%s,"path":"/ws","accepted":%t,"status":%d,"http_version":%s,"headers":%s}`,
		pyJSON(r.value(probe.Header), true), accepted, status, pyJSON(&r.version, true), r.json()))
}

// plain answers a request that is no WebSocket handshake, and tells whether the connection goes on. The answer does not
// wait for the body, which no route reads.
func (f *fastAPI) plain(c net.Conn, in *arrivals, q query) bool {
	if q.upgrade != nil {
		f.warn("Unsupported upgrade request.")
	}
	rest := &unread{chunked: q.chunked, left: q.length}
	done, err := rest.take(in)
	if err != nil {
		f.invalid(c, q.version >= "1.1", q.close)
		if q.isRoute("/ws") && q.method == "GET" {
			f.sayHandshake(q, false, 400)
		}
		f.out.Append(time.Now(), "ERROR:    Exception in ASGI application") // it answers, too, but too late
		return false
	}
	if _, err := io.WriteString(c, f.answer(q, c.LocalAddr())); err != nil || q.close {
		return false
	}
	for idle := keepAlive; !done; idle = 0 {
		_ = c.SetReadDeadline(time.Time{})
		if idle > 0 {
			_ = c.SetReadDeadline(time.Now().Add(idle))
		}
		if in.more() != nil {
			return false
		}
		if done, err = rest.take(in); err != nil {
			f.warn(invalidRequest)
			return false
		}
	}
	return true
}

// isRoute tells whether the request is for a route. A line feed at the end is passed over, as by Python's "$".
func (q query) isRoute(route string) bool { return strings.TrimSuffix(q.path, "\n") == route }

// answer is the whole answer to a request that is no handshake.
func (f *fastAPI) answer(q query, local net.Addr) string {
	status, extra, body := 404, "", `{"detail":"Not Found"}`
	switch route := (query{path: strings.TrimRight(q.path, "/")}); {
	case q.isRoute("/health") && q.method == "GET":
		status, body = 200, `{"ok":true}`
	case q.isRoute("/ws") && q.method == "GET":
		status, body = 400, q.received(false).explain()
		f.sayHandshake(q, false, 400)
	case q.isRoute("/health") || q.isRoute("/ws"):
		status, extra, body = 405, "allow: GET\r\n", `{"detail":"Method Not Allowed"}`
	case route.path != q.path && (route.isRoute("/health") || route.isRoute("/ws")):
		status, body = 307, ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\ndate: %s\r\nserver: uvicorn\r\n%scontent-length: %d\r\n", status,
		http.StatusText(status), now(), extra, len(body))
	if status == 307 {
		b.WriteString("location: " + q.redirect(local) + "\r\n")
	} else {
		b.WriteString("content-type: application/json\r\n")
	}
	if q.close {
		b.WriteString("Connection: close\r\n")
	}
	b.WriteString("\r\n")
	if q.method != "HEAD" {
		b.WriteString(body)
	}
	return b.String()
}

// plainHost is what Starlette takes for a host in an address of its own; it uses the server's address otherwise.
var plainHost = regexp.MustCompile(`(?i)^([a-z0-9.-]+|\[[a-f0-9]*:[a-f0-9.:]+\])(:[0-9]+)?$`)

// redirect is the address without slashes at its end.
func (q query) redirect(local net.Addr) string {
	host, ok := q.get("host")
	if !ok || !plainHost.MatchString(host) {
		host = local.String()
	}
	url := "http://" + host + strings.TrimRight(q.path, "/")
	if q.args != "" {
		url += "?" + q.args
	}
	return pyQuote(url)
}

func now() string { return time.Now().UTC().Format(http.TimeFormat) }

// upgrade answers a handshake (RFC 6455, section 4.2), in the words of the websockets package where it refuses it.
func (f *fastAPI) upgrade(c net.Conn, q query) {
	r := q.wellFormed()
	if r == nil {
		r = q.checkRequest()
	}
	if r == nil && !q.isRoute("/ws") {
		r = &refusal{status: 403}
	}
	if r != nil {
		f.refuse(c, r)
		return
	}
	began := time.Now()
	f.sayHandshake(q, true, 101) // the application accepts before extensions are looked at
	z, extensions, r := q.negotiate()
	code := closeAbnormal
	if r != nil {
		f.refuse(c, r)
	} else {
		code = f.talk(c, q, z, extensions)
	}
	if f.conns.isClosed() {
		code = closeRestart
	}
	f.out.Append(time.Now(), fmt.Sprintf(`{"event":"close","probe":%s,"code":%d,"seconds":%s}`,
		pyJSON(q.received(true).value(probe.Header), true), code, pyFloat(time.Since(began))))
}

// talk completes the handshake and echoes until the WebSocket ends; it gives the close code.
func (f *fastAPI) talk(c net.Conn, q query, z *deflate, extensions string) int {
	if extensions != "" {
		extensions = "Sec-WebSocket-Extensions: " + extensions + "\r\n"
	}
	key, _ := q.get("Sec-WebSocket-Key")
	if _, err := fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n%sdate: %s\r\nserver: uvicorn\r\n\r\n", acceptKey(key), extensions, now()); err != nil {
		return closeAbnormal
	}
	w := &websocket{conn: c, in: bufio.NewReader(c), deflate: z}
	code := w.echo()
	halfClose(c, closeLimit)
	return code
}

// refuse answers a handshake that failed.
func (f *fastAPI) refuse(c net.Conn, r *refusal) {
	if r.status == 500 {
		f.out.Append(time.Now(), "ERROR:    opening handshake failed")
	}
	if r.status != 0 {
		_, _ = fmt.Fprintf(c, "HTTP/1.1 %d %s\r\n%sDate: %s\r\nContent-Length: %d\r\nContent-Type: text/plain\r\n"+
			"Connection: close\r\n\r\n%s", r.status, http.StatusText(r.status), r.extra, now(), len(r.body), r.body)
	}
	halfClose(c, time.Second)
}
