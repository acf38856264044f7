package docker

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
)

// turnEvery is how often a process that waits for another one's build asks whether it is over.
const turnEvery = 100 * time.Millisecond

// build makes image unless another process of this user is at it: then that one is waited for. Twenty labs that begin
// at once on a fresh machine build once.
func (e *Engine) build(ctx context.Context, a api, env course.Environment, image Image, say func(session.Stage)) error {
	done, err := e.turn(ctx, image.Ref, func() { say(session.Stage{Name: "build", Subject: image.Service}) })
	if err != nil {
		return err
	}
	defer done()
	if there, err := present(ctx, a, image.Ref); err != nil || there {
		say(session.Stage{Name: "build", Subject: image.Service, End: true})
		return err
	}
	return e.make(ctx, a, env, image, say)
}

// turn waits until no other process of this user builds ref, and says so if it has to wait. The lock is the operating
// system's: it ends with its holder, however that ends. Where there can be no lock, two may build the same, which is
// slow and does no harm.
func (e *Engine) turn(ctx context.Context, ref string, wait func()) (done func(), err error) {
	folder, err := e.locks()
	if err != nil {
		return func() {}, nil
	}
	l := flock.New(filepath.Join(folder, strings.NewReplacer("/", "-", ":", "-").Replace(ref)+".lock"), flock.SetPermissions(0o600))
	got, err := l.TryLock()
	if err == nil && !got {
		wait()
		_, err = l.TryLockContext(ctx, turnEvery)
	}
	if err != nil {
		_ = l.Close()
		return func() {}, ctx.Err()
	}
	return func() { _ = l.Close() }, nil
}

// locks makes the folder of the locks.
func (e *Engine) locks() (string, error) {
	folder := e.options.Locks
	if folder == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		folder = filepath.Join(cache, "lab", "locks")
	}
	return folder, os.MkdirAll(folder, 0o700)
}
