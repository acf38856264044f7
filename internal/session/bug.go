package session

import (
	"context"
	"fmt"

	"github.com/cwk-stream/lab/internal/hint"
)

// protected runs what is asked of the engine, and makes an error with a report of a panic in it, so that the session
// goes on and the student learns what happened.
func protected(ctx context.Context, job func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			report := hint.Report(v)
			err = hint.With(fmt.Errorf("a bug of lab: %s", report), "bug", report)
		}
	}()
	return job(ctx)
}
