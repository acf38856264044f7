package tui

import (
	"context"
	"errors"
	"sync"
)

// keeper remembers the labs that were begun, so that each is ended exactly once, whatever ends the program.
type keeper struct {
	begins sync.WaitGroup

	mu   sync.Mutex
	open map[*Live]bool
	shut bool
}

// begin runs a backend's Begin. A lab that comes too late, when the program is already going, is ended at once.
func (k *keeper) begin(start func() (*Live, error)) (*Live, error) {
	k.mu.Lock()
	if k.shut {
		k.mu.Unlock()
		return nil, context.Canceled
	}
	k.begins.Add(1)
	k.mu.Unlock()
	defer k.begins.Done()
	l, err := start()
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.open == nil {
		k.open = map[*Live]bool{}
	}
	k.open[l] = true
	return l, nil
}

// end ends a lab if nobody did before.
func (k *keeper) end(l *Live) error {
	k.mu.Lock()
	mine := k.open[l]
	delete(k.open, l)
	k.mu.Unlock()
	if !mine || l.End == nil {
		return nil
	}
	return l.End()
}

// endAll waits for labs that are just beginning, and ends all.
func (k *keeper) endAll() error {
	k.mu.Lock()
	k.shut = true
	k.mu.Unlock()
	k.begins.Wait()
	k.mu.Lock()
	var all []*Live
	for l := range k.open {
		all = append(all, l)
	}
	k.mu.Unlock()
	var err error
	for _, l := range all {
		err = errors.Join(err, k.end(l))
	}
	return err
}
