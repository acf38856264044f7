package main

import (
	"errors"
	"io"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/term"
)

// descriptor is what has a number at the operating system: a file, or an output of one.
type descriptor interface{ Fd() uintptr }

// output is standard output. It remembers that it could not be written, whoever wrote: no command can take for printed
// what was not.
type output struct {
	io.Writer
	lost func(error) // called once, with the first error

	mu  sync.Mutex
	err error
}

// Write writes; after an error it writes nothing any more.
func (o *output) Write(p []byte) (int, error) {
	if err := o.failure(); err != nil {
		return 0, err
	}
	n, err := o.Writer.Write(p)
	if err != nil {
		o.mu.Lock()
		first := o.err == nil
		if first {
			o.err = err
		}
		o.mu.Unlock()
		if first {
			o.lost(err)
		}
	}
	return n, err
}

// failure is the first error of writing, nil for none.
func (o *output) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Fd is the file's number; where there is no file, one that no file has.
func (o *output) Fd() uintptr {
	if f, ok := o.Writer.(descriptor); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

// isTerminal tells whether a stream is a terminal, now.
func isTerminal(stream any) bool {
	f, ok := stream.(descriptor)
	return ok && term.IsTerminal(int(f.Fd()))
}

// outputError is that standard output could not be written.
type outputError struct{ err error }

func (e outputError) Error() string { return e.err.Error() }
func (e outputError) Unwrap() error { return e.err }

// closedPipe tells whether whoever read the output has had enough, as head has after its lines.
func (e outputError) closedPipe() bool {
	const brokenPipe, noData = syscall.Errno(109), syscall.Errno(232) // Windows's words for it
	return errors.Is(e.err, syscall.EPIPE) ||
		runtime.GOOS == "windows" && (errors.Is(e.err, brokenPipe) || errors.Is(e.err, noData))
}

// terminalGone tells whether the output was a terminal that is closed.
func (e outputError) terminalGone() bool {
	return errors.Is(e.err, syscall.EIO) || errors.Is(e.err, syscall.ENXIO)
}
