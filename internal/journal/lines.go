package journal

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"
)

// maxLine bounds one line in bytes. An event has a few hundred, with the evidence of a long check some thousands.
const maxLine = 1 << 20

// block is how much is read and decoded at once, in bytes.
const block = 256 << 10

// chunk is a part of a file: whole lines, or one that is too long or has no end.
type chunk struct {
	text   string // of a line that is too long, its beginning
	line   int    // number of its first line, 1 for the first of the file
	offset int64  // of its first byte
	size   int64  // in the file, in bytes
}

// long tells whether the chunk is one line that is too long.
func (c chunk) long() bool { return c.size > int64(len(c.text)) }

// chunker cuts a file into chunks.
type chunker struct {
	next  chunk  // place of the first byte of text
	text  []byte // whole lines, and the beginning of the one that is being read
	begun int    // where in text that one begins
	more  int64  // bytes of it beyond maxLine, which are not in text
	yield func(chunk) error
}

// chunks reads r to its end in bounded memory, however long its lines are. from has the place at which r begins.
func chunks(ctx context.Context, r io.Reader, from chunk, yield func(chunk) error) error {
	c := &chunker{next: from, yield: yield}
	in := bufio.NewReaderSize(r, block)
	for {
		part, err := in.ReadSlice('\n')
		if over := len(c.text) - c.begun + len(part) - maxLine; over > 0 {
			c.more += int64(over)
			part = part[:len(part)-over]
		}
		c.text = append(c.text, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if err := ctx.Err(); err != nil { // a line without end
				return err
			}
			continue
		case err == nil:
			err = c.ended()
		case errors.Is(err, io.EOF):
			return errors.Join(c.give(c.begun), c.give(len(c.text)))
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// ended notes the end of a line, and gives the chunk if it is large enough.
func (c *chunker) ended() error {
	if c.more > 0 {
		return errors.Join(c.give(c.begun), c.give(len(c.text)))
	}
	c.begun = len(c.text)
	if len(c.text) < block {
		return nil
	}
	return c.give(len(c.text))
}

// give yields the first n bytes of text, if there are any.
func (c *chunker) give(n int) error {
	if n == 0 {
		return nil
	}
	out := c.next
	out.text, out.size = string(c.text[:n]), int64(n)
	c.next.line += strings.Count(out.text, "\n")
	c.text = append(c.text[:0], c.text[n:]...)
	c.begun = max(c.begun-n, 0)
	if len(c.text) == 0 && c.more > 0 {
		out.size += c.more
		c.next.line++
		c.more = 0
	}
	c.next.offset += out.size
	return c.yield(out)
}

// parsed is a chunk and what it holds.
type parsed struct {
	chunk
	records []record
	bad     []damaged
}

// parse reads r to its end, several chunks at once, and yields what they hold in order.
func parse(ctx context.Context, r io.Reader, from chunk, yield func(parsed) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan chan parsed, runtime.GOMAXPROCS(0))
	ended := make(chan error, 1)
	go func() {
		defer close(queue)
		ended <- chunks(ctx, r, from, func(c chunk) error {
			out := make(chan parsed, 1)
			select {
			case queue <- out:
			case <-ctx.Done():
				return ctx.Err()
			}
			go func() { out <- c.parse() }()
			return nil
		})
	}()
	var failed error
	for out := range queue {
		p := <-out
		if failed == nil {
			if failed = yield(p); failed != nil {
				cancel()
			}
		}
	}
	if err := <-ended; failed == nil {
		failed = err
	}
	return failed
}

// parse sorts the lines of a chunk into events and damage.
func (c chunk) parse() parsed {
	p := parsed{chunk: c}
	if c.long() {
		p.bad = []damaged{{kind: corrupt, line: c.line, offset: c.offset, size: c.size}}
		if trimmed(c.text) == "" {
			p.bad[0].kind = zeros
		}
		return p
	}
	at := 0
	p.records = make([]record, 0, min(strings.Count(c.text, "\n"), len(c.text)/150)+1) // no event is shorter than that
	for line := range strings.Lines(c.text) {
		p.add(line, c.offset+int64(at), c.line)
		at += len(line)
		c.line++
	}
	return p
}

// add sorts in one line.
func (p *parsed) add(line string, offset int64, number int) {
	body, ended := strings.CutSuffix(line, "\n")
	text := trimmed(body)
	bad := damaged{line: number, offset: offset, size: int64(len(line))}
	if text == "" {
		if strings.Contains(body, "\x00") {
			bad.kind = zeros
			p.bad = append(p.bad, bad)
		}
		return
	}
	if r, ok := decode(text); ok {
		p.records = append(p.records, r)
		return
	}
	if all, ok := decodeSeveral(text); ok {
		p.records = append(p.records, all...)
		return
	}
	bad.kind = corrupt
	if !ended || cutOff(text) {
		bad.kind = torn
	}
	p.bad = append(p.bad, bad)
}

// cutOff tells whether text is the beginning of an object. What was acknowledged has its end; versions before this one ended
// such a line when they appended the next.
func cutOff(text string) bool {
	var object map[string]json.RawMessage
	return strings.HasPrefix(text, "{") && errors.Is(json.NewDecoder(strings.NewReader(text)).Decode(&object), io.ErrUnexpectedEOF)
}
