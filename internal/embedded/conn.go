package embedded

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// conn is one client's connection. It stays with the configuration that was in force when it came.
type conn struct {
	net.Conn
	gen        *generation
	listen     *listen
	port       int // that the configuration listens on
	serial     int64
	in         *bufio.Reader
	start      time.Time
	requests   int
	client     string
	clientPort string

	mu   sync.Mutex
	idle bool // waits for a request; after the first one, a reload then closes it
}

// serve answers one request after the other until the connection ends.
func (c *conn) serve() {
	defer c.Close()
	for {
		r, more := c.next()
		if r != nil {
			more = c.answer(r)
		}
		if !more {
			return
		}
	}
}

// next reads the next request; nil if none is to come.
func (c *conn) next() (r *request, more bool) {
	standard := c.listen.standard
	wait := standard.settings.clientHeader
	if c.requests > 0 {
		wait = standard.settings.keepalive
	}
	c.setIdle(true)
	_ = c.SetReadDeadline(time.Now().Add(wait))
	if _, err := c.in.Peek(1); err != nil {
		if err == io.EOF && c.requests > 0 {
			c.gen.log(logInfo, c.serial, "client "+c.client+" closed keepalive connection", standard.settings)
		}
		return nil, false
	}
	if !c.setIdle(false) {
		return nil, false // the reload was first
	}
	c.requests++
	r = &request{conn: c, server: standard, set: standard.settings, start: time.Now(), bodyLength: -1}
	if c.readHead(r) {
		return nil, false
	}
	return r, true
}

// setIdle says whether the connection waits for a request; false if it has been closed because of that.
func (c *conn) setIdle(idle bool) bool {
	c.mu.Lock()
	c.idle = idle
	c.mu.Unlock()
	if idle && c.requests > 0 && c.gen.retired.Load() {
		_ = c.Close()
	}
	return idle || !c.gen.retired.Load() || c.requests == 0
}

// retire closes the connection if it waits for another request, as a worker does that is shutting down.
func (c *conn) retire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle && c.requests > 0 {
		_ = c.Close()
	}
}

// answer finds the location and answers; it tells whether the connection goes on.
func (c *conn) answer(r *request) bool {
	r.action = ""
	r.keepalive = !r.old && r.wants != "close" || r.wants == "keep-alive" && !r.bare
	return r.handle()
}

// handle runs nginx's phases: the server's rewrites, the location, its rewrites, the content.
func (r *request) handle() bool {
	if answered, more, _ := r.run(r.server.rewrites); answered {
		return more
	}
	doing := "processing"
	for changes := 0; ; changes++ {
		if changes > 10 {
			r.log(logError, `rewrite or internal redirection cycle while `+doing+` "`+r.uri+`"`)
			return r.fail(500)
		}
		loc, redirect := r.find()
		r.loc = loc
		if loc != nil {
			r.set = loc.settings
		}
		if r.keepalive && (r.set.keepalive == 0 || r.conn.requests >= r.set.keepaliveRequests ||
			time.Since(r.conn.start).Truncate(time.Millisecond) > r.set.keepaliveTime) {
			r.keepalive = false
		}
		if r.set.maxBody > 0 && r.bodyLength > r.set.maxBody {
			r.log(logError, "client intended to send too large body: "+itoa64(r.bodyLength)+" bytes")
			return r.fail(413)
		}
		if redirect {
			r.location = escape(loc.match.Pattern)
			if r.args != "" {
				r.location += "?" + r.args
			}
			return r.fail(301)
		}
		if loc == nil {
			return r.static()
		}
		answered, more, again := r.run(loc.rewrites)
		switch {
		case answered:
			return more
		case again:
			doing = "processing"
			continue
		case r.denied():
			r.log(logError, "access forbidden by rule")
			return r.fail(403)
		case loc.fallback != nil:
			if answered, more := r.fallBack(loc.fallback); answered {
				return more
			}
			doing = "internally redirecting to"
			continue
		case r.loc.pass != nil:
			return r.pass(r.loc.pass)
		}
		return r.static()
	}
}

// static answers where nothing is proxied. There are no files in the stand-in, as there are none in the lab's image.
func (r *request) static() bool {
	switch r.method {
	case "GET", "HEAD", "POST":
	default:
		return r.fail(405)
	}
	if strings.HasSuffix(r.uri, "/") {
		r.log(logError, `"`+r.set.root+r.uri+r.set.index+`" is not found (2: No such file or directory)`)
	} else {
		r.log(logError, `open() "`+r.set.root+r.uri+`" failed (2: No such file or directory)`)
	}
	return r.fail(404)
}

// Lingering close: how long nginx waits for more of what it does not want, and in all (lingering_timeout, lingering_time).
const (
	lingerEach = 5 * time.Second
	lingerAll  = 30 * time.Second
)

// discard takes a body that nobody wants off the connection, after the answer; false if it does not come.
func (r *request) discard() bool {
	if r.bodyLength == -1 || r.body != nil {
		return true
	}
	var from io.Reader = io.LimitReader(r.conn.in, r.bodyLength)
	if r.bodyLength < 0 {
		from = &chunked{r: r.conn.in}
	}
	return r.conn.linger(from)
}

// linger reads until from ends; false if it does not for too long.
func (c *conn) linger(from io.Reader) bool {
	buf := make([]byte, 4<<10)
	for end := time.Now().Add(lingerAll); time.Now().Before(end); {
		_ = c.SetReadDeadline(time.Now().Add(lingerEach))
		if _, err := from.Read(buf); err != nil {
			return err == io.EOF
		}
	}
	return false
}

// part ends the connection so that closing does not become a reset, which would destroy the answer on its way: what the
// client still sends is read before.
func (c *conn) part() {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond)) // is there more than was read?
	if _, err := c.in.Peek(1); err == nil {
		_ = half.CloseWrite()
		c.linger(c.in)
	}
}
