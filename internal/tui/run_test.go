//go:build unix

package tui

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/creack/pty"
	"go.uber.org/goleak"

	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/session"
)

// terminal is a pseudo-terminal whose output is kept.
type terminal struct {
	master, slave *os.File
	mu            sync.Mutex
	out           bytes.Buffer
	done          chan struct{}
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 30, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	x := &terminal{master: master, slave: slave, done: make(chan struct{})}
	go func() {
		defer close(x.done)
		b := make([]byte, 4096)
		for {
			n, err := master.Read(b)
			x.mu.Lock()
			x.out.Write(b[:n])
			x.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return x
}

func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.out.String()
}

func (x *terminal) waitFor(t *testing.T, text string) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if strings.Contains(x.text(), text) {
			return
		}
	}
	t.Fatalf("%q never came; the terminal has got:\n%q", text, x.text())
}

func (x *terminal) close() {
	_ = x.slave.Close()
	_ = x.master.Close()
	<-x.done
}

// TestRun starts the program in a terminal and leaves it in every way. The terminal is given back each time, the lab
// has ended, and no goroutine is left.
func TestRun(t *testing.T) {
	tests := []struct {
		name  string
		leave func(x *terminal, cancel func())
		crash bool
		want  error
	}{
		{name: "q", leave: func(x *terminal, _ func()) { _, _ = x.master.WriteString("q") }},
		{name: "ctrl-c", leave: func(x *terminal, _ func()) { _, _ = x.master.WriteString("\x03") }, want: context.Canceled},
		{name: "context", leave: func(_ *terminal, cancel func()) { cancel() }, want: context.Canceled},
		{name: "panic", leave: func(x *terminal, _ func()) {
			_, _ = x.master.WriteString("s")
			x.waitFor(t, "lab has a bug") // and goes on
			_, _ = x.master.WriteString("q")
		}, crash: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The clock of chroma's regular expressions goes on ticking for a while by itself.
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("github.com/dlclark/regexp2.runClock"))
			house, c, err := newTheatre(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			x := newTerminal(t)
			defer x.close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tt.crash {
				house.live.Lab.FS = crashing{house.live.Lab.FS}
			}
			done := make(chan error, 1)
			go func() {
				done <- Run(ctx, Options{In: x.slave, Out: x.slave, Env: []string{"TERM=xterm-256color"}, Lang: locale.English, Back: Dark,
					Course: c, Open: open03, Backend: house})
			}()
			x.waitFor(t, "Reverse proxy")
			x.waitFor(t, "quit")
			x.waitFor(t, "solve")
			tt.leave(x, cancel)
			select {
			case err = <-done:
			case <-time.After(10 * time.Second):
				t.Fatal("the program did not end")
			}
			if tt.crash && !errors.Is(err, errBug) || !tt.crash && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			x.waitFor(t, "\x1b[?1049l")
			x.waitFor(t, "\x1b[?2004l")
			x.waitFor(t, "\x1b[?1002l")
			if house.ended != 1 {
				t.Errorf("the lab ended %d times", house.ended)
			}
		})
	}
}

// crashing is a lab whose solutions cannot be read in the worst way.
type crashing struct{ fs.FS }

func (f crashing) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, "solutions/") {
		panic("a bug")
	}
	return f.FS.Open(name)
}

// TestInboxOrder: a storm of events arrives whole, in order, in few messages, and never blocks the session.
func TestInboxOrder(t *testing.T) {
	box := newInbox()
	o := box.observer(1)
	const n = 20_000
	for i := range n {
		if err := o.Observe(session.Event{Seq: i + 1}, session.Progress{Current: i}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	messages, seq := 0, 0
	var last session.Progress
	box.pump(ctx, func(m tea.Msg) {
		messages++
		for _, e := range m.(sessionMsg).events {
			if e.Seq != seq+1 {
				t.Fatalf("event %d after %d", e.Seq, seq)
			}
			seq = e.Seq
		}
		last = m.(sessionMsg).progress
		cancel()
	})
	if seq != n || messages != 1 || last.Current != n-1 {
		t.Errorf("%d events in %d messages, progress %d", seq, messages, last.Current)
	}
}
