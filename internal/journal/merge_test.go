package journal

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/session"
)

// journalOf makes a journal of the given lines in the given order.
func journalOf(t testing.TB, lines []string) *Journal {
	return open(t, strings.Join(lines, "\n")+"\n")
}

func export(t testing.TB, j *Journal) string {
	t.Helper()
	var b strings.Builder
	if err := j.Export(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// merged is a fresh journal with the given exports merged in that order; what it holds is given as a set and as what
// Load makes of it.
func merged(t testing.TB, exports ...string) (lines map[string]bool, events []session.Event) {
	t.Helper()
	j := open(t, "")
	for _, e := range exports {
		if _, err := j.Merge(t.Context(), strings.NewReader(e)); err != nil {
			t.Fatal(err)
		}
	}
	lines = map[string]bool{}
	for l := range strings.Lines(export(t, j)) {
		if lines[l] {
			t.Errorf("doubled: %s", l)
		}
		lines[l] = true
	}
	events, _ = load(t, j)
	return lines, events
}

func TestMergeIsASetUnion(t *testing.T) {
	var pool []string
	for n := range 12 {
		pool = append(pool, good(n))
	}
	pool = append(pool, strings.Replace(good(3), "20", "99", 1), // one id, another content
		`{"id":"n-1","time":"2026-11-23T00:00:00Z","kind":"step-met","check":"newer"}`, `{"id":"u-1","kind":"levitated"}`)
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0))
		var parts [3]string
		for i := range parts {
			for _, k := range r.Perm(len(pool))[:1+r.IntN(len(pool)-1)] {
				parts[i] += pool[k] + "\n"
			}
		}
		a, b, c := parts[0], parts[1], parts[2]
		wantLines, wantEvents := merged(t, a, b, c)
		ab := open(t, a)
		if _, err := ab.Merge(t.Context(), strings.NewReader(b)); err != nil {
			t.Fatal(err)
		}
		for order, exports := range map[string][]string{"commuted": {c, b, a}, "associated": {c, export(t, ab)}, "repeated": {a, b, a, c, c}} {
			lines, events := merged(t, exports...)
			if d := cmp.Diff(wantLines, lines); d != "" {
				t.Errorf("seed %d %s (-want +got):\n%s", seed, order, d)
			}
			if d := cmp.Diff(wantEvents, events); d != "" {
				t.Errorf("seed %d %s, as loaded (-want +got):\n%s", seed, order, d)
			}
		}
	}
}

func TestMergeCounts(t *testing.T) {
	j := journalOf(t, []string{good(1), good(2)})
	first := func(line int, offset int) []Place { return []Place{{line, int64(offset)}} }
	for _, test := range []struct {
		text string
		want Merged
		bad  string // in BadPath
	}{
		{"", Merged{}, ""},
		{good(2) + "\n" + good(3) + "\n" + good(3), Merged{Added: 1}, ""},
		{good(4) + "\nrubbish\r\n" + good(5)[:40], Merged{Added: 1, Left: Damage{Corrupt: 1, Torn: 1, Aside: j.BadPath(),
			First: append(first(2, len(good(4))+1), first(3, len(good(4))+10)...)}}, "rubbish\n" + good(5)[:40] + "\n"},
		{strings.Replace(good(6), "2026", "9999", 1) + "\n" + strings.Replace(good(7), `"step":"drop-upgrade"`, `"step":7`, 1), Merged{Added: 2, Uncounted: 2}, ""},
		{strings.Replace(good(1), "drop-upgrade", "restore", 1), Merged{}, ""}, // under an id that is there
		{"\ufeff" + good(8) + "\r\n", Merged{Added: 1}, ""},
		{utf16(t, good(9)+"\r\n"), Merged{Added: 1}, ""},
		{good(10) + good(11), Merged{Added: 2}, ""},
	} {
		_ = os.Remove(j.BadPath())
		got, err := j.Merge(t.Context(), strings.NewReader(test.text))
		if d := cmp.Diff(test.want, got); d != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", test.text, err, d)
		}
		if bad := content(t, j.BadPath()); bad != test.bad {
			t.Errorf("%q: %q set aside, want %q", test.text, bad, test.bad)
		}
	}
	if events, _ := load(t, j); seqs(events) != "1 2 3 4 8 9 10 11" {
		t.Errorf("got %s", seqs(events))
	}
}

// utf16 is text as a shell writes it into a file that does so.
func utf16(t *testing.T, text string) string {
	out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMergeOfNothingOfOurs(t *testing.T) {
	for _, text := range []string{"<html>\n", "{}\n[]\n", strings.Repeat("[", maxLine-1), strings.Repeat("x", 3*maxLine), "null"} {
		j := journalOf(t, []string{good(1)})
		before := content(t, j.Path())
		_, err := j.Merge(t.Context(), strings.NewReader(text))
		if h, ok := hint.Find(err); !ok || h.Code != "merge-nothing" {
			t.Errorf("%.20q: got %v, want a hint merge-nothing", text, err)
		}
		if content(t, j.Path()) != before || content(t, j.BadPath()) != "" {
			t.Errorf("%.20q changed something", text)
		}
	}
	for _, lang := range locale.All() {
		for _, key := range []string{"error.merge-nothing", "hint.merge-nothing"} {
			if words := lang.Say(key, 3); strings.Contains(words, "%!") {
				t.Errorf("%s: %q", key, words)
			}
		}
		for _, key := range []string{"error.merge-too-large", "hint.merge-too-large"} {
			if words := lang.Say(key, 3, 4); strings.Contains(words, "%!") {
				t.Errorf("%s: %q", key, words)
			}
		}
	}
}

// endless gives text for ever.
type endless struct{ text string }

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n+len(e.text) <= len(p) {
		n += copy(p[n:], e.text)
	}
	if n == 0 {
		n = copy(p, e.text)
	}
	return n, nil
}

func TestMergeOfWhatHasNoEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a gigabyte")
	}
	for name, text := range map[string]string{"zeros": strings.Repeat("\x00", 4096), "one line": strings.Repeat("x", 4096), "lines": strings.Repeat("x\n", 2048)} {
		j := journalOf(t, []string{good(1)})
		before := content(t, j.Path())
		var was, is runtime.MemStats
		runtime.ReadMemStats(&was)
		_, err := j.Merge(t.Context(), io.MultiReader(strings.NewReader(good(2)+"\n"), endless{text}))
		runtime.ReadMemStats(&is)
		if h, ok := hint.Find(err); !ok || h.Code != "merge-too-large" {
			t.Errorf("%s: got %v, want a hint merge-too-large", name, err)
		}
		if grown := is.Sys - was.Sys; grown > 256<<20 {
			t.Errorf("%s: took %d MiB", name, grown>>20)
		}
		if content(t, j.Path()) != before {
			t.Errorf("%s changed the journal", name)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(j.Path()), ".merge-*")); len(left) > 0 {
			t.Errorf("%s left %v", name, left)
		}
	}
}

func TestMergeEndsWithTheContext(t *testing.T) {
	j := open(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := j.Merge(ctx, endless{"x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that of the context", err)
	}
}
