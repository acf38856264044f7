package journal

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/cwk-stream/lab/internal/hint"
)

// Merge adds the events of another journal, as Export wrote it, and returns how many were new. It is a set union of
// lines, so it is commutative, associative and idempotent, and nothing that is here is ever lost. Lines that are not
// events are copied into BadPath; if there is nothing else in r, that is an error with a hint. Merge returns once the
// events are on the disk.
func (j *Journal) Merge(ctx context.Context, r io.Reader) (added int, err error) {
	theirs, bad, err := parse(r)
	if err != nil {
		return 0, fmt.Errorf("reading what to merge: %w", err)
	}
	if len(theirs) == 0 && len(bad) > 0 {
		return 0, hint.With(fmt.Errorf("merging: none of %d lines is an event", len(bad)), "merge-nothing", len(bad))
	}
	j.quarantine(ctx, bad, "merge")
	if len(theirs) == 0 {
		return 0, nil
	}
	err = j.append(ctx, func(f *os.File) ([]byte, error) {
		ours, _, err := parse(f)
		ids, lines := map[string]bool{}, map[string]bool{}
		for _, r := range ours {
			ids[r.id], lines[string(r.raw)] = true, true
		}
		var out []byte
		for _, r := range theirs {
			if lines[string(r.raw)] {
				continue
			}
			lines[string(r.raw)] = true
			out = append(append(out, r.raw...), '\n')
			if !ids[r.id] {
				ids[r.id] = true
				added++
			}
		}
		return out, err
	})
	if err != nil {
		return 0, j.advise("merging into journal", err)
	}
	return added, nil
}
