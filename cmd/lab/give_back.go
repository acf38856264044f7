package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/printable"
)

// A program that is killed, or that Go's runtime ends (a stack without end, no memory, two writers of one map), cannot
// put its terminal back. Its watchdog does that: it has the terminal open, and is told how it was before it is changed.

const (
	// giveBackLimit bounds the writing to a terminal that takes nothing, and the wait for the end of a crash's text.
	giveBackLimit = time.Second
	// maxCrash bounds the text of a crash that is kept, in bytes: what it began with.
	maxCrash = 1 << 20
)

// heldTerminal is the charge of a terminal that is not as it was.
type heldTerminal struct {
	Over    bool           `json:"over,omitempty"`  // it is again
	Modes   *terminalModes `json:"modes,omitempty"` // as they were
	Leave   string         `json:"leave,omitempty"` // what takes it out of the full screen, "" where there was none
	Lost    string         `json:"lost,omitempty"`  // what to say when the program is gone
	Crashed string         `json:"crashed,omitempty"`
	Report  string         `json:"report,omitempty"` // file for the text of a crash; Crashed names it
	Groups  []int          `json:"groups,omitempty"` // process groups that had it, and that it goes back to: the program's, its shell's
	Leader  int            `json:"leader,omitempty"` // process that leads the terminal's session
}

// holdTerminal has the watchdog put the terminal back as it is now, should the program end before letGo was called.
// leave is what takes the terminal out of the full screen.
func (a *app) holdTerminal(leave string) (letGo func()) {
	in, out := a.terminalFiles()
	if in == nil || out == nil {
		return func() {}
	}
	h, ok := terminalNow(in)
	if !ok {
		return func() {}
	}
	h.Leave, h.Report = leave, filepath.Join(a.dataDir(), "crash.txt")
	h.Lost = printable.Text(a.lang().Say("ended.lost"))
	h.Crashed = printable.Text(a.lang().Say("ended.crashed", h.Report))
	a.guard(charge{Terminal: &h})
	a.watchdog().reportCrash()
	return a.watchdog().letGo
}

// terminalFiles are the files of the terminal that the program reads and writes; nil where there is none.
func (a *app) terminalFiles() (in, out *os.File) {
	if f, ok := a.in.(*os.File); ok && isTerminal(f) {
		in = f
	}
	if a.printed != nil {
		if f, ok := a.printed.Writer.(*os.File); ok && isTerminal(f) {
			out = f
		}
	}
	return in, out
}

// letGo has the watchdog leave the terminal alone.
func (w *watchdog) letGo() { w.tell(charge{Terminal: &heldTerminal{Over: true}}) }

// reportCrash has Go's runtime write what ends this process to the watchdog, too.
func (w *watchdog) reportCrash() {
	if w != nil && w.crash != nil {
		_ = debug.SetCrashOutput(w.crash, debug.CrashOptions{})
	}
}

// forgetCrash takes reportCrash back.
func (w *watchdog) forgetCrash() {
	if w.crash != nil {
		_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
		_ = w.crash.Close()
	}
}

// keeper is the part of a watchdog that puts a terminal back. Its methods may be called on nil, where there is none.
type keeper struct {
	in, out *os.File // the terminal's
	crash   io.Reader

	mu      sync.Mutex
	held    *heldTerminal // nil for a terminal that is as it was
	text    []byte        // of a crash
	crashed chan struct{} // closed when that is complete
}

// newKeeper makes a keeper of the terminal that bequeath left to this process.
func newKeeper() *keeper {
	k := &keeper{crashed: make(chan struct{})}
	k.in, k.out, k.crash = inherited()
	go k.listen()
	return k
}

// take takes in a charge.
func (k *keeper) take(h *heldTerminal) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held = h; h.Over {
		k.held = nil
	}
}

// listen reads the text of a crash. The modes are put back with its first words: the process is still there, so that no
// shell has taken them for what they are to be.
func (k *keeper) listen() {
	defer close(k.crashed)
	for b := make([]byte, 32<<10); ; {
		n, err := k.crash.Read(b)
		k.mu.Lock()
		if n > 0 && len(k.text) == 0 && k.held != nil {
			putBack(k.in, k.held)
		}
		k.text = append(k.text, b[:min(n, maxCrash-len(k.text))]...)
		k.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// giveBack puts the terminal back, the program being gone, and says so, unless somebody else has it by now. The
// terminal is closed then: who waits for its end need not wait for what is left to remove.
func (k *keeper) giveBack() {
	if k == nil {
		return
	}
	defer k.in.Close()
	defer k.out.Close()
	k.mu.Lock()
	h := k.held
	k.mu.Unlock()
	if h == nil || !h.ours() {
		return
	}
	putBack(k.in, h)
	select {
	case <-k.crashed:
	case <-time.After(giveBackLimit):
	}
	k.mu.Lock()
	words := h.words(k.text)
	k.mu.Unlock()
	written := make(chan struct{})
	go func() { defer close(written); _, _ = k.out.WriteString(h.Leave + "\n" + words + "\n") }()
	select {
	case <-written:
	case <-time.After(giveBackLimit):
	}
}

// ours tells whether the terminal is still the program's, or its shell's. Where nobody leads its session any more there
// is no one else who could have it.
func (h *heldTerminal) ours() bool {
	group, ok := foreground(h.Leader)
	if !ok {
		return true
	}
	for _, g := range h.Groups {
		if g == group {
			return true
		}
	}
	return false
}

// words are what to say; the text of a crash goes into its file.
func (h *heldTerminal) words(crash []byte) string {
	if len(crash) == 0 || h.Report == "" {
		return h.Lost
	}
	head := fmt.Sprintf("%v\n%s\n\n", thisBuild(), time.Now().Format(time.RFC3339))
	if os.MkdirAll(filepath.Dir(h.Report), 0o700) != nil || os.WriteFile(h.Report, append([]byte(head), crash...), 0o600) != nil {
		return h.Lost
	}
	return h.Crashed
}
