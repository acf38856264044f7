package embedded

import (
	"errors"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	firstBuffer  = 1 << 10    // client_header_buffer_size, bytes
	longestShown = 2048 - 300 // of a client's header line in the error log (NGX_MAX_ERROR_STR - 300), bytes
)

// clientHead reads a client's head byte by byte, within the buffers that nginx has for it (large_client_header_buffers).
// A line has to fit in one buffer.
type clientHead struct {
	c     *conn
	r     *request
	room  int    // left in the buffer
	large int    // buffers taken of the large ones
	line  []byte // since the line began
}

func (h *clientHead) next() (byte, error) {
	if h.room == 0 {
		size := h.r.set.longestLine
		if len(h.line) >= size || h.large >= h.r.set.longestHead/size {
			return 0, errTooLong
		}
		h.large++
		h.room = size - len(h.line)
	}
	ch, err := h.c.in.ReadByte()
	if err == nil {
		h.room--
		h.line = append(h.line, ch)
	}
	return ch, err
}

// readHead reads the head of the request. If it cannot, it answers, and says so.
func (c *conn) readHead(r *request) (answered bool) {
	_ = c.SetReadDeadline(time.Now().Add(r.set.clientHeader))
	h := &clientHead{c: c, r: r, room: firstBuffer}
	if r.action = "reading client request line"; c.requests > 1 && c.in.Buffered() > 0 {
		r.action = "reading client pipelined request line"
	}
	if h.readRequestLine(r) {
		return true
	}
	if r.version == "" {
		r.server = c.listen.choose(r)
		r.set = r.server.settings
		return false
	}
	r.action = "reading client request headers"
	return h.readHeaders(r)
}

func (h *clientHead) readRequestLine(r *request) (answered bool) {
	q := &requestLine{}
	for {
		ch, err := h.next()
		if errors.Is(err, errTooLong) {
			r.head.line = string(h.line)
			r.log(logInfo, "client sent too long URI")
			r.fail(414)
			return true
		}
		if err != nil {
			r.head.line = string(q.raw)
			h.broken(r, err)
			return true
		}
		done, wrong := q.feed(ch)
		switch {
		case wrong != "":
			r.head.line = h.lineSoFar()
			r.log(logInfo, "client sent invalid "+wrong)
			if wrong == "version" {
				r.fail(505)
			} else {
				r.fail(400)
			}
			return true
		case done:
			h.line = h.line[:0]
			return r.takeLine(q)
		case q.state == nil:
			h.line = h.line[:0] // an empty line before the request
		}
	}
}

// lineSoFar is what the log shows of a request line that is wrong: what has come of it.
func (h *clientHead) lineSoFar() string {
	rest, _ := h.c.in.Peek(h.c.in.Buffered())
	line := string(h.line) + string(rest)
	if i := strings.IndexAny(line, "\r\n"); i >= 0 {
		line = line[:i]
	}
	return line
}

// takeLine takes what the request line says; it answers what nginx refuses now.
func (r *request) takeLine(q *requestLine) (answered bool) {
	refuse := func(why string) bool {
		r.log(logInfo, "client sent "+why)
		r.fail(400)
		return true
	}
	r.head.line, r.method, r.target = string(q.raw), q.method, q.target
	r.old = q.minor == 0 || q.noVersion
	if r.bare = q.noVersion; !r.bare {
		r.version = r.head.line[strings.LastIndex(r.head.line, "HTTP/"):]
	}
	if r.bare && r.method != "GET" {
		return refuse("invalid method in HTTP/0.9 request")
	}
	if !r.splitTarget(q.noPath) {
		return refuse("invalid request")
	}
	if q.hasHost {
		var ok bool
		if r.host, ok = validHost(q.host); !ok {
			r.host = ""
			return refuse("invalid host in request line")
		}
		r.server = r.conn.listen.choose(r)
		r.set = r.server.settings
	}
	return false
}

