package journal

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/cwk-stream/lab/internal/hint"
)

// hold takes a journal's lock as another process would.
func hold(t *testing.T, j *Journal) *flock.Flock {
	t.Helper()
	if err := j.Append(t.Context(), event(1)); err != nil {
		t.Fatal(err)
	}
	l := flock.New(j.Path() + ".lock")
	if ok, err := l.TryLock(); !ok || err != nil {
		t.Fatal("not locked:", err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestWaitingForTheLockEndsWithTheContext(t *testing.T) {
	j := open(t, "")
	hold(t, j)
	for name, use := range map[string]func(context.Context) error{
		"append": func(ctx context.Context) error { return j.Append(ctx, event(2)) },
		"load":   func(ctx context.Context) error { _, _, err := j.Load(ctx); return err },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		began := time.Now()
		if err := use(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want that of the context", name, err)
		}
		if took := time.Since(began); took > patience/2 {
			t.Errorf("%s: ended after %v", name, took)
		}
	}
}

func TestWhatWasAchievedAsTheContextEndedIsWritten(t *testing.T) {
	j := open(t, "")
	l := hold(t, j)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	time.AfterFunc(farewell/10, func() { _ = l.Unlock() })
	if err := j.Append(ctx, event(2)); err != nil {
		t.Error(err)
	}
	if events, _ := load(t, j); seqs(events) != "1 2" {
		t.Errorf("got %v", seqs(events))
	}
}

func TestTheLockIsAFile(t *testing.T) {
	j := open(t, good(1)+"\n")
	if err := os.Mkdir(j.Path()+".lock", 0o700); err != nil {
		t.Fatal(err)
	}
	err := j.Append(t.Context(), event(2))
	if h, ok := hint.Find(err); !ok || h.Code != "journal-unusable" {
		t.Errorf("got %v, want a hint journal-unusable", err)
	}
	if events, _ := load(t, j); seqs(events) != "1" {
		t.Errorf("got %v: reading needs no lock", seqs(events))
	}
}
