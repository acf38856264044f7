package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cwk-stream/lab/internal/course"
)

// undoing is how long the environment is given to be as before a check.
const undoing = 60 * time.Second

// deeds is what a check has done to the services and has not undone.
type deeds struct {
	down, paused, cut []string
}

// do does actions, one after the other, and notes them on the wire.
func (l *look) do(ctx context.Context, actions []course.Action) error {
	for _, a := range actions {
		verb, service := a.Verb()
		if verb == "wait" {
			if !sleep(ctx, a.Wait) {
				return ctx.Err()
			}
			continue
		}
		actor, ok := l.run.target.(Actor)
		if !ok {
			return fmt.Errorf("%s %s: this engine cannot act on services", verb, service)
		}
		l.deeds.note(verb, service) // before: what fails half-way is undone, too
		l.saw(Exchange{From: "you", To: service, Kind: WireAction, Text: verb})
		if err := actor.Do(ctx, a); err != nil {
			return fmt.Errorf("%s %s: %w", verb, service, err)
		}
	}
	return nil
}

// note keeps account of what is to be undone.
func (d *deeds) note(verb, service string) {
	switch verb {
	case "kill", "stop", "restart":
		d.down = with(d.down, service)
	case "start":
		d.down = without(d.down, service)
	case "pause":
		d.paused = with(d.paused, service)
	case "unpause":
		d.paused = without(d.paused, service)
	case "disconnect":
		d.cut = with(d.cut, service)
	case "connect":
		d.cut = without(d.cut, service)
	}
}

func with(names []string, name string) []string { return append(without(names, name), name) }

func without(names []string, name string) []string {
	var out []string
	for _, n := range names {
		if n != name {
			out = append(out, n)
		}
	}
	return out
}

// undo puts the services back, whatever became of ctx. Its error wraps ErrUndo.
func (l *look) undo(ctx context.Context) error {
	d := l.deeds
	if len(d.down)+len(d.paused)+len(d.cut) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoing)
	defer cancel()
	actor, ok := l.run.target.(Actor)
	if !ok {
		return nil // then nothing was done
	}
	var errs []error
	for _, name := range d.paused {
		errs = append(errs, actor.Do(ctx, course.Action{Unpause: name}))
	}
	for _, name := range d.cut {
		errs = append(errs, actor.Do(ctx, course.Action{Connect: name}))
	}
	for _, name := range d.down {
		errs = append(errs, actor.Do(ctx, course.Action{Start: name}))
	}
	*d = deeds{}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w: %w", ErrUndo, err)
	}
	return nil
}

// sleep waits for d; false if ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
