package embedded

import (
	"compress/flate"
	"errors"
	"io"
	"slices"
	"strings"
)

// deflate is permessage-deflate (RFC 7692) on an open WebSocket, from the server's side.
type deflate struct {
	forgetIn, forgetOut bool // no context is kept from message to message
	plain               bool // what is sent is stored, not compressed: Go's compressor has one window only, of 32 KiB
	window              []byte
	out                 *flate.Writer
	buf                 strings.Builder
}

// flushed is the end of a flushed block, which is not sent with a message (RFC 7692, section 7.2.1).
const flushed = "\x00\x00\xff\xff"

var errInflatedTooBig = errors.New("the message is too big when inflated")

// windowBits are the values that max_window_bits may have.
var windowBits = []string{"8", "9", "10", "11", "12", "13", "14", "15"}

// acceptDeflate answers an offer of permessage-deflate as the websockets package does; ok is false where it passes the
// offer over.
func acceptDeflate(params []param) (z *deflate, answer string, ok bool) {
	values := map[string]param{}
	for _, p := range params {
		if _, twice := values[p.name]; twice {
			return nil, "", false
		}
		values[p.name] = p
		switch p.name {
		case "server_no_context_takeover", "client_no_context_takeover":
			ok = !p.given
		case "server_max_window_bits":
			ok = slices.Contains(windowBits, p.value)
		case "client_max_window_bits":
			ok = !p.given || slices.Contains(windowBits, p.value)
		default:
			ok = false
		}
		if !ok {
			return nil, "", false
		}
	}
	answers := []string{"permessage-deflate"}
	z = &deflate{}
	if _, z.forgetOut = values["server_no_context_takeover"]; z.forgetOut {
		answers = append(answers, "server_no_context_takeover")
	}
	if _, z.forgetIn = values["client_no_context_takeover"]; z.forgetIn {
		answers = append(answers, "client_no_context_takeover")
	}
	if p, ok := values["server_max_window_bits"]; ok {
		answers = append(answers, "server_max_window_bits="+p.value)
		z.plain = p.value != "15"
	}
	if p, ok := values["client_max_window_bits"]; ok && p.given {
		answers = append(answers, "client_max_window_bits="+p.value)
	}
	return z, strings.Join(answers, "; "), true
}

// inflate takes a message's payload apart, which may be most bytes when it is.
func (z *deflate) inflate(payload []byte, most int) ([]byte, error) {
	r := flate.NewReaderDict(io.MultiReader(strings.NewReader(string(payload)), strings.NewReader(flushed)), z.window)
	defer r.Close()
	out, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) { // the stream goes on with the next message
		return nil, err
	}
	if len(out) > most {
		return nil, errInflatedTooBig
	}
	if !z.forgetIn {
		z.window = append(z.window, out...)
		z.window = slices.Clone(z.window[max(0, len(z.window)-32<<10):])
	}
	return out, nil
}

// deflate compresses a message's payload.
func (z *deflate) deflate(payload []byte) ([]byte, error) {
	z.buf.Reset()
	if z.out == nil || z.forgetOut {
		level := 6
		if z.plain {
			level = flate.NoCompression
		}
		var err error
		if z.out, err = flate.NewWriter(&z.buf, level); err != nil {
			return nil, err
		}
	}
	if _, err := z.out.Write(payload); err != nil {
		return nil, err
	}
	if err := z.out.Flush(); err != nil {
		return nil, err
	}
	return []byte(strings.TrimSuffix(z.buf.String(), flushed)), nil
}
