package embedded

import (
	"errors"
	"net"
	"os"
	"strings"
	"time"
)

// Limits of what uvicorn takes in at once. Bytes.
const (
	maxIncomplete = 16 << 10  // of a head that has not come whole (h11's max_incomplete_event_size)
	mostAtOnce    = 256 << 10 // of one read of asyncio's
)

// burstEnd is how long the rest of what a client sent at once is waited for. uvicorn gets a head of 70 kB that its proxy
// writes in one go as a whole, and judges only what is incomplete then; loopback may hand the same out in pieces.
const burstEnd = 100 * time.Millisecond

// arrivals are the bytes that came on a connection and were not taken yet. They are bounded by mostAtOnce.
type arrivals struct {
	conn net.Conn
	data string
}

// more waits for bytes and takes all that are there, up to mostAtOnce. The caller sets how long it waits.
func (a *arrivals) more() error {
	buf := make([]byte, 4<<10)
	for first := true; len(a.data) < mostAtOnce; first = false {
		n, err := a.conn.Read(buf)
		a.data += string(buf[:n])
		switch {
		case n == len(buf):
			// There may be more. One that waits for nothing would not even look.
			_ = a.conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			buf = make([]byte, 64<<10)
		case n > 0 || !first:
			return nil
		default:
			return err
		}
	}
	return nil
}

// request takes the next request's head off: errSyntax and errTooBig are for what h11 refuses, other errors end the
// connection. idle is how long the first byte may take, 0 for ever.
func (a *arrivals) request(idle time.Duration) (query, error) {
	for {
		if end, whole := headEnd(a.data); whole {
			q, err := parseQuery(a.data[:end])
			a.data = a.data[end:]
			return q, err
		}
		if len(a.data) > 0 && a.data[0] <= ' ' {
			return query{}, errSyntax
		}
		deadline := time.Time{}
		switch {
		case len(a.data) > maxIncomplete:
			deadline = time.Now().Add(burstEnd)
		case len(a.data) == 0 && idle > 0:
			deadline = time.Now().Add(idle)
		}
		_ = a.conn.SetReadDeadline(deadline)
		before := len(a.data)
		err := a.more()
		_ = a.conn.SetReadDeadline(time.Time{})
		if before >= mostAtOnce {
			err = errTooBig
		}
		if errors.Is(err, os.ErrDeadlineExceeded) && len(a.data) > 0 {
			err = errTooBig
		}
		if err != nil {
			return query{}, err
		}
	}
}

// headEnd finds where a head ends, as h11 does: behind the first empty line, which may be the first line of all.
func headEnd(data string) (end int, whole bool) {
	if strings.HasPrefix(data, "\n") {
		return 1, true
	}
	if strings.HasPrefix(data, "\r\n") {
		return 2, true
	}
	for from := 0; ; {
		i := strings.IndexByte(data[from:], '\n')
		if i < 0 {
			return 0, false
		}
		from += i + 1
		switch rest := data[from:]; {
		case strings.HasPrefix(rest, "\n"):
			return from + 1, true
		case strings.HasPrefix(rest, "\r\n"):
			return from + 2, true
		}
	}
}

// query is a request as the backend sees it: header names in lower case, values without white space around them.
type query struct {
	head
	method, target, version string
	path, args              string  // path is decoded
	upgrade                 *string // what the Upgrade header names, where the Connection header has "upgrade"
	close                   bool
	length                  int64 // of the body
	chunked                 bool
}

// isHandshake tells whether uvicorn takes the request for a WebSocket handshake.
func (q query) isHandshake() bool { return q.upgrade != nil && *q.upgrade == "websocket" }

// parseQuery judges a head as h11 0.14 does; errSyntax where it refuses it. See h11/_abnf.py and h11/_headers.py.
func parseQuery(data string) (q query, err error) {
	lines := strings.Split(data, "\n")
	if len(lines) < 3 {
		return q, errSyntax // an empty line where the request line belongs
	}
	if q.line = strings.TrimSuffix(lines[0], "\r"); !q.parseLine() {
		return q, errSyntax
	}
	if err := q.parseFields(lines[1:]); err != nil {
		return q, err
	}
	hosts := len(q.values("host"))
	if hosts > 1 || hosts == 0 && q.version == "1.1" {
		return q, errSyntax
	}
	q.derive()
	return q, nil
}

// parseFields reads header lines up to the two empty ones at their end.
func (q *query) parseFields(lines []string) error {
	folded, ok := unfold(lines[:len(lines)-2])
	if !ok {
		return errSyntax
	}
	for _, line := range folded {
		name, value, ok := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if !ok || !isToken(name) || !isFieldContent(value) || !q.addField(strings.ToLower(name), value) {
			return errSyntax
		}
	}
	return nil
}

