package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cwk-stream/lab/internal/hint"
)

// removal removes an environment; one that failed may be repeated.
type removal func(context.Context) error

// Stop removes the environment, and whatever of earlier ones could not be removed. It is safe to call twice, and
// before Boot; after an error it may be called again.
func (s *Session) Stop(ctx context.Context) error {
	began := time.Now()
	current := s.retire()
	s.mu.Lock()
	all := append(s.left, current...)
	s.left = nil
	s.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	if err := s.remove(ctx, all); err != nil {
		return fmt.Errorf("removing the environment: %w", err)
	}
	return s.emit(Event{Kind: Stopped, Seconds: time.Since(began).Seconds()})
}

// retire has the environment, if any, serve no more, and gives how it is to be removed.
func (s *Session) retire() []removal {
	s.mu.Lock()
	defer s.mu.Unlock()
	env := s.env
	s.env, s.inForce = nil, nil
	if env == nil {
		return nil
	}
	return []removal{env.Stop}
}

// remove does removals side by side. Those that fail are left for Stop.
func (s *Session) remove(ctx context.Context, removals []removal) error {
	errs := make([]error, len(removals))
	var all hint.Workers
	for i, remove := range removals {
		all.Go(func() { errs[i] = hint.Safely(func() error { return remove(ctx) }) })
	}
	all.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, err := range errs {
		if err != nil {
			s.left = append(s.left, removals[i])
		}
	}
	return errors.Join(errs...)
}

// keep leaves for Stop what a Start that failed with err could not remove.
func (s *Session) keep(err error) {
	var r *Remains
	if !errors.As(err, &r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = append(s.left, r.Stop)
}
