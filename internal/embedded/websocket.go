package embedded

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"time"
	"unicode/utf8"
)

// Opcodes and close codes (RFC 6455, sections 5.2 and 7.4.1).
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA

	closeNoStatus  = 1005 // never on the wire: the close frame had no code
	closeAbnormal  = 1006 // never on the wire: there was no close frame
	closeProtocol  = 1002
	closeNotUTF8   = 1007
	closeTooBig    = 1009
	closeRestart   = 1012
	maxMessage     = 16 << 20 // uvicorn's ws_max_size, bytes
	maxControlSize = 125
)

const (
	mostQueued = 32               // messages that wait for the application (uvicorn's ws_max_queue)
	closeLimit = 10 * time.Second // that a client has to end the connection after the close frames (close_timeout)
)

// acceptKey answers a Sec-WebSocket-Key (RFC 6455, section 4.2.2).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// websocket is the server's side of an open WebSocket: uvicorn with websockets' legacy protocol, and the application
// behind them, which sends every message back.
//
// What came at once is read to its end before the application gets a turn, as on Python's event loop: so a ping behind
// a message is answered before it, and a close frame behind it leaves it without an echo.
type websocket struct {
	conn    net.Conn
	in      *bufio.Reader
	deflate *deflate // nil for no compression
	waiting []message
}

// message is a whole message: text or binary.
type message struct {
	kind    byte
	payload []byte
}

// frame is one frame as read, unmasked.
type frame struct {
	final      bool
	compressed bool // the first reserved bit
	op         byte
	payload    []byte
}

// echo sends every message back until the connection ends, and gives the code that the application is told for the end:
// the one of the client's close frame, 1005 where that had none, 1006 where there was no close frame, an error of the
// client's, or a message that could not be sent back any more.
func (w *websocket) echo() int {
	for {
		m, code := w.next()
		if code != 0 {
			if len(w.waiting) > 0 {
				return closeAbnormal
			}
			return code
		}
		if len(w.waiting) == mostQueued && !w.flush() {
			return closeAbnormal
		}
		w.waiting = append(w.waiting, m)
	}
}

// flush lets the application send back what waits for it.
func (w *websocket) flush() bool {
	for _, m := range w.waiting {
		if w.send(m) != nil {
			return false
		}
	}
	w.waiting = nil
	return true
}

// next reads one message, and answers the control frames before it; code is not 0 at the end.
func (w *websocket) next() (m message, code int) {
	var f frame
	compressed, judged := false, 0
	for begun := false; !begun || !f.final; {
		if f, code = w.read(maxMessage - len(m.payload)); code != 0 {
			return m, w.fail(code)
		}
		switch f.op {
		case opClose:
			return m, w.closed(f.payload)
		case opPing:
			if w.write(opPong, false, f.payload) != nil {
				return m, closeAbnormal
			}
			f.final = false
			continue
		case opPong:
			f.final = false
			continue
		}
		if begun != (f.op == opContinuation) || f.compressed && (w.deflate == nil || begun && !compressed) {
			return m, w.fail(closeProtocol)
		}
		if !begun {
			m.kind, compressed, begun = f.op, f.compressed, true
		}
		m.payload = append(m.payload, f.payload...)
		if m.kind == opText && !compressed {
			var ok bool
			if judged, ok = validUTF8(m.payload, judged, f.final); !ok {
				return m, w.fail(closeNotUTF8)
			}
		}
	}
	if compressed {
		return m, w.inflate(&m)
	}
	return m, 0
}

// inflate replaces a compressed payload; the code is not 0 where it cannot.
func (w *websocket) inflate(m *message) (code int) {
	payload, err := w.deflate.inflate(m.payload, maxMessage)
	switch {
	case errors.Is(err, errInflatedTooBig):
		return w.fail(closeTooBig)
	case err != nil:
		return w.fail(closeProtocol)
	case m.kind == opText && !utf8.Valid(payload):
		return w.fail(closeNotUTF8)
	}
	m.payload = payload
	return 0
}

// validUTF8 judges text from where it was judged before; whole tells that no more is to come. It gives where to go on:
// a character whose end has not come yet is judged then.
func validUTF8(text []byte, from int, whole bool) (next int, ok bool) {
	for from < len(text) {
		r, size := utf8.DecodeRune(text[from:])
		if r == utf8.RuneError && size <= 1 {
			rest := text[from:]
			surrogate := len(rest) == 2 && rest[0] == 0xed && rest[1]&0xe0 == 0xa0 // judged with its third byte, as by Python
			return from, !whole && (surrogate || !utf8.FullRune(rest))
		}
		from += size
	}
	return from, true
}

