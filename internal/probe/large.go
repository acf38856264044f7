package probe

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/gorilla/websocket"
)

const (
	firstPart = 1 << 10                // bytes of a large message that are sent at first
	refusal   = 500 * time.Millisecond // how long a server has to refuse it by then
)

// writeInTwo sends a text message as one frame (RFC 6455, section 5.2): what a server needs to see how long the message
// is, and, if the server lets half a second pass, the rest. A server that closes a connection while it has bytes to read
// resets it (RFC 9293, section 3.6), and the close frame that says why is often lost on its way: so a message that may be
// refused is not sent as a whole before the server could refuse it.
func writeInTwo(ctx context.Context, conn *websocket.Conn, message []byte) error {
	head := []byte{0x81, 0xff} // FIN and text; masked, with a length of 64 bits
	switch n := len(message); {
	case n < 126:
		head[1] = 0x80 | byte(n)
	case n < 1<<16:
		head[1] = 0x80 | 126
		head = binary.BigEndian.AppendUint16(head, uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(head, uint64(n))
	}
	var key [4]byte
	if _, err := rand.Read(key[:]); err != nil {
		return fmt.Errorf("choosing a mask: %w", err)
	}
	frame := append(head, key[:]...)
	start := len(frame)
	frame = append(frame, message...)
	for i := range message {
		frame[start+i] ^= key[i%4]
	}
	out := conn.NetConn()
	first := min(start+firstPart, len(frame))
	if _, err := out.Write(frame[:first]); err != nil {
		return err
	}
	select {
	case <-time.After(refusal):
	case <-ctx.Done():
		return ctx.Err()
	}
	_, err := out.Write(frame[first:])
	return err
}
