package session

import (
	"encoding/binary"
	"errors"
	"io"
)

var errNotEvents = errors.New("these are not the events of a set")

// WriteBinary writes the events in a form that Restore reads many times as fast as they were decoded. It is of no use to
// another version of the program. w is written to in small pieces.
func (s *EventSet) WriteBinary(w io.Writer) error {
	s.settle()
	var buf [8]byte
	var failed error
	put := func(b []byte) {
		if failed == nil {
			_, failed = w.Write(b)
		}
	}
	put(binary.LittleEndian.AppendUint32(buf[:0], uint32(len(s.at))))
	put(binary.LittleEndian.AppendUint32(buf[:0], uint32(len(s.text))))
	for _, at := range s.at {
		put(binary.LittleEndian.AppendUint64(buf[:0], uint64(at)))
	}
	for _, id := range s.ids {
		put(binary.LittleEndian.AppendUint64(buf[:0], id))
	}
	for _, c := range s.cells {
		put(binary.LittleEndian.AppendUint32(buf[:0], c))
	}
	for _, t := range s.text {
		put(binary.LittleEndian.AppendUint16(buf[:0], uint16(len(t))))
		put([]byte(t))
	}
	return failed
}

// Restore puts into an empty set what WriteBinary wrote. After an error the set is as it was.
func (s *EventSet) Restore(b []byte) error {
	if len(b) < 8 || len(s.at) > 0 {
		return errNotEvents
	}
	rows, names := int(binary.LittleEndian.Uint32(b)), int(binary.LittleEndian.Uint32(b[4:]))
	b = b[8:]
	if min(rows, names) < 0 || len(b)/(16+4*columns) < rows || len(b)/2 < names {
		return errNotEvents
	}
	at, ids, cells := make([]int64, rows), make([]uint64, rows), make([]uint32, rows*columns)
	for i := range at {
		at[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
		ids[i] = binary.LittleEndian.Uint64(b[8*(rows+i):])
	}
	b = b[16*rows:]
	for i := range cells {
		cells[i] = binary.LittleEndian.Uint32(b[4*i:])
		if i%columns < texts && int(cells[i]) >= names {
			return errNotEvents
		}
	}
	b = b[4*len(cells):]
	text := make([]string, names)
	for i := range text {
		if len(b) < 2 || len(b) < 2+int(binary.LittleEndian.Uint16(b)) {
			return errNotEvents
		}
		n := int(binary.LittleEndian.Uint16(b))
		text[i], b = string(b[2:2+n]), b[2+n:]
	}
	if len(b) > 0 {
		return errNotEvents
	}
	s.at, s.ids, s.cells, s.text, s.index, s.settled = at, ids, cells, text, nil, rows
	return nil
}
