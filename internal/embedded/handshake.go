package embedded

import (
	"errors"
	"fmt"
	"strings"
)

// Limits of the websockets package, which reads the handshake anew once uvicorn has decided for it.
const (
	maxHandshakeFields = 128
	maxHandshakeLine   = 8192     // bytes, with its end
	maxHandshakeBuffer = 32 << 10 // of its stream reader: a longer line is not even looked at
	versionField       = "x-lab-http-version"
)

// refusal is an answer to a handshake that does not become a WebSocket. Status 0 closes the connection without one.
type refusal struct {
	status int
	extra  string // header lines
	body   string
}

const handshakeFailed = "Failed to open a WebSocket connection: "

func refused(text string) *refusal {
	if !isASCII(text) {
		return &refusal{} // the package fails to encode its own answer
	}
	return &refusal{status: 400, body: handshakeFailed + text + ".\n"}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > '~'+1 {
			return false
		}
	}
	return true
}

// wellFormed is what the websockets package has against the head as uvicorn writes it out for it: one header a line, and
// one more that the lab's backend adds.
func (q query) wellFormed() *refusal {
	const not = "did not receive a valid HTTP request; "
	fields := append(append([]field{}, q.withoutVersion()...), field{versionField, q.version})
	long := func(n int) *refusal {
		switch {
		case n > maxHandshakeBuffer+1:
			return refused(not + "Separator is found, but chunk is longer than limit")
		case n > maxHandshakeLine:
			return refused(not + "line too long")
		}
		return nil
	}
	if r := long(len(q.method) + len(q.target) + len("  HTTP/1.1\r\n")); r != nil {
		return r
	}
	if q.method != "GET" {
		return refused(not + "unsupported HTTP method: " + q.method)
	}
	for _, f := range fields[:min(len(fields), maxHandshakeFields+1)] {
		if r := long(len(f.name) + len(f.value) + len(": \r\n")); r != nil {
			return r
		}
		for j := range len(f.value) {
			if ch := f.value[j]; ch < ' ' && ch != '\t' || ch == 0x7f {
				return &refusal{status: 400, body: handshakeFailed + not + "invalid HTTP header value: " + backslashed(f.value) + ".\n"}
			}
		}
	}
	if len(fields) > maxHandshakeFields {
		return refused(not + "too many HTTP headers")
	}
	return nil
}

// withoutVersion are the headers but for the one that the lab's backend keeps the version in.
func (q query) withoutVersion() []field {
	var kept []field
	for _, f := range q.fields {
		if f.name != versionField {
			kept = append(kept, f)
		}
	}
	return kept
}

// handshakeError is what is wrong with a header of a handshake, in the package's words.
func handshakeError(name, value string) string {
	if value == "" {
		return "empty " + name + " header"
	}
	return "invalid " + name + " header: " + value
}

// checkRequest is websockets.legacy.handshake.check_request; nil if it has nothing against the handshake.
func (q query) checkRequest() *refusal {
	for _, value := range q.values("connection") {
		if _, err := parseList(value, parseToken); err != nil {
			return refused(handshakeError("Connection", err.Error()))
		}
	}
	var upgrades []string
	for _, value := range q.values("upgrade") {
		items, err := parseList(value, parseProtocol)
		if err != nil {
			return refused(handshakeError("Upgrade", err.Error()))
		}
		upgrades = append(upgrades, items...)
	}
	if len(upgrades) != 1 || !strings.EqualFold(upgrades[0], "websocket") {
		return &refusal{status: 426, extra: "Upgrade: websocket\r\n", body: handshakeFailed +
			handshakeError("Upgrade", strings.Join(upgrades, ", ")) + ".\n\n" +
			"You cannot access a WebSocket server directly with a browser. You need a WebSocket client.\n"}
	}
	key, r := q.single("Sec-WebSocket-Key")
	if r != nil {
		return r
	}
	if !isASCII(key) {
		return &refusal{status: 500, body: "Failed to open a WebSocket connection.\nSee server log for more information.\n"}
	}
	size, why := decodedSize(key)
	if why != "" {
		return refused(handshakeError("Sec-WebSocket-Key", key) + "; " + why)
	}
	if size != 16 {
		return refused(handshakeError("Sec-WebSocket-Key", key))
	}
	version, r := q.single("Sec-WebSocket-Version")
	if r == nil && version != "13" {
		r = refused(handshakeError("Sec-WebSocket-Version", version))
	}
	return r
}

// single is the value of a header that has to come exactly once.
func (q query) single(name string) (string, *refusal) {
	switch values := q.values(strings.ToLower(name)); len(values) {
	case 0:
		return "", refused("missing " + name + " header; '" + strings.ToLower(name) + "'")
	case 1:
		return values[0], nil
	}
	return "", refused(handshakeError(name, "multiple values") + "; '" + name + "'")
}

// negotiate is what the package does once the application has accepted: it looks at Origin and at extensions. answer is
// the value of Sec-WebSocket-Extensions to send, "" for none.
func (q query) negotiate() (z *deflate, answer string, r *refusal) {
	if len(q.values("origin")) > 1 {
		_, r := q.single("Origin")
		return nil, "", r
	}
	var offers []extension
	for _, value := range q.values("sec-websocket-extensions") {
		parsed, err := parseList(value, parseExtension)
		if err != nil {
			return nil, "", refused(handshakeError("Sec-WebSocket-Extensions", err.Error()))
		}
		offers = append(offers, parsed...)
	}
	for _, offer := range offers {
		if offer.name != "permessage-deflate" {
			continue
		}
		if z, answer, ok := acceptDeflate(offer.params); ok {
			return z, answer, nil
		}
	}
	return nil, "", nil
}

