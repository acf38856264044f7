package embedded

import "strings"

// unread is a body that nobody reads but that has to be right, as h11 reads it.
type unread struct {
	chunked bool
	left    int64  // bytes of the body, or of the chunk
	end     string // what has to follow a chunk
	trailer bool   // the last chunk has come
}

// maxChunkDigits is how long a chunk's size may be written.
const maxChunkDigits = 20

// take throws away what has come of the body; done tells that it ended, errSyntax that it is wrong.
func (u *unread) take(in *arrivals) (done bool, err error) {
	for {
		n := min(u.left, int64(len(in.data)))
		in.data = in.data[n:]
		if u.left -= n; u.left > 0 {
			return false, nil
		}
		if !u.chunked {
			return true, nil
		}
		m := min(len(u.end), len(in.data))
		if in.data[:m] != u.end[:m] {
			return false, errSyntax
		}
		in.data, u.end = in.data[m:], u.end[m:]
		if u.end != "" {
			return false, nil
		}
		if u.trailer {
			return takeTrailers(in)
		}
		i := strings.Index(in.data, "\r\n")
		if i < 0 {
			return false, in.bounded()
		}
		size, ok := chunkSize(in.data[:i])
		if !ok {
			return false, errSyntax
		}
		in.data = in.data[i+2:]
		if u.left, u.trailer = size, size == 0; size > 0 {
			u.end = "\r\n"
		}
	}
}

// bounded is errTooBig once what is not complete is too big.
func (a *arrivals) bounded() error {
	if len(a.data) > maxIncomplete {
		return errTooBig
	}
	return nil
}

// takeTrailers takes the header lines off that may follow the last chunk.
func takeTrailers(in *arrivals) (done bool, err error) {
	end, whole := headEnd(in.data)
	if !whole {
		return false, in.bounded()
	}
	lines := strings.Split(in.data[:end], "\n")
	in.data = in.data[end:]
	return true, (&query{}).parseFields(lines)
}

// chunkSize reads a chunk's line: hexadecimal digits, then an extension or blanks (h11's chunk_header).
func chunkSize(line string) (int64, bool) {
	digits, ext, hasExt := strings.Cut(line, ";")
	if !hasExt {
		digits = strings.TrimRight(digits, " \t")
	}
	if digits == "" || len(digits) > maxChunkDigits || strings.Contains(ext, "\n") {
		return 0, false
	}
	n := int64(0)
	for i := range len(digits) {
		d := unhex(digits[i])
		if d < 0 {
			return 0, false
		}
		if n = n<<4 | int64(d); n > 1<<58 {
			n = 1 << 58 // more than anybody sends
		}
	}
	return n, true
}
