package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

func open(t testing.TB, text string) *Journal {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data", "progress.jsonl")
	if text != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	j, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func event(n int) session.Event {
	return session.Event{ID: fmt.Sprintf("s-%06d", n), Seq: n, Time: noon.Add(time.Duration(n) * time.Second),
		Kind: session.StepMet, Lab: "03-reverse-proxy", Step: "drop-upgrade", XP: 20}
}

func load(t testing.TB, j *Journal) ([]session.Event, []Damage) {
	t.Helper()
	events, trouble, err := j.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return events, trouble
}

// ids is the events' ids in order, for comparing.
func ids(events []session.Event) string {
	var all []string
	for _, e := range events {
		all = append(all, e.ID)
	}
	return strings.Join(all, " ")
}

func content(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

func TestAppendAndLoad(t *testing.T) {
	j := open(t, "")
	if events, trouble := load(t, j); events != nil || trouble != nil {
		t.Errorf("got %v, %v of no journal", events, trouble)
	}
	want := event(1)
	fact := probe.NewFact("status", "400")
	want.Got, want.Evidence = &fact, []probe.Exchange{{At: noon, From: "you", To: "proxy", Kind: probe.WireRequest, Text: "GET /ws"}}
	if err := j.Observer(t.Context()).Observe(want, session.Progress{}); err != nil {
		t.Fatal(err)
	}
	if err := j.Observer(t.Context()).Observe(session.Event{ID: "x", Kind: session.Seen}, session.Progress{}); err != nil {
		t.Fatal(err)
	}
	events, trouble := load(t, j)
	if d := cmp.Diff([]session.Event{want}, events); d != "" || trouble != nil {
		t.Errorf("(-want +got):\n%s%v", d, trouble)
	}
	for path, want := range map[string]fs.FileMode{filepath.Dir(j.Path()): 0o700 | fs.ModeDir, j.Path(): 0o600, j.Path() + ".lock": 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: got %v, %v; want mode %v", path, info, err, want)
		}
	}
}

func TestAppendNamesAnEventOutsideSessions(t *testing.T) {
	j := open(t, "")
	if err := j.Append(t.Context(), session.Event{Kind: session.Read, Lesson: "03"}, session.Event{Kind: session.Read, Lesson: "04"}); err != nil {
		t.Fatal(err)
	}
	events, _ := load(t, j)
	if len(events) != 2 || events[0].ID == "" || events[0].ID == events[1].ID || time.Since(events[0].Time) > time.Minute {
		t.Errorf("got %+v", events)
	}
}

func TestLoadSortsWhenTheClockJumpsBack(t *testing.T) {
	j := open(t, "")
	late, early, same := event(1), event(2), event(3)
	early.Time = noon.Add(-time.Hour)
	same.Time = late.Time
	if err := j.Append(t.Context(), late, early, same, early); err != nil {
		t.Fatal(err)
	}
	events, trouble := load(t, j)
	if got, want := ids(events), "s-000002 s-000001 s-000003"; got != want || trouble != nil {
		t.Errorf("got %s, want %s; %v", got, want, trouble)
	}
}

// good is the line of event n.
func good(n int) string {
	line, err := encode(event(n))
	if err != nil {
		panic(err)
	}
	return string(line)
}

func TestLoadOfDamagedFiles(t *testing.T) {
	zeros := strings.Repeat("\x00", 700)
	newer := `{"id":"n-1","time":"2030-01-01T00:00:00Z","kind":"step-met","check":"a string by then","mood":"good"}`
	unknown := `{"id":"u-1","time":"2030-01-01T00:00:00Z","kind":"levitated","height":3}`
	for name, test := range map[string]struct {
		text   string
		want   string // ids
		damage []Damage
	}{
		"torn tail":            {good(1) + "\n" + good(2)[:50], "s-000001", []Damage{{Torn, 2, int64(len(good(1))) + 1, false}}},
		"no last newline":      {good(1) + "\n" + good(2), "s-000001 s-000002", nil},
		"zero tail":            {good(1) + "\n" + zeros, "s-000001", []Damage{{Zeros, 2, int64(len(good(1))) + 1, false}}},
		"zeros after a line":   {good(1) + zeros, "s-000001", nil},
		"torn, then zeros":     {good(1) + "\n" + good(2)[:50] + zeros, "s-000001", []Damage{{Torn, 2, int64(len(good(1))) + 1, false}}},
		"zeros in between":     {good(1) + "\n" + zeros + "\n" + good(2) + "\n", "s-000001 s-000002", []Damage{{Zeros, 2, int64(len(good(1))) + 1, false}}},
		"corrupt middle":       {good(1) + "\n" + good(2)[:50] + "\n" + good(3) + "\n", "s-000001 s-000003", []Damage{{Corrupt, 2, int64(len(good(1))) + 1, true}}},
		"not UTF-8":            {"\xff{}\n" + good(1) + "\n", "s-000001", []Damage{{Corrupt, 1, 0, true}}},
		"no id":                {`{"kind":"step-met"}` + "\n" + good(1) + "\n", "s-000001", []Damage{{Corrupt, 1, 0, true}}},
		"not an object":        {"null\n[]\n" + good(1) + "\n", "s-000001", []Damage{{Corrupt, 1, 0, true}, {Corrupt, 2, 5, true}}},
		"endless line":         {strings.Repeat("a", maxLine+5) + "\n" + good(1) + "\n", "s-000001", []Damage{{Corrupt, 1, 0, true}}},
		"empty lines and CRLF": {"\n\n" + good(1) + "\r\n\r\n" + good(2) + "\r\n", "s-000001 s-000002", nil},
		"unknown kind":         {unknown + "\n" + good(1) + "\n", "s-000001 u-1", nil},
		"newer version":        {newer + "\n" + good(1) + "\n", "s-000001", []Damage{{Newer, 1, 0, false}}},
		"twice":                {good(1) + "\n" + good(1) + "\n", "s-000001", nil},
		"empty":                {"\n", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			j := open(t, test.text)
			for range 2 { // the second time, what is corrupt is quarantined already
				events, damage := load(t, j)
				if got := ids(events); got != test.want {
					t.Errorf("got %s, want %s", got, test.want)
				}
				if d := cmp.Diff(test.damage, damage); d != "" {
					t.Errorf("damage (-want +got):\n%s", d)
				}
			}
			corrupt := 0
			for _, d := range test.damage {
				if d.Kind == Corrupt {
					corrupt++
				}
			}
			if got := strings.Count(content(t, j.BadPath()), "\n"); got != corrupt {
				t.Errorf("got %d lines in quarantine, want %d", got, corrupt)
			}
			if err := j.Append(t.Context(), event(9)); err != nil {
				t.Fatal(err)
			}
			events, _ := load(t, j)
			if got := ids(events); !strings.Contains(got, "s-000009") || len(strings.Fields(got)) != len(strings.Fields(test.want))+1 {
				t.Errorf("got %s after appending to %s", got, test.want)
			}
			if !strings.HasPrefix(content(t, j.Path()), test.text) {
				t.Error("the file was rewritten")
			}
		})
	}
}

