package embedded

import (
	"bufio"
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

// TestFrameLengths sends frames whose length is a lie or more than is taken, alone and behind a fragment, and wants
// the close code that uvicorn answers with.
func TestFrameLengths(t *testing.T) {
	fragment := []byte{0x01, 0x81, 0, 0, 0, 0, 'a'} // a text of one byte so far
	length := func(op byte, size ...byte) []byte {
		return append(append([]byte{0x80 | op, 0x80 | 127}, size...), 0, 0, 0, 0)
	}
	most := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	top := []byte{0x80, 0, 0, 0, 0, 0, 0, 0}
	limit := []byte{0, 0, 0, 0, 1, 0, 0, 0} // 16 MiB, which is taken where nothing came before
	for name, sent := range map[string][]byte{
		"most":                    length(opText, most...),
		"most, continued":         append(slices.Clone(fragment), length(opContinuation, most...)...),
		"top bit":                 length(opText, top...),
		"top bit, continued":      append(slices.Clone(fragment), length(opContinuation, top...)...),
		"one too many":            length(opText, 0, 0, 0, 0, 1, 0, 0, 1),
		"one too many, continued": append(slices.Clone(fragment), length(opContinuation, limit...)...),
	} {
		t.Run(name, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			ended := make(chan int, 1)
			go func() {
				defer server.Close()
				ended <- (&websocket{conn: server, in: bufio.NewReader(server)}).echo()
			}()
			_ = client.SetDeadline(time.Now().Add(5 * time.Second))
			if _, err := client.Write(sent); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 4)
			if _, err := io.ReadFull(client, got); err != nil {
				t.Fatal(err)
			}
			if want := []byte{0x88, 2, closeTooBig >> 8, closeTooBig & 0xff}; !slices.Equal(got, want) {
				t.Errorf("got % x, want % x", got, want)
			}
			if code := <-ended; code != closeAbnormal {
				t.Errorf("ended with %d, want %d", code, closeAbnormal)
			}
		})
	}
}