// decodedSize is the number of bytes in a Base64 text, or why there is none: Python's strict binascii.a2b_base64.
func decodedSize(text string) (size int, why string) {
	if strings.HasPrefix(text, "=") {
		return 0, "Leading padding not allowed"
	}
	data, pads, quad, done := 0, 0, 0, false
	for i := range len(text) {
		switch ch := text[i]; {
		case ch == '=':
			pads++
			whole := quad >= 2 && quad+pads >= 4
			switch {
			case quad == 0, whole && strings.HasPrefix(text[i+1:], "="):
				return 0, "Excess padding not allowed"
			case whole && i+1 < len(text):
				return 0, "Excess data after padding"
			}
			done = whole
		case !isAlnum(ch) && ch != '+' && ch != '/':
			return 0, "Only base64 data is allowed"
		case pads > 0:
			return 0, "Discontinuous padding not allowed"
		default:
			data++
			quad = data % 4
		}
	}
	switch {
	case done || quad == 0:
		return data * 3 / 4, ""
	case quad == 1:
		return 0, fmt.Sprintf("Invalid base64-encoded string: number of data characters (%d) cannot be 1 more than a multiple of 4", data)
	}
	return 0, "Incorrect padding"
}

// extension is one offer in a Sec-WebSocket-Extensions header (RFC 6455, section 9.1).
type extension struct {
	name   string
	params []param
}

// param is a parameter of an extension; given tells whether it has a value.
type param struct {
	name, value string
	given       bool
}

// expected says what a header lacks at a place, in the words of the websockets package.
func expected(what, text string, pos int) error {
	return fmt.Errorf("%s at %d in %s", what, pos, text)
}

var errNoToken = errors.New("expected token")

// parseList reads a comma-separated list of at least one item, in which empty items are passed over.
func parseList[T any](text string, item func(string, int) (T, int, error)) (items []T, err error) {
	commas := func(pos int) int {
		for pos < len(text) && text[pos] == ',' {
			pos = blanks(text, pos+1)
		}
		return pos
	}
	for pos := commas(0); ; {
		got, next, err := item(text, pos)
		if err != nil {
			return nil, err
		}
		items = append(items, got)
		if pos = blanks(text, next); pos == len(text) {
			return items, nil
		}
		if text[pos] != ',' {
			return nil, expected("expected comma", text, pos)
		}
		if pos = commas(pos); pos == len(text) {
			return items, nil
		}
	}
}

func blanks(text string, pos int) int {
	for pos < len(text) && (text[pos] == ' ' || text[pos] == '\t') {
		pos++
	}
	return pos
}

func parseToken(text string, pos int) (string, int, error) {
	end := tokenEnd(text, pos)
	if end == pos {
		return "", pos, expected(errNoToken.Error(), text, pos)
	}
	return text[pos:end], end, nil
}

// parseProtocol reads an item of an Upgrade header: a name, and perhaps a version after a slash.
func parseProtocol(text string, pos int) (string, int, error) {
	end := tokenEnd(text, pos)
	if end == pos {
		return "", pos, expected("expected protocol", text, pos)
	}
	if end < len(text) && text[end] == '/' && tokenEnd(text, end+1) > end+1 {
		end = tokenEnd(text, end+1)
	}
	return text[pos:end], end, nil
}

func parseExtension(text string, pos int) (extension, int, error) {
	name, pos, err := parseToken(text, pos)
	if err != nil {
		return extension{}, pos, err
	}
	e := extension{name: name}
	for pos = blanks(text, pos); pos < len(text) && text[pos] == ';'; {
		var p param
		if p, pos, err = parseParam(text, blanks(text, pos+1)); err != nil {
			return e, pos, err
		}
		e.params = append(e.params, p)
	}
	return e, pos, nil
}

func parseParam(text string, pos int) (p param, end int, err error) {
	if p.name, pos, err = parseToken(text, pos); err != nil {
		return p, pos, err
	}
	if pos = blanks(text, pos); pos == len(text) || text[pos] != '=' {
		return p, pos, nil
	}
	p.given = true
	if pos = blanks(text, pos+1); pos < len(text) && text[pos] == '"' {
		p.value, end, err = parseQuoted(text, pos)
	} else {
		p.value, end, err = parseToken(text, pos)
	}
	if err != nil {
		return p, pos, err
	}
	return p, blanks(text, end), nil
}

// parseQuoted reads a quoted string whose content has to be a token.
func parseQuoted(text string, pos int) (value string, end int, err error) {
	var b strings.Builder
	for i := pos + 1; i < len(text); i++ {
		ch := text[i]
		switch {
		case ch == '"':
			if !isToken(b.String()) {
				return "", pos, expected("invalid quoted header content", text, pos)
			}
			return b.String(), i + 1, nil
		case ch == '\\' && i+1 < len(text) && (text[i+1] == '\t' || text[i+1] >= ' ' && text[i+1] != 0x7f):
			i++
			b.WriteByte(text[i])
		case ch == '\\' || ch != '\t' && (ch < ' ' || ch > '~'):
			return "", pos, expected("expected quoted string", text, pos)
		default:
			b.WriteByte(ch)
		}
	}
	return "", pos, expected("expected quoted string", text, pos)
}
