package embedded

import "fmt"

// fieldLine reads one header line byte by byte, as nginx does for clients and for upstreams
// (ngx_http_parse_header_line). A name without a colon counts as a header without a value; a name with anything but
// letters, digits and hyphens is marked, for it is dropped from what clients send.
type fieldLine struct {
	raw        []byte
	nameEnd    int
	start, end int // of the value; end is where the error is in a bad line
	odd        bool
	upstream   bool // underscores are fine, and a second status line is passed over
	state      func(*fieldLine, byte) lineOutcome
}

type lineOutcome int

const (
	lineMore    lineOutcome = iota
	lineWhole               // a header
	lineLast                // the empty line
	lineIgnored             // passed over
	lineBad
)

func (h *fieldLine) reset() { *h = fieldLine{raw: h.raw[:0], upstream: h.upstream} }

// feed takes the next byte.
func (h *fieldLine) feed(ch byte) lineOutcome {
	if h.state == nil {
		h.state = (*fieldLine).first
	}
	h.raw = append(h.raw, ch)
	return h.state(h, ch)
}

func (h *fieldLine) field() field {
	return field{string(h.raw[:h.nameEnd]), string(h.raw[h.start:h.end])}
}

// bad is what nginx's log shows of a bad line: up to the byte that is wrong, and that one.
func (h *fieldLine) bad() string { return fmt.Sprintf(`%s\x%02x...`, h.raw[:h.end], h.raw[h.end]) }

// last is the place of the byte that came last.
func (h *fieldLine) last() int { return len(h.raw) - 1 }

func (h *fieldLine) fault() lineOutcome {
	h.end = h.last()
	return lineBad
}

func (h *fieldLine) isNameByte(ch byte) bool {
	return isAlnum(ch) || ch == '-' || ch == '_' && h.upstream
}

func (h *fieldLine) first(ch byte) lineOutcome {
	switch {
	case ch == '\r':
		h.end, h.state = h.last(), (*fieldLine).lastLine
		return lineMore
	case ch == '\n':
		return lineLast
	case ch == '_':
	case ch <= ' ' || ch == 0x7f || ch == ':':
		return h.fault()
	}
	h.odd = !h.isNameByte(ch)
	h.state = (*fieldLine).name
	return lineMore
}

func (h *fieldLine) name(ch byte) lineOutcome {
	switch {
	case h.isNameByte(ch):
	case ch == ':':
		h.nameEnd, h.state = h.last(), (*fieldLine).beforeValue
	case ch == '\r' || ch == '\n':
		h.nameEnd, h.start = h.last(), h.last()
		return h.ended(ch)
	case ch == '/' && h.upstream && string(h.raw) == "HTTP/":
		h.state = (*fieldLine).ignored
	case ch != '_' && (ch <= ' ' || ch == 0x7f):
		return h.fault()
	default:
		h.odd = true
	}
	return lineMore
}

// ended notes where the value ends, and waits for the line feed if that has not come.
func (h *fieldLine) ended(ch byte) lineOutcome {
	h.end = h.last()
	if ch == '\n' {
		return lineWhole
	}
	h.state = (*fieldLine).almost
	return lineMore
}

func (h *fieldLine) beforeValue(ch byte) lineOutcome {
	if ch == ' ' {
		return lineMore
	}
	h.start, h.state = h.last(), (*fieldLine).value
	return h.value(ch)
}

func (h *fieldLine) value(ch byte) lineOutcome {
	switch ch {
	case '\r', '\n':
		return h.ended(ch)
	case 0:
		return h.fault()
	case ' ':
		h.end, h.state = h.last(), (*fieldLine).behindValue
	}
	return lineMore
}

func (h *fieldLine) behindValue(ch byte) lineOutcome {
	switch ch {
	case ' ':
	case '\r':
		h.state = (*fieldLine).almost
	case '\n':
		return lineWhole
	case 0:
		return h.fault()
	default:
		h.state = (*fieldLine).value
	}
	return lineMore
}

func (h *fieldLine) almost(ch byte) lineOutcome {
	switch ch {
	case '\n':
		return lineWhole
	case '\r':
		return lineMore
	}
	return lineBad
}

func (h *fieldLine) lastLine(ch byte) lineOutcome {
	if ch == '\n' {
		return lineLast
	}
	return lineBad
}

func (h *fieldLine) ignored(ch byte) lineOutcome {
	if ch == '\n' {
		return lineIgnored
	}
	return lineMore
}
