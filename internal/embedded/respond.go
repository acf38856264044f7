package embedded

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// nginxVersion is the version that the stand-in stands in for.
const nginxVersion = "1.26.3"

// reasons are nginx's reason phrases, where they differ from those of net/http.
var reasons = map[int]string{302: "Moved Temporarily", 405: "Not Allowed", 408: "Request Time-out",
	413: "Request Entity Too Large", 414: "Request-URI Too Large", 416: "Requested Range Not Satisfiable",
	503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}

// titles are the words on nginx's own pages, where they differ from the reason phrases.
var titles = map[int]string{302: "Found", 401: "Authorization Required"}

// pages lists the statuses for which nginx has a page (ngx_http_error_pages).
var pages = []int{301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415,
	416, 421, 429, 494, 495, 496, 497, 500, 501, 502, 503, 504, 505, 507}

// known lists the statuses that nginx has a reason phrase for; it writes others with a blank and nothing after it.
var known = []int{200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410,
	411, 412, 413, 414, 415, 416, 421, 429, 500, 501, 502, 503, 504, 505, 507}

func contains(list []int, n int) bool {
	for _, v := range list {
		if v == n {
			return true
		}
	}
	return false
}

// statusLine is what follows "HTTP/1.1 ".
func statusLine(status int) string {
	if !contains(known, status) {
		return fmt.Sprintf("%03d ", status)
	}
	if reason, ok := reasons[status]; ok {
		return fmt.Sprintf("%d %s", status, reason)
	}
	return fmt.Sprintf("%d %s", status, http.StatusText(status))
}

// page is nginx's own page for a status, "" for none.
func (r *request) page(status int) string {
	if status == 498 { // the first one after nginx's own, for which it takes the page of another
		status = 404
	}
	if !contains(pages, status) {
		return ""
	}
	title, more := titles[status], ""
	if title == "" {
		_, title, _ = strings.Cut(statusLine(status), " ")
	}
	head := fmt.Sprintf("%d %s", status, title)
	body := head
	if why, ok := badRequests[status]; ok {
		head, body, more = "400 "+why, "400 Bad Request", "<center>"+why+"</center>\r\n"
	}
	version := r.set.serverName()
	return "<html>\r\n<head><title>" + head + "</title></head>\r\n<body>\r\n<center><h1>" + body + "</h1></center>\r\n" + more +
		"<hr><center>" + version + "</center>\r\n</body>\r\n</html>\r\n"
}

// badRequests are the codes of nginx's own that a client sees as 400, with what the page says.
var badRequests = map[int]string{494: "Request Header Or Cookie Too Large", 495: "The SSL certificate error",
	496: "No required SSL certificate was sent", 497: "The plain HTTP request was sent to HTTPS port"}

// fail answers with nginx's own page for a status and tells whether the connection goes on.
func (r *request) fail(status int) bool {
	switch status {
	case 400, 413, 414, 495, 496, 497, 500, 501:
		r.keepalive = false
	}
	body := r.page(status)
	kind := ""
	if body != "" {
		kind = "text/html"
	}
	shown := status
	if badRequests[status] != "" {
		shown = 400
	}
	return r.write(shown, kind, body)
}

// unwanted judges what has come of a body that nobody reads: nginx looks before it answers.
func (r *request) unwanted() (status int) {
	if r.bodyLength != -2 || r.body != nil {
		return 0
	}
	here, _ := r.conn.in.Peek(r.conn.in.Buffered())
	_, err := io.Copy(io.Discard, &chunked{r: bufio.NewReader(strings.NewReader(string(here)))})
	if !errors.Is(err, errSyntax) {
		return 0
	}
	r.bodyLength = -1
	r.log(logError, "client sent invalid chunked body")
	return 400
}

// give answers as a return directive says.
func (r *request) give(s rewriteStep) bool {
	text := s.text.fill(r)
	status := r.unwanted()
	switch {
	case status != 0:
		return r.fail(status)
	case r.exhausted:
		return r.fail(500)
	case s.status == 444 || s.status == 499:
		r.status = s.status
		r.access()
		return false
	case contains([]int{301, 302, 303, 307, 308}, s.status):
		r.location, r.locationSet = text, true
		return r.fail(s.status)
	case !s.hasText && s.status >= 400, s.hasText && len(s.text) == 0 && s.status >= 400:
		return r.fail(s.status)
	case s.status == 204:
		return r.write(204, "", "")
	}
	return r.write(s.status, r.contentType(), text)
}

// contentType is what nginx gives a body of its own: by the path's extension, else default_type.
func (r *request) contentType() string {
	last := r.uri[strings.LastIndexByte(r.uri, '/')+1:]
	if i := strings.LastIndexByte(last, '.'); i >= 0 {
		if t, ok := r.set.types[strings.ToLower(last[i+1:])]; ok {
			return t
		}
	}
	return r.set.defaultType
}

