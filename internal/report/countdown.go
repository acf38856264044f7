package report

import (
	"sync"
	"time"
)

// countdown tells from time to time how long a check has been waiting. It is for people who read line by line, so it
// speaks seldom: at 5, 10, 20, 30 … seconds.
type countdown struct {
	mu   sync.Mutex // guards what tell does against what Observe does
	stop chan struct{}
	done sync.WaitGroup
}

// start begins to count towards total; tell is called with what has passed, under the lock, until halt. The caller
// holds the lock.
func (c *countdown) start(total time.Duration, tell func(passed time.Duration)) {
	c.halt()
	stop := make(chan struct{})
	c.stop = stop
	began := time.Now()
	c.done.Go(func() {
		for passed := range marks(total) {
			timer := time.NewTimer(time.Until(began.Add(passed)))
			select {
			case <-stop:
				timer.Stop()
				return
			case <-timer.C:
			}
			c.mu.Lock()
			if c.stop == stop { // not halted while the lock was waited for
				tell(passed)
			}
			c.mu.Unlock()
		}
	})
}

// halt ends the count; tell is not called any more. The caller holds the lock, so wait must come later.
func (c *countdown) halt() {
	if c.stop != nil {
		close(c.stop)
		c.stop = nil
	}
}

// wait returns once nothing of the countdown runs. The caller does not hold the lock.
func (c *countdown) wait() { c.done.Wait() }

// marks gives the times at which to speak on the way to total: none too near to the end, which speaks for itself.
func marks(total time.Duration) func(yield func(time.Duration) bool) {
	return func(yield func(time.Duration) bool) {
		for at := 5 * time.Second; at < total-time.Second; {
			if !yield(at) {
				return
			}
			if at < 10*time.Second {
				at = 10 * time.Second
			} else {
				at += 10 * time.Second
			}
		}
	}
}
