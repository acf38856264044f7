package embedded

import (
	"bufio"
	"errors"
	"slices"
	"strings"
)

// errNoHead is for an answer that does not begin with a status line: HTTP/0.9, of which all is body.
var errNoHead = errors.New("no status line")

// upstreamHead reads the head of an upstream's answer as nginx does: ngx_http_proxy_process_status_line and
// ngx_http_proxy_process_header.
type upstreamHead struct {
	r        *request
	in       *bufio.Reader
	most     int // bytes that the head may have (proxy_buffer_size)
	taken    int
	raw      []byte // of the status line
	head     head
	status   int
	wrong    string   // with errSyntax: what is wrong
	warnings []string // what nginx passes over with a warning
}

func (u *upstreamHead) next() (byte, error) {
	if u.taken == u.most {
		return 0, errTooBig
	}
	u.taken++
	return u.in.ReadByte()
}

// read reads all of the head.
func (u *upstreamHead) read() error {
	if err := u.readStatus(); err != nil {
		return err
	}
	line := &fieldLine{upstream: true}
	for {
		ch, err := u.next()
		if err != nil {
			return err
		}
		switch line.feed(ch) {
		case lineMore:
			continue
		case lineBad:
			u.wrong = `invalid header: "` + line.bad() + `"`
			return errSyntax
		case lineLast:
			return nil
		case lineWhole:
			if u.wrong = u.take(line.field()); u.wrong != "" {
				return errSyntax
			}
		}
		line.reset()
	}
}

// readStatus reads the status line; errNoHead at the first byte that does not belong there.
func (u *upstreamHead) readStatus() error {
	p := &statusParser{}
	for !p.done {
		ch, err := u.next()
		if err != nil {
			return err
		}
		u.raw = append(u.raw, ch)
		if !p.feed(ch) {
			return errNoHead
		}
	}
	u.status = p.status
	// What nginx passes on begins with the status.
	u.head.line = "HTTP/1.1 " + strings.TrimRight(string(u.raw[p.start:]), "\r\n")
	return nil
}

// statusParser judges a status line byte by byte (ngx_http_parse_status_line).
type statusParser struct {
	n                    int // bytes so far
	part                 int // of what follows "HTTP/"
	status, digits       int
	start                int // of the status
	major, minor, inPart int
	done                 bool
}

func (p *statusParser) feed(ch byte) bool {
	const protocol = "HTTP/"
	at := p.n
	if p.n++; at < len(protocol) {
		return ch == protocol[at]
	}
	switch p.part {
	case 0: // major version
		return p.version(ch, '.', &p.major)
	case 1: // minor version
		return p.version(ch, ' ', &p.minor)
	case 2: // status, perhaps with blanks before
		return p.code(ch, at)
	case 3: // behind the status
		switch ch {
		case ' ', '.':
			p.part = 4
		case '\r':
			p.part = 5
		case '\n':
			p.done = true
		default:
			return false
		}
	case 4: // reason phrase
		if ch == '\r' {
			p.part = 5
		}
		p.done = ch == '\n'
	default: // line feed
		p.done = ch == '\n'
		return p.done
	}
	return true
}

func (p *statusParser) version(ch, end byte, number *int) bool {
	if ch == end && p.inPart > 0 {
		p.part, p.inPart = p.part+1, 0
		return true
	}
	if !isDigit(ch) || p.part == 0 && p.inPart == 0 && ch == '0' || *number > 99 {
		return false
	}
	p.inPart++
	*number = *number*10 + int(ch-'0')
	return true
}

func (p *statusParser) code(ch byte, at int) bool {
	if ch == ' ' {
		return true
	}
	if !isDigit(ch) {
		return false
	}
	p.status = p.status*10 + int(ch-'0')
	if p.digits++; p.digits == 3 {
		p.part, p.start = 3, at-2
	}
	return true
}

// onceOnly are the headers of which nginx passes the first one on alone.
var onceOnly = []string{"status", "content-type", "last-modified", "etag", "server", "location", "refresh", "date",
	"content-encoding", "expires", "accept-ranges", "content-range", "x-accel-expires", "x-accel-redirect", "x-accel-limit-rate",
	"x-accel-buffering", "x-accel-charset"}

// take keeps a header; wrong says why the answer is of no use.
func (u *upstreamHead) take(f field) (wrong string) {
	name := strings.ToLower(f.name)
	duplicate := `duplicate header line: "` + f.name + ": " + f.value + `", previous value: "` + u.head.shown(name) + `"`
	_, twice := u.head.get(name)
	_, hasLength := u.head.get("content-length")
	_, hasCoding := u.head.get("transfer-encoding")
	switch {
	case name == "content-length" || name == "transfer-encoding":
		if twice {
			return duplicate
		}
		if hasLength || hasCoding {
			return `"Content-Length" and "Transfer-Encoding" headers at the same time`
		}
		if name == "transfer-encoding" && !strings.EqualFold(f.value, "chunked") {
			return `unknown "Transfer-Encoding": "` + f.value + `"`
		}
		if _, ok := atoi(f.value); name == "content-length" && (!ok || f.value == "") {
			return `invalid "Content-Length" header: "` + f.name + ": " + f.value + `"`
		}
	case twice && slices.Contains(onceOnly, name):
		u.warnings = append(u.warnings, duplicate+", ignored")
		return ""
	}
	u.head.fields = append(u.head.fields, f)
	return ""
}
