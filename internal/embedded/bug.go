package embedded

import (
	"fmt"
	"sync"

	"github.com/cwk-stream/lab/internal/hint"
)

// faults turns a panic of a stand-in into the end of its environment: Died fires, and Cause has a report to send. The
// program goes on.
type faults struct {
	died chan struct{}

	mu  sync.Mutex
	err error // the first one
}

func newFaults() *faults { return &faults{died: make(chan struct{})} }

// catch is deferred by every goroutine that serves for a service. What the panic left half done ends with the
// environment.
func (f *faults) catch(service string) {
	if v := recover(); v != nil {
		f.note(bug(service, v))
	}
}

// catch is faults.catch for the goroutines that a request starts.
func (r *request) catch() {
	if v := recover(); v != nil {
		n := r.conn.gen.nginx
		n.net.faults.note(bug(n.service, v))
	}
}

// caught is catch for methods that the engine's callers wait for: they get the error as well.
func (f *faults) caught(service string, err *error) {
	if v := recover(); v != nil {
		*err = bug(service, v)
		f.note(*err)
	}
}

func (f *faults) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
		close(f.died)
	}
}

// cause is the first panic, nil for none.
func (f *faults) cause() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// bug is a panic as an error: what was wrong, and where in this program.
func bug(service string, v any) error {
	report := hint.Report(v)
	return hint.With(fmt.Errorf("the stand-in for %s has a bug: %s", service, report), "embedded-bug", service, report)
}
