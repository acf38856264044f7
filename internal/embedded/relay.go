package embedded

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// relay sends an upstream's answer to the client.
func (x *exchange) relay(h head, status int) {
	r := x.r
	r.status = status
	var b strings.Builder
	r.beginRelayed(&b, h)
	if kind, ok := h.get("Content-Type"); ok {
		b.WriteString("Content-Type: " + kind + "\r\n")
	}
	length, hasLength := h.get("Content-Length")
	none := r.method == "HEAD" || status == 204 || status == 304
	chunk := false
	switch {
	case hasLength:
		b.WriteString("Content-Length: " + length + "\r\n")
	case none || status < 200 || r.bare:
	case !r.old && r.set.chunked:
		chunk = true
		b.WriteString("Transfer-Encoding: chunked\r\n")
	default:
		r.keepalive = false
	}
	r.others(&b, h, func() {
		if status == 101 {
			b.WriteString("Connection: upgrade\r\n")
		} else {
			r.connection(&b)
		}
	})
	b.WriteString("\r\n")
	if r.bare {
		b.Reset()
	}
	if x.spoilt(h) {
		r.action = "reading upstream"
		r.log(logError, "upstream sent invalid chunked response")
		r.finished(status, x.began)
		r.access()
		return
	}
	n, err := r.send(b.String())
	r.sent = int64(n)
	switch {
	case err != nil:
	case none && x.in.Buffered() > 0:
		r.action = "reading upstream"
		r.log(logWarn, moreThanLength)
	case !none:
		err = x.copyBody(h, chunk)
	}
	if r.bare {
		r.status, status = 9, 200
	}
	r.finished(status, x.began)
	r.access()
	x.more = err == nil && r.keepalive
}

// spoilt tells whether a chunked body that came along with the head is wrong: nginx then has not sent the head yet.
func (x *exchange) spoilt(h head) bool {
	if _, ok := h.get("Transfer-Encoding"); !ok || x.in.Buffered() == 0 {
		return false
	}
	here, _ := x.in.Peek(x.in.Buffered())
	n, err := io.Copy(io.Discard, &chunked{r: bufio.NewReader(strings.NewReader(string(here)))})
	return n == 0 && errors.Is(err, errSyntax)
}

const moreThanLength = `upstream sent more data than specified in "Content-Length" header`

func (r *request) beginRelayed(b *strings.Builder, h head) {
	_, line, _ := strings.Cut(h.line, " ")
	b.WriteString("HTTP/1.1 " + line + "\r\n")
	if _, ok := h.get("Server"); !ok || r.set.hides("Server") {
		b.WriteString("Server: " + r.set.serverName() + "\r\n")
	}
	if _, ok := h.get("Date"); !ok || r.set.hides("Date") {
		b.WriteString("Date: " + now() + "\r\n")
	}
}

// others writes the headers that are passed on as they are. A Location that is a path, also after proxy_redirect, becomes
// an absolute one of nginx's own and comes before the Connection header, which connection writes.
func (r *request) others(b *strings.Builder, h head, connection func()) {
	var rest strings.Builder
	for _, f := range h.fields {
		if r.set.hides(f.name) {
			continue
		}
		if strings.EqualFold(f.name, "Location") {
			if f.value = r.redirected(f.value); strings.HasPrefix(f.value, "/") {
				b.WriteString("Location: " + r.absolute(f.value) + "\r\n")
				continue
			}
		}
		rest.WriteString(f.name + ": " + f.value + "\r\n")
	}
	connection()
	b.WriteString(rest.String())
	r.add(b)
}

// copyBody relays the body; each wait for the upstream is bounded by proxy_read_timeout.
func (x *exchange) copyBody(h head, chunk bool) error {
	r := x.r
	r.action = "reading upstream"
	var from io.Reader = io.MultiReader(strings.NewReader(x.start), x.in)
	length, hasLength := h.get("Content-Length")
	left := int64(-1)
	_, isChunked := h.get("Transfer-Encoding")
	if isChunked {
		from = &chunked{r: x.in}
	} else if hasLength {
		n, _ := atoi(length)
		left = int64(n)
		from = io.LimitReader(x.in, left)
	}
	buf := make([]byte, 8<<10)
	for {
		_ = x.up.SetReadDeadline(time.Now().Add(r.set.read))
		n, err := from.Read(buf)
		if n > 0 {
			left -= int64(n)
			out := string(buf[:n])
			if chunk {
				out = fmt.Sprintf("%x\r\n%s\r\n", n, out)
			}
			if _, err := r.send(out); err != nil {
				return err
			}
			r.sent += int64(len(out))
			r.sentBody += int64(n)
		}
		switch {
		case err == io.EOF && hasLength && left > 0:
			r.log(logError, "upstream prematurely closed connection")
			return io.ErrUnexpectedEOF
		case err == io.EOF:
			switch {
			case x.in.Buffered() == 0:
			case isChunked:
				r.log(logWarn, "upstream sent data after final chunk")
			default:
				r.log(logWarn, moreThanLength)
			}
			if chunk {
				_, err = r.send("0\r\n\r\n")
				r.sent += 5
				return err
			}
			return nil
		case errors.Is(err, errSyntax):
			r.log(logError, "upstream sent invalid chunked response")
			return err
		case err == io.ErrUnexpectedEOF:
			r.log(logError, "upstream prematurely closed connection")
			return err
		case err != nil:
			x.broken(err)
			return err
		}
	}
}
