package embedded

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/cwk-stream/lab/internal/probe"
)

// field is one header field as it came, in its own spelling.
type field struct{ name, value string }

// head is the head of an HTTP/1 message: what is before the body (RFC 9112, section 2.1).
type head struct {
	line   string // the first line
	fields []field
	last   string   // the line that was too long, as far as it was read
	bad    []string // header lines that nginx drops: names with anything but letters, digits and hyphens
}

var (
	errTooLong = errors.New("a line of the head is too long")
	errTooBig  = errors.New("the head is too big")
	errSyntax  = errors.New("a header line without a colon")
)

// get gives the first value of a header.
func (h head) get(name string) (string, bool) {
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			return f.value, true
		}
	}
	return "", false
}

// has tells whether one of a header's comma-separated tokens is token.
func (h head) has(name, token string) bool {
	var fields []string
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			fields = append(fields, f.value)
		}
	}
	return probe.HasToken(fields, token)
}

// readHead reads a head of at most limit bytes, with lines of at most longest bytes. Empty lines before it are skipped.
// On an error that is not one of the above, h.line tells whether anything had come.
func readHead(r *bufio.Reader, longest, limit int, strict bool) (h head, err error) {
	total := 0
	for {
		line, err := readLine(r, longest)
		total += len(line)
		switch {
		case err != nil:
			if h.last = line; h.line == "" {
				h.line = line
			}
			return h, err
		case total > limit:
			return h, errTooBig
		case h.line == "" && line == "":
			continue
		case h.line == "":
			h.line = line
			continue
		case line == "":
			return h, nil
		}
		name, value, ok := strings.Cut(line, ":")
		switch {
		case strict && (!ok || !isFieldName(name)):
			h.bad = append(h.bad, line)
		case !ok:
			return h, errSyntax
		default:
			h.fields = append(h.fields, field{name, strings.Trim(value, " \t")})
		}
	}
}

func isFieldName(name string) bool {
	for i := range len(name) {
		if name[i] != '-' && (name[i] == '_' || !isName(name[i])) {
			return false
		}
	}
	return name != ""
}

// readLine reads up to a line feed and takes off the line's end.
func readLine(r *bufio.Reader, longest int) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > longest {
			return string(line), errTooLong
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			return string(line), err
		}
		return strings.TrimSuffix(string(line[:len(line)-1]), "\r"), nil
	}
}

// chunked reads a chunked body (RFC 9112, section 7.1), trailers included.
type chunked struct {
	r    *bufio.Reader
	left int64
	done bool
}

func (c *chunked) Read(p []byte) (int, error) {
	if c.done {
		return 0, io.EOF
	}
	if c.left == 0 {
		line, err := readLine(c.r, 4096)
		if err != nil {
			return 0, unexpected(err)
		}
		size, _, _ := strings.Cut(line, ";")
		if c.left, err = strconv.ParseInt(strings.TrimSpace(size), 16, 63); err != nil || c.left < 0 {
			return 0, errSyntax
		}
		if c.left == 0 {
			for {
				line, err := readLine(c.r, 4096)
				if err != nil {
					return 0, unexpected(err)
				}
				if line == "" {
					c.done = true
					return 0, io.EOF
				}
			}
		}
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left == 0 && err == nil {
		_, err = readLine(c.r, 2)
	}
	return n, unexpected(err)
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
