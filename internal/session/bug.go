package session

import (
	"context"

	"github.com/cwk-stream/lab/internal/hint"
)

// protected runs what is asked of the engine, and makes an error with a report of a panic in it, so that the session
// goes on and the student learns what happened.
func protected(ctx context.Context, job func(context.Context) error) error {
	return hint.Safely(func() error { return job(ctx) })
}
