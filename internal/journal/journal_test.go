package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
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

func load(t testing.TB, j *Journal) ([]session.Event, Damage) {
	t.Helper()
	events, damage, err := j.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(events.All()), damage
}

// seqs is the events' places in their session, in order, for comparing.
func seqs(events []session.Event) string {
	var all []string
	for _, e := range events {
		all = append(all, strconv.Itoa(e.Seq))
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
	if events, damage := load(t, j); events != nil || damage.Lines() != 0 {
		t.Errorf("got %v, %v of no journal", events, damage)
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
	var stored session.Event
	if err := json.Unmarshal([]byte(content(t, j.Path())), &stored); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, stored); d != "" {
		t.Errorf("on disk (-want +got):\n%s", d)
	}
	events, damage := load(t, j)
	want.ID, want.Evidence = "", nil // what achievements do not follow from
	if d := cmp.Diff([]session.Event{want}, events); d != "" || damage.Lines() != 0 {
		t.Errorf("(-want +got):\n%s%v", d, damage)
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
	if len(events) != 2 || time.Since(events[0].Time) > time.Minute {
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
	events, damage := load(t, j)
	if got, want := seqs(events), "2 1 3"; got != want || damage.Lines() != 0 {
		t.Errorf("got %s, want %s; %v", got, want, damage)
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
	if events, _ := load(t, j); seqs(events) != "1" {
		t.Errorf("got %v", events)
	}
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