// read reads one frame; code is the close code for what is wrong with it, closeAbnormal where the connection ended.
// most is how much of the message may still come. The order of the tests is that of the websockets package.
func (w *websocket) read(most int) (f frame, code int) {
	var b [8]byte
	if w.full(b[:2]) != nil {
		return f, closeAbnormal
	}
	f.final, f.compressed, f.op = b[0]&0x80 != 0, b[0]&0x40 != 0, b[0]&0x0f
	reserved := b[0]&0x30 != 0
	size, masked := uint64(b[1]&0x7f), b[1]&0x80 != 0
	control := f.op >= opClose
	if !masked || f.op > opBinary && !control || f.op > opPong {
		return f, closeProtocol
	}
	switch size {
	case 126:
		if w.full(b[:2]) != nil {
			return f, closeAbnormal
		}
		size = uint64(binary.BigEndian.Uint16(b[:2]))
	case 127:
		if w.full(b[:8]) != nil {
			return f, closeAbnormal
		}
		size = binary.BigEndian.Uint64(b[:8])
	}
	// A length with its top bit set, which RFC 6455, section 5.2, does not allow, is too big to uvicorn, too.
	if size > uint64(most) {
		return f, closeTooBig
	}
	var mask [4]byte
	if w.full(mask[:]) != nil {
		return f, closeAbnormal
	}
	var err error
	if f.payload, err = w.payload(int64(size)); err != nil {
		return f, closeAbnormal
	}
	for i := range f.payload {
		f.payload[i] ^= mask[i%4]
	}
	if reserved || control && (f.compressed || size > maxControlSize || !f.final) {
		return f, closeProtocol
	}
	return f, 0
}

// full fills b. Before it has to wait, what waits for the application is sent back.
func (w *websocket) full(b []byte) error {
	if w.in.Buffered() >= len(b) || w.flush() {
		_, err := io.ReadFull(w.in, b)
		return err
	}
	return net.ErrClosed
}

// payload reads size bytes. Memory grows with what comes, not with what a length promises.
func (w *websocket) payload(size int64) ([]byte, error) {
	if int64(w.in.Buffered()) < size && !w.flush() {
		return nil, net.ErrClosed
	}
	payload, err := io.ReadAll(io.LimitReader(w.in, size))
	if err == nil && int64(len(payload)) < size {
		err = io.ErrUnexpectedEOF
	}
	return payload, err
}

// closed answers a close frame.
func (w *websocket) closed(payload []byte) int {
	switch {
	case len(payload) == 0:
		_ = w.write(opClose, false, nil)
		return closeNoStatus
	case len(payload) == 1:
		return w.fail(closeProtocol)
	case !utf8.Valid(payload[2:]):
		return w.fail(closeNotUTF8)
	}
	code := int(binary.BigEndian.Uint16(payload))
	if code < 1000 || code > 4999 || code > 1014 && code < 3000 || slices.Contains([]int{1004, closeNoStatus, closeAbnormal}, code) {
		return w.fail(closeProtocol)
	}
	_ = w.write(opClose, false, payload)
	return code
}

// fail tells the client what is wrong, if the connection is still there. The end then counts as abnormal.
func (w *websocket) fail(code int) int {
	if code != closeAbnormal {
		_ = w.write(opClose, false, binary.BigEndian.AppendUint16(nil, uint16(code)))
	}
	return closeAbnormal
}

// send sends a message, compressed if that was agreed on.
func (w *websocket) send(m message) error {
	if w.deflate == nil {
		return w.write(m.kind, false, m.payload)
	}
	payload, err := w.deflate.deflate(m.payload)
	if err != nil {
		return err
	}
	return w.write(m.kind, true, payload)
}

// write sends one frame, unmasked as a server's are.
func (w *websocket) write(op byte, compressed bool, payload []byte) error {
	out := []byte{0x80 | op}
	if compressed {
		out[0] |= 0x40
	}
	switch n := len(payload); {
	case n <= maxControlSize:
		out = append(out, byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 127), uint64(n))
	}
	_, err := w.conn.Write(append(out, payload...))
	return err
}
