package workspace

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/goleak"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet is long enough for a second report of the same save to come, by event or by polling.
const quiet = pollEvery + doubt + 50*time.Millisecond

// slow is how long a save may take for its parts to count as one: each pause in it is then shorter than what the
// watcher waits for.
const slow = doubt - 10*time.Millisecond

func next(t *testing.T, changes <-chan Change) Change {
	t.Helper()
	select {
	case c := <-changes:
		return c
	case <-time.After(5 * time.Second):
		t.Fatal("no change was reported")
		return Change{}
	}
}

func wantText(t *testing.T, changes <-chan Change, want string) {
	t.Helper()
	if c := next(t, changes); c.Err != nil || string(c.Files[conf]) != want {
		t.Fatalf("got %q, %v; want %q", c.Files[conf], c.Err, want)
	}
}

func wantQuiet(t *testing.T, changes <-chan Change) {
	t.Helper()
	select {
	case c := <-changes:
		t.Fatalf("got another change: %q, %v", c.Files[conf], c.Err)
	case <-time.After(quiet):
	}
}

// must fails the test on any error of a file operation.
func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// saves are the ways in which editors save.
var saves = map[string]func(t *testing.T, path, text string){
	"in place": func(t *testing.T, path, text string) {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		must(t, err)
		_, err = f.WriteString(text)
		must(t, err, f.Truncate(int64(len(text))), f.Close())
	},
	"truncate, pause, write": func(t *testing.T, path, text string) {
		f, err := os.Create(path)
		must(t, err)
		time.Sleep(debounce + 20*time.Millisecond)
		_, err = f.WriteString(text)
		must(t, err, f.Close())
	},
	"rename over": func(t *testing.T, path, text string) {
		write(t, path+".tmp", text)
		must(t, os.Rename(path+".tmp", path))
	},
	"move away, write anew": func(t *testing.T, path, text string) { // vim with backupcopy=no
		must(t, os.Rename(path, path+"~"))
		time.Sleep(debounce + 10*time.Millisecond)
		write(t, path, text)
		must(t, os.Remove(path+"~"))
	},
	"swap files around": func(t *testing.T, path, text string) {
		swap := filepath.Join(filepath.Dir(path), ".websocket.conf.swp")
		write(t, swap, "swap")
		write(t, path, text)
		write(t, swap, "swap again")
		must(t, os.Remove(swap))
	},
	"in small pieces": func(t *testing.T, path, text string) {
		f, err := os.Create(path)
		must(t, err)
		for i := range len(text) {
			_, err := f.WriteString(text[i : i+1])
			must(t, err)
			time.Sleep(time.Millisecond)
		}
		must(t, f.Close())
	},
}

func TestWatchTakesAnyWayOfSaving(t *testing.T) {
	sources := map[string]func() *fsnotify.Watcher{
		"events": func() *fsnotify.Watcher { w, err := fsnotify.NewWatcher(); must(t, err); return w },
		"poll":   func() *fsnotify.Watcher { return nil },
	}
	for source, events := range sources {
		for name, save := range saves {
			t.Run(source+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := open(t, course.Files{conf: []byte("before\n")})
				changes := w.watch(t.Context(), events())
				for _, text := range []string{"saved 1\n", "saved 2\n"} {
					began := time.Now()
					save(t, w.Path(conf), text)
					took := time.Since(began)
					if took > slow || name == "in small pieces" && took > debounce { // on a busy machine half a save may well be taken for a whole one
						for c := next(t, changes); string(c.Files[conf]) != text; c = next(t, changes) {
						}
						continue
					}
					wantText(t, changes, text)
				}
				wantQuiet(t, changes)
			})
		}
	}
}

func TestWatchDoesNotReportWhatIsTheSame(t *testing.T) {
	t.Parallel()
	w := open(t, course.Files{conf: []byte("x\n")})
	changes := w.Watch(t.Context())
	write(t, w.Path(conf), "x\n")
	must(t, os.Chtimes(w.Path(conf), time.Now(), time.Now()))
	write(t, filepath.Join(w.Dir(), "notes.txt"), "a file of the student's own")
	wantQuiet(t, changes)
}

func TestWatchReportsAnEmptiedFileAfterAll(t *testing.T) {
	t.Parallel()
	w := open(t, course.Files{conf: []byte("x\n")})
	changes := w.Watch(t.Context())
	write(t, w.Path(conf), "")
	began := time.Now()
	wantText(t, changes, "")
	if took := time.Since(began); took < doubt || took > time.Second {
		t.Errorf("reported after %v", took)
	}
}

func TestWatchReportsTrouble(t *testing.T) {
	t.Parallel()
	w := open(t, course.Files{conf: []byte("x\n")})
	changes := w.Watch(t.Context())
	must(t, os.Remove(w.Path(conf)))
	wantCode := func(want string) {
		t.Helper()
		c := next(t, changes)
		if h, ok := hint.Find(c.Err); !ok || h.Code != want {
			t.Fatalf("got %v, want a hint %s", c.Err, want)
		}
	}
	wantCode("file-gone")
	must(t, os.Mkdir(w.Path(conf), 0o700))
	wantCode("file-folder")
	must(t, os.RemoveAll(w.Dir()))
	wantCode("folder-gone")
	must(t, os.MkdirAll(w.Dir(), 0o700))
	wantCode("file-gone")
	write(t, w.Path(conf), "x\n")
	wantText(t, changes, "x\n")
	// The new folder's events are followed again.
	time.Sleep(pollEvery + 50*time.Millisecond)
	began := time.Now()
	write(t, w.Path(conf), "y\n")
	wantText(t, changes, "y\n")
	if took := time.Since(began); took > pollEvery/2 {
		t.Logf("took %v after the folder came back", took)
	}
}

func TestWatchKeepsTheNewestForALateReader(t *testing.T) {
	t.Parallel()
	w := open(t, course.Files{conf: []byte("0\n")})
	changes := w.Watch(t.Context())
	for _, text := range []string{"1\n", "2\n", "3\n"} {
		write(t, w.Path(conf), text)
		time.Sleep(60 * time.Millisecond)
	}
	wantText(t, changes, "3\n")
	wantQuiet(t, changes)
}

func TestWatchEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	w := open(t, course.Files{conf: []byte("0\n")})
	changes := w.Watch(ctx)
	write(t, w.Path(conf), "1\n")
	cancel()
	for range changes { // what was on its way may still come; then the channel is closed
	}
}

// BenchmarkSaveToChange is the time from the end of a save until the change is there, debounce included.
func BenchmarkSaveToChange(b *testing.B) {
	ctx, cancel := context.WithCancel(b.Context())
	w := open(b, course.Files{conf: []byte("0\n")})
	changes := w.Watch(ctx)
	texts := []string{"even\n", "odd\n"}
	var worst time.Duration
	for i := 0; b.Loop(); i++ {
		write(b, w.Path(conf), texts[i%2])
		began := time.Now()
		<-changes
		worst = max(worst, time.Since(began))
	}
	b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
	cancel()
	for range changes {
	}
}
