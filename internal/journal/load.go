package journal

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"unicode/utf8"

	"github.com/gofrs/flock"

	"github.com/cwk-stream/lab/internal/session"
)

// Damage is a line of a journal that is not an event as this version of the program knows them. Words are under
// "journal.<kind>".
type Damage struct {
	Kind   DamageKind
	Line   int   // 1 for the first
	Offset int64 // of the line, in bytes
	Saved  bool  // a copy is in BadPath, now or from an earlier Load
}

// DamageKind says what is the matter with a line.
type DamageKind string

// The kinds of damage. Only Corrupt may have cost an event.
const (
	Torn    DamageKind = "torn"    // the last line has no end: the program was killed while writing what it never acknowledged
	Zeros   DamageKind = "zeros"   // the machine went down and left zeros where nothing had been written
	Newer   DamageKind = "newer"   // an event of a newer version of the program; kept, not understood
	Corrupt DamageKind = "corrupt" // anything else; copied into BadPath
)

// record is one line that is an event.
type record struct {
	raw   []byte // without white space around it
	id    string
	event session.Event
	newer bool // event cannot be decoded by this version
}

// line is one line as it lies in the file.
type line struct {
	number int
	offset int64
	raw    []byte // without the newline; the first maxLine bytes
	long   bool   // there was more
	ended  bool   // by a newline
}

// Load gives the student's events, each id once, sorted by time and then by id. What it could not understand is
// reported and, if it is corrupt, copied into BadPath once; the journal itself is never rewritten. A journal that is
// not there yet is empty.
func (j *Journal) Load(ctx context.Context) (events []session.Event, trouble []Damage, err error) {
	records, bad, err := j.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	saved := j.quarantine(ctx, bad, "")
	for _, b := range bad {
		trouble = append(trouble, Damage{Kind: b.kind, Line: b.number, Offset: b.offset, Saved: saved && b.kind == Corrupt})
	}
	for _, r := range unique(records) {
		if !r.newer {
			events = append(events, r.event)
		}
	}
	slices.SortFunc(events, func(a, b session.Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
	return events, trouble, nil
}

// unique gives one record an id. Two lines that differ under one id never come from the program; then the choice is
// the same on every machine, so that merging is commutative.
func unique(records []record) map[string]record {
	byID := map[string]record{}
	for _, r := range records {
		if was, ok := byID[r.id]; !ok || bytes.Compare(r.raw, was.raw) < 0 {
			byID[r.id] = r
		}
	}
	return byID
}

// damaged is a line that is not an event, or not one of this version.
type damaged struct {
	line
	kind DamageKind
}

// read gives the lines of the journal. A lock that cannot be had, as on a read-only disk, is done without: it only
// keeps a line that is just being written from being taken for a torn one.
func (j *Journal) read(ctx context.Context) ([]record, []damaged, error) {
	f, err := os.Open(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, j.advise("reading journal", err)
	}
	defer f.Close()
	unlock, err := j.lock(ctx, (*flock.Flock).TryRLock)
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case err == nil:
		defer unlock()
	}
	records, bad, err := parse(f)
	return records, bad, j.advise("reading journal", err)
}

// parse sorts the lines of r into events and damage; a line that is of a newer version is in both.
func parse(r io.Reader) (records []record, bad []damaged, err error) {
	err = scan(r, func(l line) {
		text := bytes.Trim(l.raw, "\x00 \t\r")
		if len(text) == 0 {
			if bytes.IndexByte(l.raw, 0) >= 0 {
				bad = append(bad, damaged{l, Zeros})
			}
			return
		}
		rec, ok := decode(text)
		switch {
		case ok && !l.long:
			records = append(records, rec)
			if rec.newer {
				bad = append(bad, damaged{l, Newer})
			}
		case !l.ended && !l.long:
			bad = append(bad, damaged{l, Torn})
		default:
			bad = append(bad, damaged{l, Corrupt})
		}
	})
	return records, bad, err
}

// decode reads one event. One with an id that does not fit session.Event is of a newer version.
func decode(text []byte) (record, bool) {
	r := record{raw: bytes.Clone(text)}
	if !utf8.Valid(text) {
		return r, false // json would replace what it cannot read, and the line would not be verbatim any more
	}
	if err := json.Unmarshal(text, &r.event); err == nil {
		r.id = r.event.ID
		return r, r.id != ""
	}
	var envelope struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(text, &envelope); err != nil {
		return r, false
	}
	r.id, r.newer = envelope.ID, true
	return r, r.id != ""
}

// scan calls yield for each line of r, in bounded memory.
func scan(r io.Reader, yield func(line)) error {
	in := bufio.NewReaderSize(r, 64<<10)
	l := line{number: 1}
	for next := int64(0); ; {
		part, err := in.ReadSlice('\n')
		next += int64(len(part))
		l.ended = err == nil
		part = bytes.TrimSuffix(part, []byte{'\n'})
		if room := maxLine - len(l.raw); len(part) > room {
			part, l.long = part[:room], true
		}
		l.raw = append(l.raw, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && err != io.EOF {
			return err
		}
		if l.ended || len(l.raw) > 0 {
			yield(l)
		}
		if err == io.EOF {
			return nil
		}
		l = line{number: l.number + 1, offset: next}
	}
}

// quarantined is a line of BadPath.
type quarantined struct {
	From   string `json:"from,omitempty"` // "merge" for what came with Merge; "" for the journal's own lines
	Line   int    `json:"line"`
	Offset int64  `json:"offset"`
	Text   string `json:"text,omitempty"`
	Raw    []byte `json:"raw,omitempty"` // where it is not text
}

// quarantine copies the corrupt ones of bad into BadPath, each once. It tells whether all are there: a disk that is
// full or read-only must not keep anybody from reading the rest.
func (j *Journal) quarantine(ctx context.Context, bad []damaged, from string) bool {
	var lines [][]byte
	for _, b := range bad {
		if b.kind != Corrupt {
			continue
		}
		q := quarantined{From: from, Line: b.number, Offset: b.offset}
		if utf8.Valid(b.raw) {
			q.Text = string(b.raw)
		} else {
			q.Raw = b.raw
		}
		if encoded, err := json.Marshal(q); err == nil {
			lines = append(lines, encoded)
		}
	}
	if len(lines) == 0 {
		return true
	}
	aside := at(j.BadPath())
	err := aside.append(ctx, func(f *os.File) ([]byte, error) { return missing(f, lines) })
	return err == nil
}

// missing gives those of lines that f does not have yet, each with its newline.
func missing(f *os.File, lines [][]byte) ([]byte, error) {
	there := map[string]bool{}
	was, err := io.ReadAll(f)
	for l := range bytes.Lines(was) {
		there[string(bytes.TrimSpace(l))] = true
	}
	var out []byte
	for _, l := range lines {
		if !there[string(l)] {
			there[string(l)] = true
			out = append(append(out, l...), '\n')
		}
	}
	return out, err
}
