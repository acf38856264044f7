package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/cwk-stream/lab/internal/tui"
)

const (
	// impatience is how soon after the first signal a second one may still be of the same cause: a closing terminal
	// and its shell both send one.
	impatience = 300 * time.Millisecond
	// lingering is how long a command may take to end once it was told to, if it has nothing to remove. What then still
	// waits is of no use to anybody: a read of a pipe that nobody writes, a lock that is never let go.
	lingering = time.Second
	// lookEvery is how often a terminal is asked whether it is still there.
	lookEvery = time.Second
)

// errTerminalGone ends the program: the terminal that it was started in is closed.
var errTerminalGone = errors.New("the terminal is closed")

// errLeft is how a command ends that went on waiting though the program was told to end.
var errLeft = errors.New("the program was told to end, and a call that cannot be interrupted did not return")

// attend gives a context that ends with the first signal that ends programs, and a channel that is closed when somebody
// sends a second one because the first one takes too long. SIGHUP that was ignored at the start, as nohup has it, stays
// ignored.
func attend(parent context.Context) (ctx context.Context, again <-chan struct{}) {
	ctx, cancel := context.WithCancel(parent)
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT}
	if !signal.Ignored(syscall.SIGHUP) {
		ends = append(ends, syscall.SIGHUP)
	}
	came, hurried := make(chan os.Signal, 8), make(chan struct{})
	signal.Notify(came, ends...)
	// With a handler a write to a closed pipe is an error like others, and what is to be removed is removed. Ignored,
	// it would be ignored by the student's editor and shell, too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go func() {
		<-came
		cancel()
		first := time.Now()
		for s := range came {
			if s != syscall.SIGHUP && time.Since(first) > impatience {
				close(hurried)
				return
			}
		}
	}()
	return ctx, hurried
}

// await waits for a command. Told to end by ctx it has little time, unless it is removing an environment; it is left
// where it is when that is over, or when somebody insists.
func (a *app) await(ctx context.Context, command <-chan error) error {
	select {
	case err := <-command:
		return err
	case <-ctx.Done():
	}
	began := time.Now()
	for {
		select {
		case err := <-command:
			return err
		case <-a.again:
			return a.leave()
		case <-time.After(lingering / 10):
		}
		patience := lingering
		if a.sessions.Load() > 0 {
			patience += hurriedCleanUp
		}
		if time.Since(began) > patience {
			return a.leave()
		}
	}
}

// leave gives up what is still running: the watchdog removes what that leaves, and the terminal gets its state back.
func (a *app) leave() error {
	a.left.Store(true)
	a.watchdog().inherit()
	a.tty.restore()
	return errLeft
}

// tty remembers the state of the terminal that the program was started in.
type tty struct {
	fd         int
	state      *term.State // nil without a terminal
	fullScreen atomic.Bool
	out        *output
}

func newTTY(in any, out *output) *tty {
	t := &tty{out: out}
	if f, ok := in.(descriptor); ok && isTerminal(in) {
		t.fd = int(f.Fd())
		t.state, _ = term.GetState(t.fd)
	}
	return t
}

// restore gives the terminal back as it was. It does not wait for a terminal that takes nothing.
func (t *tty) restore() {
	if t.state == nil {
		return
	}
	_ = term.Restore(t.fd, t.state)
	if !t.fullScreen.Load() {
		return
	}
	written := make(chan struct{})
	go func() { defer close(written); _, _ = t.out.Write([]byte(tui.Leave)) }()
	select {
	case <-written:
	case <-time.After(lingering / 4):
	}
}

// watchTerminal ends the program with the terminal of its output, or, where a student leads, with that of the input,
// too. There need not be a signal: a shell between the two may keep SIGHUP to itself, and after setsid there is none.
func (a *app) watchTerminal(ctx context.Context, streams ...any) {
	var watched []descriptor
	for _, s := range streams {
		if f, ok := s.(descriptor); ok && isTerminal(s) {
			watched = append(watched, f)
		}
	}
	if len(watched) == 0 {
		return
	}
	go func() {
		for look := time.NewTicker(lookEvery); ; {
			select {
			case <-ctx.Done():
				look.Stop()
				return
			case <-look.C:
			}
			for _, f := range watched {
				if !isTerminal(f) { // it was one
					a.stop(errTerminalGone)
					return
				}
			}
		}
	}()
}