func TestWordsForDamage(t *testing.T) {
	for _, kind := range []DamageKind{Torn, Zeros, Newer, Corrupt} {
		if key := "journal." + string(kind); !locale.Has(key) {
			t.Errorf("no words for %s", key)
		}
	}
}

func TestErrorsCarryHints(t *testing.T) {
	for want, errs := range map[string][]error{
		"journal-full":     {syscall.ENOSPC, &fs.PathError{Op: "write", Err: syscall.EDQUOT}, syscall.EFBIG},
		"journal-readonly": {syscall.EROFS, syscall.EACCES, fs.ErrPermission},
		"journal-locked":   {errHeld},
		"journal-unusable": {syscall.EIO, syscall.EISDIR},
	} {
		for _, err := range errs {
			if got := code(err); got != want {
				t.Errorf("%v: got %s, want %s", err, got, want)
			}
		}
		for _, lang := range locale.All() {
			for _, key := range []string{"error." + want, "hint." + want} {
				if words := lang.Say(key, "/path"); !locale.Has(key) || strings.Contains(words, "%!") {
					t.Errorf("%s: %q", key, words)
				}
			}
		}
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a folder was opened as a journal")
	}
}

func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no device that is always full")
	}
	path := filepath.Join(t.TempDir(), "progress.jsonl")
	if err := os.Symlink("/dev/full", path); err != nil {
		t.Fatal(err)
	}
	j, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	err = j.Append(t.Context(), event(1))
	if h, ok := hint.Find(err); !ok || h.Code != "journal-full" || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want a hint journal-full", err)
	}
}

func TestReadOnlyFile(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("permissions do not bind this user")
	}
	j := open(t, good(1)+"\n")
	if err := os.Chmod(j.Path(), 0o400); err != nil {
		t.Fatal(err)
	}
	err := j.Append(t.Context(), event(2))
	if h, ok := hint.Find(err); !ok || h.Code != "journal-readonly" {
		t.Errorf("got %v, want a hint journal-readonly", err)
	}
	if events, _ := load(t, j); ids(events) != "s-000001" {
		t.Errorf("got %v", events)
	}
}

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
		`{"id":"n-1","time":"2030-01-01T00:00:00Z","kind":"step-met","check":"newer"}`, `{"id":"u-1","kind":"levitated"}`)
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
	for _, test := range []struct {
		text string
		want int
	}{{"", 0}, {good(2) + "\n" + good(3) + "\n" + good(3), 1}, {good(4) + "\nrubbish\n" + good(5)[:40], 1}} {
		if got, err := j.Merge(t.Context(), strings.NewReader(test.text)); got != test.want || err != nil {
			t.Errorf("%q: got %d, %v; want %d", test.text, got, err, test.want)
		}
	}
	if got := content(t, j.BadPath()); !strings.Contains(got, "rubbish") || !strings.Contains(got, `"from":"merge"`) {
		t.Errorf("got %q in quarantine", got)
	}
	_, err := j.Merge(t.Context(), strings.NewReader("<html>\n"))
	if h, ok := hint.Find(err); !ok || h.Code != "merge-nothing" {
		t.Errorf("got %v, want a hint merge-nothing", err)
	}
	for _, lang := range locale.All() {
		for _, key := range []string{"error.merge-nothing", "hint.merge-nothing"} {
			if words := lang.Say(key, 3); strings.Contains(words, "%!") {
				t.Errorf("%s: %q", key, words)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good(1) + "\n" + good(2)[:30] + "\x00\x00\n\xff\n"))
	f.Add([]byte(`{"id":"n","check":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, bad, err := parse(strings.NewReader(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(string(data), "\n") + 1; len(records)+len(bad) > 2*lines {
			t.Errorf("%d records and %d damaged of %d lines", len(records), len(bad), lines)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	j := open(b, "")
	for n := 0; b.Loop(); n++ {
		if err := j.Append(b.Context(), event(n)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	var lines []string
	for n := range 5000 {
		lines = append(lines, good(n))
	}
	j := journalOf(b, lines)
	for b.Loop() {
		load(b, j)
	}
}

func TestMain(m *testing.M) {
	if path := os.Getenv("JOURNAL_TEST_WRITER"); path != "" {
		writer(path)
		return
	}
	goleak.VerifyTestMain(m)
}
