package tui

import (
	"io"
	"os"
	"runtime"

	"golang.org/x/term"
)

// Leave is what takes a terminal out of all that the full screen switches on, for whoever has to do that without the
// program: mouse, focus and paste reports, keyboard protocols, synchronized output, the cursor's shape and absence, the
// alternate screen.
const Leave = "\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?2031l\x1b[<u\x1b[>4;0m\x1b[?25h\x1b[0 q\x1b[0m\x1b[?1049l"

// keyboard is the terminal as input. That nothing can be read from it any more is the end of the terminal: typing
// cannot end it, as the keys of the full screen are no line that ^D closes.
type keyboard struct {
	*os.File
	gone func()
}

// Read reads keys; any error is the end.
func (k keyboard) Read(p []byte) (int, error) {
	n, err := k.File.Read(p)
	if err != nil {
		k.gone()
		err = io.EOF
	}
	return n, err
}

// display is the terminal as output.
type display struct {
	*os.File
	gone func()
}

// Write draws; any error is the end.
func (d display) Write(p []byte) (int, error) {
	n, err := d.File.Write(p)
	if err != nil {
		d.gone()
	}
	return n, err
}

// WriteString draws; any error is the end.
func (d display) WriteString(s string) (int, error) { return d.Write([]byte(s)) }

// ends gives options their terminal, if they name none: the process's. gone is called, perhaps often, once that terminal
// is closed. Windows tells of a closed console by a signal, and its console is read by calls of its own.
func (o Options) ends(gone func()) Options {
	if runtime.GOOS == "windows" {
		return o
	}
	if o.In == nil && term.IsTerminal(int(os.Stdin.Fd())) {
		o.In = keyboard{os.Stdin, gone}
	}
	if o.Out == nil && term.IsTerminal(int(os.Stdout.Fd())) {
		o.Out = display{os.Stdout, gone}
	}
	return o
}

// plain gives the files behind the terminal's ends, which another program can have as its own; nil for none.
func (o Options) plain() (in, out *os.File) {
	if k, ok := o.In.(keyboard); ok {
		in = k.File
	}
	if d, ok := o.Out.(display); ok {
		out = d.File
	}
	return in, out
}
