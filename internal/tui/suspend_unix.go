//go:build !windows

package tui

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
)

// unstopped is how long a signal that stops the process may take to do so.
const unstopped = 500 * time.Millisecond

// canSuspend: there are shells that stop programs and wake them.
const canSuspend = true

// errNotStopped is that the system did not stop the program: nobody is there who could wake it.
var errNotStopped = errors.New("the program was not stopped")

// stops has each stop from outside sent as a message, so that the terminal is given back first, until ctx ends. The
// channel is suspend's.
func stops(ctx context.Context, send func(tea.Msg), came chan os.Signal) {
	signal.Notify(came, syscall.SIGTSTP)
	defer signal.Stop(came)
	for {
		select {
		case <-came:
			send(suspendMsg{})
		case <-ctx.Done():
			return
		}
	}
}

// suspend stops the program and all of its group, the terminal given back, until the shell wakes it.
func suspend(came chan os.Signal) tea.Cmd {
	return tea.Exec(suspension{came}, func(err error) tea.Msg { return resumedMsg{err} })
}

// suspension is what runs while the terminal is the shell's.
type suspension struct{ came chan os.Signal }

// Run stops the process. Without a shell that could wake it, as in a terminal that was opened for it alone, the system
// does not stop it: then it goes on.
func (s suspension) Run() error {
	woken := make(chan os.Signal, 1)
	signal.Notify(woken, syscall.SIGCONT)
	defer signal.Stop(woken)
	signal.Reset(syscall.SIGTSTP)
	defer signal.Notify(s.came, syscall.SIGTSTP)
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
	}
	select {
	case <-woken:
		return nil
	case <-time.After(unstopped): // runs on while the process is stopped: what woke it has come, too
	}
	select {
	case <-woken:
		return nil
	default:
		return errNotStopped
	}
}

// SetStdin is there because tea.ExecCommand wants it.
func (suspension) SetStdin(io.Reader) {}

// SetStdout is there because tea.ExecCommand wants it.
func (suspension) SetStdout(io.Writer) {}

// SetStderr is there because tea.ExecCommand wants it.
func (suspension) SetStderr(io.Writer) {}
