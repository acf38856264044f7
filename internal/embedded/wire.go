package embedded

import (
	"bufio"
	"errors"
	"io"
	"math"
	"strings"
)

// field is one header field as it came, in its own spelling.
type field struct{ name, value string }

// head is the head of an HTTP/1 message: what is before the body (RFC 9112, section 2.1).
type head struct {
	line   string // the first line
	fields []field
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

// chunked reads a chunked body (RFC 9112, section 7.1), trailers included, as nginx does (ngx_http_parse_chunked).
type chunked struct {
	r     *bufio.Reader
	most  int64 // bytes that the body may have, 0 for any; errTooBig for more
	total int64 // bytes announced so far
	left  int64
	size  int64 // of the chunk
	done  bool
}

func (c *chunked) Read(p []byte) (int, error) {
	if c.done {
		return 0, io.EOF
	}
	if c.left == 0 {
		if err := c.begin(); err != nil {
			return 0, err
		}
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left == 0 && err == nil {
		err = c.finish()
	}
	return n, unexpected(err)
}

// begin reads the line before a chunk's data, and waits for the data; io.EOF behind the last chunk.
func (c *chunked) begin() error {
	line, err := readLine(c.r, 4096)
	if err != nil {
		return unexpected(err)
	}
	digits := 0
	for c.size = 0; digits < len(line) && unhex(line[digits]) >= 0; digits++ {
		if c.size > math.MaxInt64>>5 {
			return errSyntax
		}
		c.size = c.size<<4 | int64(unhex(line[digits]))
	}
	if digits == 0 || digits < len(line) && !strings.ContainsRune(" \t;", rune(line[digits])) {
		return errSyntax
	}
	if c.left = c.size; c.size > 0 {
		if _, err := c.r.Peek(1); err != nil {
			return unexpected(err)
		}
		if c.most > 0 && c.size > c.most-c.total {
			return errTooBig
		}
		c.total += c.size
		return nil
	}
	for {
		line, err := readLine(c.r, 4096)
		if err != nil {
			return unexpected(err)
		}
		if line == "" {
			c.done = true
			return io.EOF
		}
	}
}

// finish reads the end of line behind a chunk's data.
func (c *chunked) finish() error {
	ch, err := c.r.ReadByte()
	if err == nil && ch == '\r' {
		ch, err = c.r.ReadByte()
	}
	if err == nil && ch != '\n' {
		err = errSyntax
	}
	return err
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