// parseLine takes the request line apart. h11 takes any one-digit version.
func (q *query) parseLine() bool {
	parts := strings.Split(q.line, " ")
	if len(parts) != 3 || !isToken(parts[0]) || parts[1] == "" {
		return false
	}
	for i := range len(parts[1]) {
		if ch := parts[1][i]; ch <= ' ' || ch > '~' {
			return false
		}
	}
	version, ok := strings.CutPrefix(parts[2], "HTTP/")
	digit := func(ch byte) bool { return ch >= '0' && ch <= '9' }
	if !ok || len(version) != 3 || !digit(version[0]) || version[1] != '.' || !digit(version[2]) {
		return false
	}
	q.method, q.target, q.version = parts[0], parts[1], version
	return true
}

// unfold joins continuation lines to the header before them (RFC 9112, section 5.2); false if there is none before.
func unfold(lines []string) ([]string, bool) {
	var out []string
	for _, line := range lines {
		line = strings.TrimSuffix(line, "\r")
		if rest := strings.TrimLeft(line, " \t"); rest != line {
			if len(out) == 0 {
				return nil, false
			}
			out[len(out)-1] += " " + rest
			continue
		}
		out = append(out, line)
	}
	return out, true
}

// addField keeps a header. One Content-Length is left of many equal ones; Transfer-Encoding has to be "chunked", once.
func (q *query) addField(name, value string) bool {
	switch name {
	case "content-length":
		lengths := strings.Split(value, ",")
		for i := range lengths {
			if lengths[i] = strings.TrimSpace(lengths[i]); lengths[i] != lengths[0] {
				return false
			}
		}
		value = lengths[0]
		if value == "" || strings.Trim(value, "0123456789") != "" {
			return false
		}
		if old, twice := q.get(name); twice {
			return old == value
		}
	case "transfer-encoding":
		if _, twice := q.get(name); twice || !strings.EqualFold(value, "chunked") {
			return false
		}
		value, q.chunked = "chunked", true
	}
	q.fields = append(q.fields, field{name, value})
	return true
}

// derive works out what the fields mean. As uvicorn has it, the last Connection and the last Upgrade header count for an
// upgrade; all Connection headers count for closing.
func (q *query) derive() {
	path, args, _ := strings.Cut(q.target, "?")
	q.path, q.args = unquote(path), args
	if connections := q.values("connection"); len(connections) > 0 {
		for token := range strings.SplitSeq(connections[len(connections)-1], ",") {
			if strings.EqualFold(strings.TrimSpace(token), "upgrade") {
				if upgrades := q.values("upgrade"); len(upgrades) > 0 {
					named := strings.ToLower(upgrades[len(upgrades)-1])
					q.upgrade = &named
				}
			}
		}
	}
	for _, value := range q.values("connection") {
		for token := range strings.SplitSeq(value, ",") {
			q.close = q.close || strings.EqualFold(strings.TrimSpace(token), "close")
		}
	}
	q.close = q.close || q.version < "1.1"
	if length, ok := q.get("content-length"); ok && !q.chunked {
		q.length = decimal(length)
	}
}

// values are those of all headers of a name, which is in lower case.
func (q query) values(name string) []string {
	var all []string
	for _, f := range q.fields {
		if f.name == name {
			all = append(all, f.value)
		}
	}
	return all
}

// decimal reads digits; what is too long for a number is as long as a body can get.
func decimal(digits string) int64 {
	const most = 1 << 62
	n := int64(0)
	for i := range len(digits) {
		if n > most/10 {
			return most
		}
		n = n*10 + int64(digits[i]-'0')
	}
	return n
}

// isToken tells whether s is a token (RFC 9110, section 5.6.2).
func isToken(s string) bool { return s != "" && tokenEnd(s, 0) == len(s) }

// tokenEnd is where the token ends that begins at pos; pos where there is none.
func tokenEnd(s string, pos int) int {
	for pos < len(s) && (isAlnum(s[pos]) || strings.IndexByte("-!#$%&'*+.^_`|~", s[pos]) >= 0) {
		pos++
	}
	return pos
}

func isAlnum(ch byte) bool {
	return ch >= '0' && ch <= '9' || ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z'
}

// isFieldContent tells whether h11 takes s for a header's value: control characters yes, but no NUL and no white space
// other than blanks and tabs.
func isFieldContent(s string) bool { return !strings.ContainsAny(s, "\x00\n\r\v\f") }

// unquote decodes a path as Python's urllib does: what is no escape stays as it is.
func unquote(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}
