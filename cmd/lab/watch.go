package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cwk-stream/lab/internal/docker"
)

// watchWord starts the program as the watchdog of another one. It is no command: it is in no help, and reads no flags.
const watchWord = "__watch"

// watchTerminalWord follows watchWord where the watchdog inherits a terminal.
const watchTerminalWord = "terminal"

const (
	watchLimit = 2 * time.Minute // for a watchdog to clean up, where the engine does not answer
	watchEnd   = time.Second     // for a watchdog that is told that all is well
)

// charge is one line that a watchdog is told: what to remove should its parent be gone.
type charge struct {
	Engine string `json:"engine,omitempty"` // address of an engine; everything of Owner on it
	Owner  string `json:"owner,omitempty"`
	Folder string `json:"folder,omitempty"` // temporary folder
	Bye    bool   `json:"bye,omitempty"`    // nothing at all: the parent has cleaned up

	Terminal *heldTerminal `json:"terminal,omitempty"` // to put back; the newest counts

	engine *docker.Engine // found ahead of time, in the watchdog
}

// watchdog is a child that outlives this process, however that ends, and removes what it leaves: a pipe between the
// two closes when this process is gone. It is told of everything before that is made. Its methods may be called on
// nil, where there is none.
type watchdog struct {
	mu     sync.Mutex
	pipe   io.WriteCloser
	heir   bool // something is left for it to do
	exited chan struct{}
	crash  *os.File // what ends this process is written there; nil without a terminal
}

// startWatchdog starts the program at path as a watchdog, with the terminal of in and out, if that is not nil; nil where
// that is not possible. The next command then removes what this one leaves.
func startWatchdog(path string, in, out *os.File) *watchdog {
	if path == "" {
		return nil
	}
	cmd := exec.Command(path, watchWord)
	detach(cmd)
	cmd.Dir = filepath.VolumeName(path) + string(filepath.Separator) // keep no folder from being removed
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil
	}
	w := &watchdog{pipe: pipe, exited: make(chan struct{})}
	var theirs *os.File
	if in != nil && out != nil {
		w.crash, theirs = bequeath(cmd, in, out)
	}
	err = cmd.Start()
	if theirs != nil {
		_ = theirs.Close()
	}
	if err != nil {
		_ = pipe.Close()
		w.forgetCrash()
		return nil
	}
	go func() { _ = cmd.Wait(); close(w.exited) }()
	return w
}

// tell adds a charge. When it returns, the watchdog will read it, even if this process is gone by then.
func (w *watchdog) tell(c charge) {
	if w == nil {
		return
	}
	line, err := json.Marshal(c)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = w.pipe.Write(append(line, '\n'))
}

// inherit has the watchdog go on removing, when this process ends, what this process could not.
func (w *watchdog) inherit() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heir = true
}

// dismiss ends the watchdog: everything has been removed, or is left to it.
func (w *watchdog) dismiss() {
	if w == nil {
		return
	}
	w.mu.Lock()
	heir := w.heir
	w.mu.Unlock()
	w.forgetCrash()
	if heir {
		w.letGo() // this is an end in order
		_ = w.pipe.Close()
		return
	}
	w.tell(charge{Bye: true})
	_ = w.pipe.Close()
	select {
	case <-w.exited:
	case <-time.After(watchEnd):
	}
}

// outlive has this process, the watchdog, not end with whatever ends its parent: it ends soon after it in any case.
func outlive() { signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT) }

// watch is the watchdog's own program: it takes charges from in, and acts on them if in ends without a word.
// terminal is nil where it inherited none.
func watch(in io.Reader, terminal *keeper) int {
	var charges []charge
	for s := bufio.NewScanner(in); s.Scan(); {
		var c charge
		if json.Unmarshal(s.Bytes(), &c) != nil {
			continue // cut off in the middle of the line: nothing was made yet
		}
		if c.Bye {
			return exitPassed
		}
		if c.Terminal != nil {
			terminal.take(c.Terminal)
			continue
		}
		c.prepare()
		charges = append(charges, c)
	}
	terminal.giveBack() // first: somebody looks at it
	ctx, cancel := context.WithTimeout(context.Background(), watchLimit)
	defer cancel()
	var wg sync.WaitGroup
	for _, c := range charges {
		wg.Go(func() { c.act(ctx) })
	}
	wg.Wait()
	return exitPassed
}

// prepare finds the engine while there is time, so that there is a connection when it matters.
func (c *charge) prepare() {
	if c.Engine != "" {
		c.engine = docker.New(docker.Options{Host: c.Engine})
		go func() { _ = c.engine.Available(context.Background()) }()
	}
}

// act removes what a charge names.
func (c charge) act(ctx context.Context) {
	if strings.HasPrefix(filepath.Base(c.Folder), scratchPrefix) {
		_ = removeFolder(c.Folder)
	}
	if owner, ok := docker.ParseOwner(c.Owner); ok && c.engine != nil {
		_ = c.engine.Reap(ctx, owner)
		_ = c.engine.Close()
	}
}

// guard gives the watchdog a charge, starting it if there is none yet.
func (a *app) guard(c charge) {
	a.watching.Do(func() {
		in, out := a.terminalFiles()
		a.watched.Store(startWatchdog(a.self, in, out))
	})
	a.watchdog().tell(c)
}

// watchdog is the one that was started, nil where there is none.
func (a *app) watchdog() *watchdog { return a.watched.Load() }

// guardEngine sees to it that nothing stays on an engine: what this process makes should it die, and what the dead
// ones before it left. It returns at once.
func (a *app) guardEngine(ctx context.Context, e *docker.Engine) {
	a.guard(charge{Engine: e.Host(), Owner: e.Owner().String()})
	ctx, cancel := context.WithCancel(ctx)
	var swept sync.WaitGroup
	swept.Go(func() { _, _ = e.Sweep(ctx, false) })
	a.atEnd(func() { cancel(); swept.Wait() })
}

// atEnd has do run at the end of the program.
func (a *app) atEnd(do func()) {
	a.endMu.Lock()
	defer a.endMu.Unlock()
	a.ends = append(a.ends, do)
}

// release ends what was begun in the background.
func (a *app) release() {
	a.endMu.Lock()
	ends := a.ends
	a.ends = nil
	a.endMu.Unlock()
	if !a.left.Load() {
		for _, do := range ends {
			do()
		}
	}
	a.watchdog().dismiss()
}
