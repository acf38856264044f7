package hint

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
)

// A panic in a goroutine that nobody guards ends the program. What evaluates or reads text from outside is started by
// what is here, so that a bug becomes the error of whoever waits for it. A test holds the packages concerned to that.

// Safely does something, and makes an error with a report, to be sent, of a panic in it.
func Safely(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = bug(Report(v))
		}
	}()
	return do()
}

func bug(report string) error {
	return With(fmt.Errorf("a bug of lab: %s", report), "bug", report)
}

// Go does something in a goroutine of its own. A panic in it is given to failed, in that goroutine.
func Go(do func(), failed func(error)) {
	go func() {
		if err := Safely(func() error { do(); return nil }); err != nil {
			failed(err)
		}
	}()
}

// carried is a panic on its way from the goroutine where it arose to the one that waits for that.
type carried string

// Workers are goroutines that somebody waits for. The zero value is ready, and must not be copied after its first use.
type Workers struct {
	// Failed, if not nil, is given each panic, as an error, in the goroutine where it arose. Without it Wait panics in
	// turn, with the same report, for its caller's guard.
	Failed func(error)

	all    sync.WaitGroup
	mu     sync.Mutex
	report string // of the first panic; "" for none
}

// Go does something in a goroutine.
func (w *Workers) Go(do func()) {
	w.all.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				w.note(Report(v))
			}
		}()
		do()
	})
}

func (w *Workers) note(report string) {
	if w.Failed != nil {
		w.Failed(bug(report))
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.report == "" {
		w.report = report
	}
}

// Wait waits for all.
func (w *Workers) Wait() {
	w.all.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.report != "" {
		panic(carried(w.report))
	}
}

// Tasks are goroutines with errors: the first one, which a panic may be, ends the context of the others.
type Tasks struct{ all *errgroup.Group }

// NewTasks makes tasks, and the context that they are to obey, which ends with Wait at the latest.
func NewTasks(ctx context.Context) (Tasks, context.Context) {
	all, ctx := errgroup.WithContext(ctx)
	return Tasks{all}, ctx
}

// Go does something in a goroutine.
func (t Tasks) Go(do func() error) { t.all.Go(func() error { return Safely(do) }) }

// Wait waits for all, and gives the first error.
func (t Tasks) Wait() error { return t.all.Wait() }
