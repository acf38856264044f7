package embedded

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
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

// acceptKey answers a Sec-WebSocket-Key (RFC 6455, section 4.2.2).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// websocket is the server's side of an open WebSocket.
type websocket struct {
	conn net.Conn
	in   *bufio.Reader
}

// frame is one frame as read, unmasked.
type frame struct {
	final   bool
	op      byte
	payload []byte
}

// echo sends every message back until the connection ends, and gives the code that uvicorn reports for the end: the one
// of the client's close frame, 1005 where that had none, 1006 where there was no close frame or an error of the client's.
func (w *websocket) echo() int {
	var message []byte
	var kind byte
	for {
		f, code := w.read(len(message))
		if code != 0 {
			return w.fail(code)
		}
		switch f.op {
		case opPing:
			if w.write(opPong, f.payload) != nil {
				return closeAbnormal
			}
			continue
		case opPong:
			continue
		case opClose:
			return w.closed(f.payload)
		case opContinuation:
			if kind == 0 {
				return w.fail(closeProtocol)
			}
		default:
			if kind != 0 {
				return w.fail(closeProtocol)
			}
			kind = f.op
		}
		message = append(message, f.payload...)
		if !f.final {
			continue
		}
		if kind == opText && !utf8.Valid(message) {
			return w.fail(closeNotUTF8)
		}
		if w.write(kind, message) != nil {
			return closeAbnormal
		}
		message, kind = nil, 0
	}
}

// read reads one frame; code is the close code for what is wrong with it, closeAbnormal where the connection ended.
// so far is how much of the message has come before.
func (w *websocket) read(soFar int) (f frame, code int) {
	var b [8]byte
	if _, err := io.ReadFull(w.in, b[:2]); err != nil {
		return f, closeAbnormal
	}
	f.final, f.op = b[0]&0x80 != 0, b[0]&0x0f
	size, masked := uint64(b[1]&0x7f), b[1]&0x80 != 0
	control := f.op >= opClose
	switch {
	case b[0]&0x70 != 0, !masked, f.op > opBinary && !control, f.op > opPong:
		return f, closeProtocol
	case control && (size > maxControlSize || !f.final):
		return f, closeProtocol
	case size == 126:
		if _, err := io.ReadFull(w.in, b[:2]); err != nil {
			return f, closeAbnormal
		}
		size = uint64(binary.BigEndian.Uint16(b[:2]))
	case size == 127:
		if _, err := io.ReadFull(w.in, b[:8]); err != nil {
			return f, closeAbnormal
		}
		size = binary.BigEndian.Uint64(b[:8])
	}
	// Not size+soFar, which wraps around. A length with its top bit set, which RFC 6455, section 5.2, does not allow,
	// is too big to uvicorn, too.
	if !control && size > maxMessage-uint64(soFar) {
		return f, closeTooBig
	}
	var mask [4]byte
	if _, err := io.ReadFull(w.in, mask[:]); err != nil {
		return f, closeAbnormal
	}
	f.payload = make([]byte, size)
	if _, err := io.ReadFull(w.in, f.payload); err != nil {
		return f, closeAbnormal
	}
	for i := range f.payload {
		f.payload[i] ^= mask[i%4]
	}
	return f, 0
}

// closed answers a close frame.
func (w *websocket) closed(payload []byte) int {
	switch {
	case len(payload) == 0:
		_ = w.write(opClose, nil)
		return closeNoStatus
	case len(payload) == 1:
		return w.fail(closeProtocol)
	}
	code := int(binary.BigEndian.Uint16(payload))
	if code < 1000 || code > 4999 || code > 1014 && code < 3000 || code == 1004 || code == closeNoStatus || code == closeAbnormal {
		return w.fail(closeProtocol)
	}
	if !utf8.Valid(payload[2:]) {
		return w.fail(closeNotUTF8)
	}
	_ = w.write(opClose, payload)
	return code
}

// fail tells the client what is wrong, if the connection is still there. The end then counts as abnormal.
func (w *websocket) fail(code int) int {
	if code != closeAbnormal {
		_ = w.write(opClose, binary.BigEndian.AppendUint16(nil, uint16(code)))
	}
	return closeAbnormal
}

// write sends one frame, unmasked as a server's are.
func (w *websocket) write(op byte, payload []byte) error {
	out := []byte{0x80 | op}
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
