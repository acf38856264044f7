package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cwk-stream/lab/internal/session"
)

// large is a journal that is worth an index.
func large(t testing.TB) (*Journal, int) {
	t.Helper()
	var text strings.Builder
	n := 0
	for ; text.Len() < indexEvery+indexEvery/4; n++ {
		text.WriteString(good(n) + "\n")
	}
	return open(t, text.String()), n
}

func rewrite(t *testing.T, path string, change func(string) string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(change(content(t, path))), 0o600); err != nil {
		t.Fatal(err)
	}
}

// mustLoad wants n events of the journal, the newest being the last one.
func mustLoad(t *testing.T, j *Journal, n, last int) []session.Event {
	t.Helper()
	events, damage := load(t, j)
	if len(events) != n || damage.Lines() > 0 || events[n-1].Seq != last {
		t.Fatalf("%d events, want %d; damage %v", len(events), n, damage)
	}
	return events
}

func TestIndexIsUsed(t *testing.T) {
	j, n := large(t)
	want := mustLoad(t, j, n, n-1)
	if err := j.Append(t.Context(), event(n)); err != nil {
		t.Fatal(err)
	}
	got := mustLoad(t, j, n+1, n)
	if d := cmp.Diff(want, got[:n]); d != "" {
		t.Errorf("(-decoded +index):\n%s", d)
	}
	// An index that says less than its journal is the proof that it is read.
	f, size, err := j.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at := j.restore(f, size, session.NewEventSet(noon))
	if at.offset == 0 || at.lines != n {
		t.Fatalf("the index is not used: %+v", at)
	}
	stored, err := os.Create(j.IndexPath())
	if err == nil {
		err = writeIndex(stored, at, session.NewEventSet(noon, event(0)))
	}
	if err != nil || stored.Close() != nil {
		t.Fatal(err)
	}
	mustLoad(t, j, 2, n)
}

// TestIndexIsNeverBelievedOverTheJournal: whatever happens to one of the two, Load gives what the journal says.
func TestIndexIsNeverBelievedOverTheJournal(t *testing.T) {
	for name, test := range map[string]struct {
		change func(t *testing.T, j *Journal)
		more   int // events than before
	}{
		"removed": {func(t *testing.T, j *Journal) { _ = os.Remove(j.IndexPath()) }, 0},
		"cut short": {func(t *testing.T, j *Journal) {
			rewrite(t, j.IndexPath(), func(s string) string { return s[:len(s)/2] })
		}, 0},
		"empty": {func(t *testing.T, j *Journal) { rewrite(t, j.IndexPath(), func(string) string { return "" }) }, 0},
		"another version": {func(t *testing.T, j *Journal) {
			rewrite(t, j.IndexPath(), func(s string) string { return strings.Replace(s, "\x01", "\x02", 1) })
		}, 0},
		"one bit": {func(t *testing.T, j *Journal) {
			rewrite(t, j.IndexPath(), func(s string) string { b := []byte(s); b[len(b)/2] ^= 1; return string(b) })
		}, 0},
		"a folder": {func(t *testing.T, j *Journal) { _ = os.Remove(j.IndexPath()); _ = os.Mkdir(j.IndexPath(), 0o700) }, 0},
		"journal without its first line": {func(t *testing.T, j *Journal) {
			rewrite(t, j.Path(), func(s string) string { _, rest, _ := strings.Cut(s, "\n"); return rest })
		}, -1},
		"journal of the same size": {func(t *testing.T, j *Journal) {
			rewrite(t, j.Path(), func(s string) string { return strings.Replace(s, good(1), good(2), 1) })
		}, -1},
		"merged with what is older": {func(t *testing.T, j *Journal) {
			e := event(1)
			e.ID, e.Time = "older", session.Began
			if err := j.Append(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}, 1},
		"doubled": {func(t *testing.T, j *Journal) { rewrite(t, j.Path(), func(s string) string { return s + s }) }, 0},
		"an id again, another content": {func(t *testing.T, j *Journal) {
			rewrite(t, j.Path(), func(s string) string { return s + strings.Replace(good(1), "drop-upgrade", "restore", 1) + "\n" })
		}, 0},
		"damaged": {func(t *testing.T, j *Journal) {
			rewrite(t, j.Path(), func(s string) string { return "rubbish\n" + s })
			if _, damage := load(t, j); damage.Lines() != 1 {
				t.Errorf("damage: %+v", damage)
			}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			j, n := large(t)
			mustLoad(t, j, n, n-1)
			if _, err := os.Stat(j.IndexPath()); err != nil {
				t.Fatal("no index:", err)
			}
			test.change(t, j)
			got := mustLoad(t, j, n+test.more, n-1)
			fresh, err := Open(filepath.Join(t.TempDir(), "progress.jsonl"))
			if err == nil {
				err = os.WriteFile(fresh.Path(), []byte(content(t, j.Path())), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			want, _ := load(t, fresh)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-without index +got):\n%s", d)
			}
		})
	}
}

// TestIndexBesideWriters: readers that write indexes and writers that append do not keep each other from anything.
func TestIndexBesideWriters(t *testing.T) {
	j, n := large(t)
	ended := make(chan error, 4)
	for w := range 2 {
		go func() {
			var failed error
			for i := range 50 {
				e := event(n)
				e.ID = fmt.Sprintf("w%d-%06d", w, i)
				if err := j.Append(t.Context(), e); err != nil {
					failed = err
				}
			}
			ended <- failed
		}()
		go func() {
			var failed error
			for range 10 {
				_ = os.Remove(j.IndexPath())
				if events, damage, err := j.Load(t.Context()); err != nil || damage.Lines() > 0 || events.Len() < n {
					failed = fmt.Errorf("%d events, %v, %w", events.Len(), damage, err)
				}
			}
			ended <- failed
		}()
	}
	for range 4 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	mustLoad(t, j, n+100, n)
}

// TestLongJournalsAreLean: events take a small part of what they take in the file, with and without the index.
func TestLongJournalsAreLean(t *testing.T) {
	var text strings.Builder
	const n = 50_000
	for i := range n {
		text.WriteString(good(i) + "\n")
	}
	j := open(t, text.String())
	for _, how := range []string{"decoded", "by the index"} {
		var was, is runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&was)
		events, _, err := j.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&is)
		if each := int64(is.HeapAlloc-was.HeapAlloc) / n; each > 120 || events.Len() != n {
			t.Errorf("%s: %d events of %d bytes each", how, events.Len(), each)
		}
	}
}

func TestSmallJournalsHaveNoIndex(t *testing.T) {
	j := journalOf(t, []string{good(1), good(2)})
	mustLoad(t, j, 2, 2)
	mustBeAlone(t, j)
}
