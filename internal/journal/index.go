package journal

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/cwk-stream/lab/internal/session"
)

// indexEvery is how many bytes of a journal are decoded anew each time before they are put into the index.
const indexEvery = 1 << 20

// indexHead begins an index. Its last byte is the version: whatever changes what is decoded of an event, or what an EventSet
// keeps of it, changes that.
const indexHead = "lab journal index\x01"

// staleTemp is how old a file is that a killed program left while writing an index.
const staleTemp = time.Minute

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is the CRC-32C of what was written to it.
type checksum uint32

func (c *checksum) Write(p []byte) (int, error) {
	*c = checksum(crc32.Update(uint32(*c), castagnoli, p))
	return len(p), nil
}

// indexed is the part of a journal of which an index has the events.
type indexed struct {
	offset int64 // where it ends, in bytes
	lines  int
	sum    checksum // of these bytes
}

// IndexPath is the file that holds the events of the journal's first part for fast reading. It is made of the journal and
// never believed where the journal has other bytes than those that it was made of; whoever removes it loses nothing.
func (j *Journal) IndexPath() string {
	ext := filepath.Ext(j.path)
	return j.path[:len(j.path)-len(ext)] + ".index"
}

// restore reads the index, if there is one of this version and of what the first part of f, of size bytes, is now.
func (j *Journal) restore(f io.ReaderAt, size int64, events *session.EventSet) indexed {
	info, err := os.Stat(j.IndexPath())
	if err != nil || !info.Mode().IsRegular() || info.Size() > 4*size+indexEvery {
		return indexed{}
	}
	data, err := os.ReadFile(j.IndexPath())
	if err != nil {
		return indexed{}
	}
	at, body, ok := readIndex(data)
	if !ok || at.offset > size {
		return indexed{}
	}
	var sum checksum
	if _, err := io.CopyBuffer(&sum, io.NewSectionReader(f, 0, at.offset), make([]byte, block)); err != nil || sum != at.sum {
		return indexed{}
	}
	if events.Restore(body) != nil {
		return indexed{}
	}
	return at
}

// readIndex takes an index apart.
func readIndex(data []byte) (at indexed, body []byte, ok bool) {
	rest, ok := bytes.CutPrefix(data, []byte(indexHead))
	if !ok || len(rest) < 8+8+4+4 {
		return at, nil, false
	}
	end := len(data) - 4
	if crc32.Checksum(data[:end], castagnoli) != binary.LittleEndian.Uint32(data[end:]) {
		return at, nil, false
	}
	at.offset, at.lines = int64(binary.LittleEndian.Uint64(rest)), int(binary.LittleEndian.Uint64(rest[8:]))
	at.sum = checksum(binary.LittleEndian.Uint32(rest[16:]))
	return at, rest[20 : len(rest)-4], at.offset >= 0 && at.lines >= 0
}

// writeIndex writes what readIndex reads.
func writeIndex(w io.Writer, at indexed, events *session.EventSet) error {
	var sum checksum
	out := bufio.NewWriterSize(io.MultiWriter(w, &sum), block)
	head := []byte(indexHead)
	head = binary.LittleEndian.AppendUint64(head, uint64(at.offset))
	head = binary.LittleEndian.AppendUint64(head, uint64(at.lines))
	head = binary.LittleEndian.AppendUint32(head, uint32(at.sum))
	_, err := out.Write(head)
	if err = cmp.Or(err, events.WriteBinary(out), out.Flush()); err != nil {
		return err
	}
	_, err = w.Write(binary.LittleEndian.AppendUint32(nil, uint32(sum)))
	return err
}

// remember writes the index anew. That it cannot be written costs time, and nothing else; so does one that a crash cut
// short, which its own checksum finds out.
func (j *Journal) remember(at indexed, events *session.EventSet) {
	temp := j.IndexPath() + ".new"
	if info, err := os.Lstat(temp); err == nil && time.Since(info.ModTime()) > staleTemp {
		_ = os.Remove(temp)
	}
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil { // another process is at it, or there is no room for it
		return
	}
	if err = errors.Join(writeIndex(f, at, events), f.Close()); err == nil {
		err = os.Rename(temp, j.IndexPath())
	}
	if err != nil {
		_ = os.Remove(temp)
	}
}
