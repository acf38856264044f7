package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/session"
)

// Bounds of what is merged at once, in bytes and lines. A journal of 240,000 events has some 80 MB.
const (
	maxMerge      = 1 << 30
	maxMergeLines = 2_000_000
)

// maxBadMerge is how many bytes of what is no event are kept of one merge, maxBad how large BadPath gets by merging:
// what was to be merged is still where it came from.
const (
	maxBadMerge = 1 << 20
	maxBad      = 64 << 20
)

var errTooLarge = errors.New("too much to merge")

// Merged is what came of a merge.
type Merged struct {
	Added     int    // events that are new here
	Uncounted int    // of these: what a newer version wrote, or what cannot have been, such as an event of the year 9999
	Left      Damage // lines that are no events and were left out. Aside names the file that has a copy, of a bounded part
}

// Merge adds the events of another journal, as Export wrote it. It is a set union of lines, so it is commutative,
// associative and idempotent, and nothing that is here is ever lost. If there is no event in r but something else, that is
// an error with a hint, and so is what is beyond all bounds; nothing is added then. r is read in bounded memory, to the end,
// before anything is added. Merge returns once the events are on the disk.
func (j *Journal) Merge(ctx context.Context, r io.Reader) (Merged, error) {
	var m Merged
	if err := os.MkdirAll(filepath.Dir(j.path), 0o700); err != nil {
		return m, j.advise("merging into journal", err)
	}
	spool, err := os.CreateTemp(filepath.Dir(j.path), ".merge-*")
	if err != nil {
		return m, j.advise("merging into journal", err)
	}
	defer func() { _ = spool.Close(); _ = os.Remove(spool.Name()) }()
	events, err := j.spool(ctx, r, spool, &m.Left)
	if err != nil {
		return m, err
	}
	if events == 0 {
		return m, nil
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return m, err
	}
	err = j.append(ctx, func(f *os.File, out io.Writer) error {
		mine := newUnion()
		if err := parse(ctx, io.NewSectionReader(f, 0, 1<<62), chunk{}, func(p parsed) error {
			for _, r := range p.records {
				mine.add(r)
			}
			return nil
		}); err != nil {
			return err
		}
		return m.unite(ctx, mine, spool, out, session.NewEventSet(j.now()))
	})
	if err != nil {
		return Merged{}, j.advise("merging into journal", err)
	}
	return m, nil
}

// unite writes those events of spool to out that mine does not have. possible knows which can have been.
func (m *Merged) unite(ctx context.Context, mine *union, spool io.Reader, out io.Writer, possible *session.EventSet) error {
	return parse(ctx, spool, chunk{}, func(p parsed) error {
		for _, r := range p.records {
			fresh, id := mine.add(r)
			if !fresh {
				continue
			}
			if id {
				m.Added++
				if r.newer || !possible.Counts(r.event) {
					m.Uncounted++
				}
			}
			if _, err := io.WriteString(out, r.text+"\n"); err != nil {
				return err
			}
		}
		return nil
	})
}

// spool copies the events of r to a file, each line once, and tells how many these are and what else there was.
func (j *Journal) spool(ctx context.Context, r io.Reader, to io.Writer, left *Damage) (events int, err error) {
	// A shell that writes UTF-16 says so at the beginning.
	bounded := &boundedReader{r: transform.NewReader(r, unicode.BOMOverride(transform.Nop)), left: maxMerge}
	out, all, bad, lines := bufio.NewWriterSize(to, block), newUnion(), []byte(nil), 0
	err = parse(ctx, bounded, chunk{line: 1}, func(p parsed) error {
		for _, r := range p.records {
			if fresh, _ := all.add(r); !fresh {
				continue
			}
			events++
			if _, err := out.WriteString(r.text + "\n"); err != nil {
				return err
			}
		}
		for _, b := range p.bad {
			left.add(b)
			bad = p.excerpt(bad, b)
		}
		if lines += len(p.records) + len(p.bad); lines > maxMergeLines {
			return errTooLarge
		}
		return nil
	})
	if err == nil {
		err = out.Flush()
	}
	switch {
	case errors.Is(err, errTooLarge):
		return 0, hint.With(fmt.Errorf("merging: %w", err), "merge-too-large", maxMerge>>20, maxMergeLines)
	case err != nil:
		return 0, fmt.Errorf("reading what to merge: %w", err)
	case events == 0 && left.Lines() > 0:
		return 0, hint.With(fmt.Errorf("merging: none of %d lines is an event", left.Lines()), "merge-nothing", left.Lines())
	}
	j.keepLeft(bad, left)
	return events, nil
}

// excerpt adds what a damaged line says to bad, as far as that is small enough.
func (p parsed) excerpt(bad []byte, b damaged) []byte {
	from := min(b.offset-p.offset, int64(len(p.text)))
	line, _ := strings.CutSuffix(p.text[from:min(from+b.size, int64(len(p.text)))], "\n")
	if line = trimmed(line); line == "" || len(bad)+len(line) > maxBadMerge {
		return bad
	}
	return append(append(bad, line...), '\n')
}

// keepLeft copies what was left out into BadPath, while that is not too large.
func (j *Journal) keepLeft(bad []byte, left *Damage) {
	if info, err := os.Stat(j.BadPath()); err == nil && info.Size() > maxBad || len(bad) == 0 {
		return
	}
	f, err := j.openBad()
	if err != nil {
		return
	}
	if _, err := f.Write(bad); errors.Join(err, f.Sync(), f.Close()) == nil {
		left.Aside = j.BadPath()
	}
}

// boundedReader reads so many bytes and then complains, where io.LimitReader would pretend an end.
type boundedReader struct {
	r    io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// union is a set of lines and one of ids, in the memory of two hashes each.
type union struct {
	seeds      [2]maphash.Seed
	lines, ids map[[2]uint64]struct{}
}

func newUnion() *union {
	return &union{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, lines: map[[2]uint64]struct{}{}, ids: map[[2]uint64]struct{}{}}
}

func (u *union) hash(s string) [2]uint64 {
	return [2]uint64{maphash.String(u.seeds[0], s), maphash.String(u.seeds[1], s)}
}

// add takes a record in and tells whether its line, and whether its id was not there.
func (u *union) add(r record) (line, id bool) {
	h := u.hash(r.text)
	if _, had := u.lines[h]; had {
		return false, false
	}
	u.lines[h] = struct{}{}
	h = u.hash(r.event.ID)
	_, had := u.ids[h]
	u.ids[h] = struct{}{}
	return true, !had
}