func (h *clientHead) readHeaders(r *request) (answered bool) {
	line := &fieldLine{}
	for {
		ch, err := h.next()
		if errors.Is(err, errTooLong) {
			r.log(logInfo, `client sent too long header line: "`+string(h.line[:min(len(h.line), longestShown)])+`..."`)
			r.fail(494)
			return true
		}
		if err != nil {
			h.broken(r, err)
			return true
		}
		switch line.feed(ch) {
		case lineMore:
			continue
		case lineBad:
			r.log(logInfo, `client sent invalid header line: "`+line.bad()+`"`)
			r.fail(400)
			return true
		case lineLast:
			return r.judgeHead()
		case lineWhole:
			if line.odd {
				r.log(logInfo, `client sent invalid header line: "`+string(line.raw[:line.end])+`"`)
			} else if why := r.takeField(line.field()); why != "" {
				r.log(logInfo, "client sent "+why)
				r.fail(400)
				return true
			}
		}
		line.reset()
		h.line = h.line[:0]
	}
}

// single are the headers that nginx refuses to get twice.
var single = []string{"if-modified-since", "if-unmodified-since", "if-match", "if-none-match", "content-length",
	"content-range", "if-range", "transfer-encoding", "expect", "authorization"}

// takeField keeps a header; why says what nginx has against it.
func (r *request) takeField(f field) (why string) {
	name := strings.ToLower(f.name)
	_, twice := r.head.get(name)
	if name == "host" {
		if twice {
			return `duplicate host header: "` + f.name + ": " + f.value + `", previous value: "` + r.head.shown(name) + `"`
		}
		r.head.fields = append(r.head.fields, f)
		host, ok := validHost(f.value)
		if !ok {
			return "invalid host header"
		}
		if r.host == "" {
			r.host = host
			r.server = r.conn.listen.choose(r)
			r.set = r.server.settings
		}
		return ""
	}
	if twice && slices.Contains(single, name) {
		return `duplicate header line: "` + f.name + ": " + f.value + `", previous value: "` + r.head.shown(name) + `"`
	}
	r.head.fields = append(r.head.fields, f)
	if name == "connection" {
		switch value := strings.ToLower(f.value); {
		case strings.Contains(value, "close"):
			r.wants = "close"
		case strings.Contains(value, "keep-alive"):
			r.wants = "keep-alive"
		}
	}
	return ""
}

// shown is the first header of a name as it came.
func (h head) shown(name string) string {
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			return f.name + ": " + f.value
		}
	}
	return ""
}

// broken ends a connection whose head does not come.
func (h *clientHead) broken(r *request, err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		r.log(logInfo, "client timed out (110: Connection timed out)")
		r.status = 408
	} else {
		r.action = "reading client request headers"
		r.log(logInfo, "client prematurely closed connection")
		r.status = 400
	}
	r.access()
}

// judgeHead is ngx_http_process_request_header: what makes nginx refuse a request by its headers.
func (r *request) judgeHead() (answered bool) {
	status, why := r.fault()
	if status == 0 {
		return false
	}
	r.log(logInfo, "client sent "+why)
	r.fail(status)
	return true
}

func (r *request) fault() (status int, why string) {
	if r.host == "" {
		r.server = r.conn.listen.choose(r)
		r.set = r.server.settings
	}
	if _, ok := r.head.get("Host"); !ok && !r.old {
		return 400, `HTTP/1.1 request without "Host" header`
	}
	length, hasLength := r.head.get("Content-Length")
	if hasLength {
		n, ok := atoi(length)
		if !ok || length == "" {
			return 400, `invalid "Content-Length" header`
		}
		r.bodyLength = int64(n)
	}
	if coding, ok := r.head.get("Transfer-Encoding"); ok {
		switch {
		case r.old:
			return 400, `HTTP/1.0 request with "Transfer-Encoding" header`
		case !strings.EqualFold(coding, "chunked"):
			return 501, `unknown "Transfer-Encoding": "` + coding + `"`
		case hasLength:
			return 400, `"Content-Length" and "Transfer-Encoding" headers at the same time`
		}
		r.bodyLength = -2 // until it is read
	}
	if r.method == "CONNECT" || r.method == "TRACE" {
		return 405, r.method + " method"
	}
	return 0, ""
}
