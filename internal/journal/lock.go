package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gofrs/flock"

	"github.com/cwk-stream/lab/internal/hint"
)

// patience is how long to wait for another process to let go of the lock, which it holds for microseconds unless it
// was suspended in the middle.
const patience = 30 * time.Second

// farewell is how long a context that has ended still waits: whoever stops the program must not lose the step that was
// met in that moment to a lock that is held for microseconds.
const farewell = 100 * time.Millisecond

// errHeld says that another process did not let go of the lock in time.
var errHeld = errors.New("another process holds the lock")

// lock takes the lock, which is a file of its own: where locks are mandatory, a locked journal could not be read. take
// says which one; it never blocks. Something that is not a file in the place of the lock is an error with a hint: opening a
// pipe would wait for whoever opens its other end. The error is the one of ctx where that ended first.
func (j *Journal) lock(ctx context.Context, take func(*flock.Flock) (bool, error)) (unlock func(), err error) {
	path := j.path + ".lock"
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, hint.With(fmt.Errorf("locking journal: %s is not a file", path), "journal-unusable", path)
	}
	wait, cancel := reluctantly(ctx)
	defer cancel()
	select {
	case j.turn <- struct{}{}:
	case <-wait.Done():
		return nil, heldUp(ctx)
	}
	l := flock.New(path, flock.SetPermissions(0o600))
	for pause := time.Millisecond; ; pause = min(2*pause, 8*time.Millisecond) {
		ok, err := take(l)
		if err != nil {
			<-j.turn
			return nil, err
		}
		if ok {
			return func() { _ = l.Close(); <-j.turn }, nil
		}
		select {
		case <-time.After(pause):
		case <-wait.Done():
			_ = l.Close()
			<-j.turn
			return nil, heldUp(ctx)
		}
	}
}

// reluctantly is a context that ends a moment after ctx, or after patience.
func reluctantly(ctx context.Context) (context.Context, context.CancelFunc) {
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(farewell):
			cancel()
		case <-wait.Done():
		}
	})
	return wait, func() { stop(); cancel() }
}

// heldUp is why the lock was not had.
func heldUp(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return errHeld
}
