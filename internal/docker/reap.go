package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/moby/moby/client"
)

const (
	reapEvery = 500 * time.Millisecond // between two looks, once the first ones have found nothing
	reapQuiet = 8 * time.Second        // without anything new, after which no request of the dead can be in flight any more
	reapLook  = 10 * time.Second       // for one look and what it removes

	launderLimit = 5 * time.Second // for what a failed removal left, before the environment is started anew
)

// Reap removes what a process that has just died left on the engine. A request that it had sent may still be carried
// out, so that Reap looks again until nothing has appeared for a while; it takes reapQuiet at least. An engine that
// does not answer is asked again until ctx ends. Whether owner really is gone is for the caller to know.
func (e *Engine) Reap(ctx context.Context, owner Owner) error {
	var trouble error
	wait := 50 * time.Millisecond
	for last := time.Now(); time.Since(last) < reapQuiet; {
		n, err := e.reapOnce(ctx, owner)
		if trouble = err; err != nil || n > 0 {
			last, wait = time.Now(), 50*time.Millisecond
		}
		if !pause(ctx, wait) {
			return errors.Join(trouble, ctx.Err())
		}
		wait = min(2*wait, reapEvery)
	}
	return trouble
}

// reapOnce removes what of owner's is there now, and tells how many things that was.
func (e *Engine) reapOnce(ctx context.Context, owner Owner) (int, error) {
	a, err := e.connect(ctx)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, reapLook)
	defer cancel()
	found, err := labelled(ctx, a, e.owner, "="+owner.String())
	if err != nil {
		return 0, err
	}
	return len(found), removeAll(ctx, a, found)
}

// soil notes that something of a session may be left.
func (e *Engine) soil(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.soiled == nil {
		e.soiled = map[string]int{}
	}
	e.soiled[id]++
}

// launder tries to remove what is left of a session whose environment could not be removed, and gives what the names of
// the next one end with: what cannot be removed keeps its names. A container that was frozen in the middle of an exec
// is such a one.
func (e *Engine) launder(ctx context.Context, a api, id string) (suffix string) {
	e.mu.Lock()
	times := e.soiled[id]
	e.mu.Unlock()
	if times == 0 {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, min(launderLimit, e.limit))
	defer cancel()
	if all, err := labelled(ctx, a, e.owner, "="+e.owner.String()); err == nil {
		_ = removeAll(ctx, a, slices.DeleteFunc(all, func(l Leftover) bool { return l.Session != id }))
	}
	return fmt.Sprintf(".%d", times+1)
}

// removeAll removes leftovers of every kind: containers first, for they hold the others.
func removeAll(ctx context.Context, a api, all []Leftover) error {
	byKind := map[string][]string{}
	for _, l := range all {
		byKind[l.Kind] = append(byKind[l.Kind], l.Name)
	}
	err := remove(ctx, a, byKind["container"], byKind["network"], byKind["volume"])
	// What a build was in the middle of is a courtesy to the disk: something else may have come to depend on it.
	for _, id := range byKind["image"] {
		_, _ = a.ImageRemove(ctx, id, client.ImageRemoveOptions{PruneChildren: true})
	}
	return err
}
