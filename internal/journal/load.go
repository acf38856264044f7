package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/session"
)

// Damage is what was found in a journal, or in what was to be merged, that is no event. The zero value is none.
type Damage struct {
	Torn    int     // lines without their end: the program was killed while writing what it never acknowledged
	Zeros   int     // lines of zeros, which a crash of the machine left where nothing had been written
	Corrupt int     // anything else
	First   []Place // of the first few of them, in order
	Aside   string  // file in which they are now and no longer in the journal; "" where they could not be moved
}

// Place is where a line of damage began.
type Place struct {
	Line   int   // 1 for the first
	Offset int64 // in bytes
}

// Lines is how many lines are damaged.
func (d Damage) Lines() int { return d.Torn + d.Zeros + d.Corrupt }

// Places are the first lines of damage as a person reads them: "2, 7, 9 …".
func (d Damage) Places() string {
	var out []string
	for _, p := range d.First {
		out = append(out, strconv.Itoa(p.Line))
	}
	if d.Lines() > len(d.First) {
		return strings.Join(out, ", ") + " …"
	}
	return strings.Join(out, ", ")
}

// places is how many lines of damage are named.
const places = 3

func (d *Damage) add(b damaged) {
	switch b.kind {
	case torn:
		d.Torn++
	case zeros:
		d.Zeros++
	default:
		d.Corrupt++
	}
	if len(d.First) < places {
		d.First = append(d.First, Place{b.line, b.offset})
	}
}

// damageKind says what is the matter with a line.
type damageKind int

const (
	corrupt damageKind = iota
	torn
	zeros
)

// damaged is a line that is no event.
type damaged struct {
	kind   damageKind
	line   int
	offset int64
	size   int64 // in bytes, with its newline
}

// Load gives the student's events. What is damaged is moved into BadPath, once, and told; where that cannot be, as on a
// read-only disk, it is told each time. A journal that is not there yet is empty.
func (j *Journal) Load(ctx context.Context) (*session.EventSet, Damage, error) {
	events, found, err := j.read(ctx)
	if err != nil || found.Lines() == 0 {
		return events, found, j.advise("reading journal", err)
	}
	moved, err := j.setAside(ctx)
	if err != nil {
		return events, found, ctx.Err()
	}
	events, _, err = j.read(ctx)
	return events, moved, j.advise("reading journal", err)
}

// read gives the events of the journal, and what in it is damaged. What the index knows is not decoded again.
func (j *Journal) read(ctx context.Context) (*session.EventSet, Damage, error) {
	events := session.NewEventSet(j.now())
	var found Damage
	f, size, err := j.snapshot(ctx)
	if err != nil || f == nil {
		return events, found, err
	}
	defer f.Close()
	at := j.restore(f, size, events)
	known := at.offset
	rest := io.TeeReader(io.NewSectionReader(f, at.offset, size-at.offset), &at.sum)
	whole := true // the last line has its end
	err = parse(ctx, rest, chunk{line: at.lines + 1, offset: at.offset}, func(p parsed) error {
		if at.offset == known { // as many a byte as at the beginning, if those are not tiny
			events.Grow(int(min(int64(len(p.records))*(size-known)/p.size, size/150)))
		}
		for _, r := range p.records {
			if !r.newer {
				events.Add(r.event)
			}
		}
		for _, b := range p.bad {
			found.add(b)
		}
		at.lines += max(strings.Count(p.text, "\n"), 1)
		at.offset += p.size
		whole = strings.HasSuffix(p.text, "\n")
		return nil
	})
	if err == nil && whole && found.Lines() == 0 && at.offset-known >= indexEvery {
		j.remember(at, events)
	}
	return events, found, err
}

// snapshot opens the journal, nil where there is none, and tells how much of it there is. No line was being written
// just then; without the lock, which may not be had on a read-only disk, that is not certain.
func (j *Journal) snapshot(ctx context.Context) (*os.File, int64, error) {
	unlock, err := j.lock(ctx, (*flock.Flock).TryRLock)
	switch {
	case ctx.Err() != nil:
		return nil, 0, ctx.Err()
	case err == nil:
		defer unlock()
	}
	info, err := os.Stat(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err == nil && !info.Mode().IsRegular() {
		err = hint.With(fmt.Errorf("%s is not a file", j.path), "journal-unusable", j.path)
	}
	if err != nil {
		return nil, 0, err
	}
	f, err := os.Open(j.path)
	if err != nil {
		return nil, 0, err
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}