// write sends a whole answer of nginx's own, and says whether the connection goes on.
func (r *request) write(status int, kind, body string) bool {
	r.status = status
	var b strings.Builder
	r.begin(&b, status)
	if kind != "" {
		b.WriteString("Content-Type: " + kind + "\r\n")
	}
	if status != 204 {
		b.WriteString("Content-Length: " + itoa(len(body)) + "\r\n")
	}
	if r.location != "" && strings.HasPrefix(r.location, "/") {
		b.WriteString("Location: " + r.absolute(r.location) + "\r\n")
		r.location, r.locationSet = "", false
	}
	r.connection(&b)
	if r.location != "" || r.locationSet {
		b.WriteString("Location: " + r.location + "\r\n")
	}
	r.add(&b)
	b.WriteString("\r\n")
	if r.bare {
		b.Reset()
	}
	head := b.Len()
	if r.method != "HEAD" && status != 204 && status != 304 {
		b.WriteString(body)
	}
	n, err := r.send(b.String())
	r.sent, r.sentBody = int64(n), int64(max(0, n-head))
	all := err == nil && r.discard()
	r.access()
	if all && r.keepalive {
		return true
	}
	if err == nil {
		r.conn.part()
	}
	return false
}

// absolute makes a Location of a path (absolute_redirect, port_in_redirect).
func (r *request) absolute(path string) string {
	host := r.host
	if host == "" {
		host = r.conn.gen.address
	}
	if r.conn.port != 80 {
		host += ":" + itoa(r.conn.port)
	}
	return "http://" + host + path
}

// begin writes the status line and the headers that come first.
func (r *request) begin(b *strings.Builder, status int) {
	b.WriteString("HTTP/1.1 " + statusLine(status) + "\r\nServer: " + r.set.serverName() + "\r\nDate: " + now() + "\r\n")
}

func (r *request) connection(b *strings.Builder) {
	if r.keepalive && r.conn.gen.retired.Load() {
		r.keepalive = false
	}
	if !r.keepalive {
		b.WriteString("Connection: close\r\n")
		return
	}
	b.WriteString("Connection: keep-alive\r\n")
	if r.set.keepaliveHeader > 0 {
		b.WriteString("Keep-Alive: timeout=" + itoa64(int64(r.set.keepaliveHeader/time.Second)) + "\r\n")
	}
}

func (r *request) send(text string) (int, error) {
	_ = r.conn.SetWriteDeadline(sendBy(r.set.clientSend))
	return io.WriteString(r.conn, text)
}

// sendBy is when something must have been sent. Even with a limit of 0 what the kernel takes at once is sent.
func sendBy(limit time.Duration) time.Time { return time.Now().Add(max(limit, 50*time.Millisecond)) }

// readBody takes the whole body, as nginx does before it connects to an upstream (proxy_request_buffering). A status
// other than 0 says that it cannot.
func (r *request) readBody() (status int) {
	if r.bodyLength == -1 {
		return 0
	}
	if expect, _ := r.head.get("Expect"); strings.EqualFold(expect, "100-continue") && !r.old {
		if _, err := r.send("HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return 499
		}
	}
	limit := int64(64 << 20)
	if r.set.maxBody > 0 {
		limit = min(limit, r.set.maxBody)
	}
	var from io.Reader = io.LimitReader(r.conn.in, r.bodyLength)
	chunks := &chunked{r: r.conn.in, most: limit}
	if r.bodyLength < 0 {
		from = chunks
	}
	_ = r.conn.SetReadDeadline(time.Now().Add(r.set.clientBody))
	body, err := io.ReadAll(io.LimitReader(from, limit+1))
	switch {
	case os.IsTimeout(err):
		r.log(logInfo, "client timed out (110: Connection timed out)")
		return 408
	case errors.Is(err, errTooBig):
		r.log(logError, "client intended to send too large chunked body: "+itoa64(chunks.total)+"+"+itoa64(chunks.size)+" bytes")
		r.bodyLength = -1 // what is left of it is not waited for
		return 413
	case errors.Is(err, errSyntax), errors.Is(err, errTooLong):
		r.log(logError, "client sent invalid chunked body")
		r.bodyLength = -1 // nothing of it can be passed over
		return 400
	case err != nil || r.bodyLength >= 0 && int64(len(body)) < r.bodyLength:
		r.log(logInfo, "client prematurely closed connection")
		return 400
	}
	if r.body = body; body == nil {
		r.body = []byte{}
	}
	r.bodyLength = int64(len(body))
	return 0
}
