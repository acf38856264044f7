package embedded

// requestLine reads a client's request line byte by byte, as nginx does (ngx_http_parse_request_line): what is wrong is
// known before the line has ended.
type requestLine struct {
	raw          []byte // without the line's end
	method       string
	target, host string
	hasHost      bool // the target named it
	noPath       bool // the target is a host and a query
	noVersion    bool // HTTP/0.9
	major, minor int
	mark         int // where the part begins that is being read
	protocol     int // how much of "HTTP/" was read
	state        func(*requestLine, byte) (done bool, wrong string)
}

// feed takes the next byte; wrong is what nginx calls invalid: "method", "request" or "version".
func (q *requestLine) feed(ch byte) (done bool, wrong string) {
	if q.state == nil {
		if ch == '\r' || ch == '\n' {
			return false, ""
		}
		q.state = (*requestLine).readMethod
	}
	if done, wrong = q.state(q, ch); !done && ch != '\r' {
		q.raw = append(q.raw, ch)
	}
	return done, wrong
}

const wrongRequest = "request"

func (q *requestLine) readMethod(ch byte) (bool, string) {
	switch {
	case ch == ' ' && len(q.raw) > 0:
		q.method, q.state = string(q.raw), (*requestLine).beforeTarget
	case (ch < 'A' || ch > 'Z') && ch != '_' && ch != '-':
		return false, "method"
	}
	return false, ""
}

func (q *requestLine) beforeTarget(ch byte) (bool, string) {
	switch {
	case ch == ' ':
	case ch == '/':
		q.startTarget()
	case isLetter(ch):
		q.state = (*requestLine).scheme
	default:
		return false, wrongRequest
	}
	return false, ""
}

func isLetter(ch byte) bool { return ch|0x20 >= 'a' && ch|0x20 <= 'z' }
func isDigit(ch byte) bool  { return ch >= '0' && ch <= '9' }

func (q *requestLine) startTarget() { q.mark, q.state = len(q.raw), (*requestLine).readTarget }

func (q *requestLine) scheme(ch byte) (bool, string) {
	switch {
	case isLetter(ch) || isDigit(ch) || ch == '+' || ch == '-' || ch == '.':
	case ch == ':':
		q.state = (*requestLine).firstSlash
	default:
		return false, wrongRequest
	}
	return false, ""
}

func (q *requestLine) firstSlash(ch byte) (bool, string) {
	if ch != '/' {
		return false, wrongRequest
	}
	q.state = (*requestLine).secondSlash
	return false, ""
}

func (q *requestLine) secondSlash(ch byte) (bool, string) {
	if ch != '/' {
		return false, wrongRequest
	}
	q.mark, q.state = len(q.raw)+1, (*requestLine).startHost
	return false, ""
}

func (q *requestLine) startHost(ch byte) (bool, string) {
	if ch == '[' {
		q.state = (*requestLine).literal
		return false, ""
	}
	q.state = (*requestLine).readHost
	return q.readHost(ch)
}

func (q *requestLine) readHost(ch byte) (bool, string) {
	if isLetter(ch) || isDigit(ch) || ch == '.' || ch == '-' {
		return false, ""
	}
	return q.endHost(ch)
}

// literal reads an IPv6 address, or what else may stand between brackets (RFC 3986, section 3.2.2).
func (q *requestLine) literal(ch byte) (bool, string) {
	const others = ":-._~!$&'()*+,;="
	switch {
	case ch == ']':
		q.state = (*requestLine).endHost
		return false, ""
	case isLetter(ch) || isDigit(ch):
		return false, ""
	}
	for i := range len(others) {
		if ch == others[i] {
			return false, ""
		}
	}
	return false, wrongRequest
}

func (q *requestLine) endHost(ch byte) (bool, string) {
	q.host, q.hasHost = string(q.raw[q.mark:]), true
	if ch == ':' {
		q.state = (*requestLine).port
		return false, ""
	}
	return q.afterHost(ch)
}

func (q *requestLine) port(ch byte) (bool, string) {
	if isDigit(ch) {
		return false, ""
	}
	return q.afterHost(ch)
}

func (q *requestLine) afterHost(ch byte) (bool, string) {
	switch ch {
	case '/':
		q.startTarget()
	case '?':
		q.noPath = true
		q.startTarget()
	case ' ':
		q.target, q.state = "/", (*requestLine).afterTarget
	default:
		return false, wrongRequest
	}
	return false, ""
}

func (q *requestLine) readTarget(ch byte) (bool, string) {
	switch {
	case ch == ' ' || ch == '\r' || ch == '\n':
		q.target, q.state = string(q.raw[q.mark:]), (*requestLine).afterTarget
		return q.afterTarget(ch)
	case ch < ' ' || ch == 0x7f:
		return false, wrongRequest
	}
	return false, ""
}

func (q *requestLine) afterTarget(ch byte) (bool, string) {
	switch ch {
	case ' ':
	case '\r', '\n':
		q.noVersion = true
		return q.lineEnd(ch)
	case 'H':
		q.protocol, q.state = 1, (*requestLine).readProtocol
	default:
		return false, wrongRequest
	}
	return false, ""
}

func (q *requestLine) readProtocol(ch byte) (bool, string) {
	const protocol = "HTTP/"
	if ch != protocol[q.protocol] {
		return false, wrongRequest
	}
	if q.protocol++; q.protocol == len(protocol) {
		q.state = (*requestLine).readMajor
	}
	return false, ""
}

func (q *requestLine) readMajor(ch byte) (bool, string) {
	switch {
	case ch == '.' && q.major > 0:
		q.state = (*requestLine).firstMinor
	case !isDigit(ch) || ch == '0' && q.major == 0:
		return false, wrongRequest
	default:
		if q.major = q.major*10 + int(ch-'0'); q.major > 1 {
			return false, "version"
		}
	}
	return false, ""
}

func (q *requestLine) firstMinor(ch byte) (bool, string) {
	if !isDigit(ch) {
		return false, wrongRequest
	}
	q.minor, q.state = int(ch-'0'), (*requestLine).readMinor
	return false, ""
}

func (q *requestLine) readMinor(ch byte) (bool, string) {
	switch {
	case ch == '\r' || ch == '\n':
		return q.lineEnd(ch)
	case ch == ' ':
		q.state = (*requestLine).behindVersion
	case !isDigit(ch) || q.minor > 99:
		return false, wrongRequest
	default:
		q.minor = q.minor*10 + int(ch-'0')
	}
	return false, ""
}

func (q *requestLine) behindVersion(ch byte) (bool, string) {
	switch ch {
	case ' ':
		return false, ""
	case '\r', '\n':
		return q.lineEnd(ch)
	}
	return false, wrongRequest
}

// lineEnd takes the carriage return or the line feed that ends the line.
func (q *requestLine) lineEnd(ch byte) (bool, string) {
	if ch == '\n' {
		return true, ""
	}
	q.state = (*requestLine).lineFeed
	return false, ""
}

func (q *requestLine) lineFeed(ch byte) (bool, string) {
	if ch != '\n' {
		return false, wrongRequest
	}
	return true, ""
}
