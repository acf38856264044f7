package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/probe"
)

// rebuilds bounds how often in a row a broken environment is rebuilt without anybody asking.
const rebuilds = 2

// retries are the waits after which a rebuild is tried again that could not even begin: an engine that restarts is
// back within a minute, or somebody has to look at it.
var retries = [...]time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second}

// Live runs the session for a student at the keyboard: it boots the environment, applies and checks every save of
// the student's files, and does what is asked through requests, until ctx ends, requests is closed, or an observer
// fails. A save or a request for a check cancels the check in flight. Trouble with the environment is an event, not
// an error: the environment is rebuilt, or RequestBoot is waited for. The caller stops the session afterwards.
func (s *Session) Live(ctx context.Context, requests <-chan Request) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &live{s: s, ctx: ctx, done: make(chan error, 1)}
	defer l.abandon()
	saves := s.c.Files.Watch(ctx)
	if now, err := s.c.Files.Read(); err == nil {
		s.begun(now)
	}
	l.startBoot()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case r, open := <-requests:
			if !open {
				return nil
			}
			err = l.request(r)
		case change, open := <-saves:
			if open {
				err = l.saved(change.Err)
			} else {
				saves = nil
			}
		case err = <-l.done:
			err = l.ended(err)
		case <-l.died():
			err = l.rebuild(s.environment().Cause())
		case <-l.retry:
			l.startBoot()
		}
		if err == nil && l.bent != nil {
			err = l.rebuild(l.bent)
		}
		if err != nil {
			return err
		}
	}
}

// live is the state of one Live: at most one job runs at a time.
type live struct {
	s        *Session
	ctx      context.Context
	cancel   context.CancelFunc
	done     chan error // the running job's end
	busy     bool
	booting  bool
	checking bool
	again    bool // a save or a request came while booting: check once that is over
	broken   int  // rebuilds in a row
	tried    int  // of retries, since an environment started
	retry    <-chan time.Time
	bent     error // what a check that was given up could not undo; the environment is of no more use
}

// start gives up the running job, if any, waits for its end, and runs the next one.
func (l *live) start(job func(context.Context) error) {
	l.abandon()
	ctx, cancel := context.WithCancel(l.ctx)
	l.cancel, l.busy = cancel, true
	hint.Go(func() { l.done <- protected(ctx, job) }, func(err error) { l.done <- err })
}

func (l *live) abandon() {
	if !l.busy {
		return
	}
	l.cancel()
	if err := <-l.done; errors.Is(err, probe.ErrUndo) {
		l.bent = err
	}
	l.busy, l.booting, l.checking = false, false, false
}

func (l *live) check(ctx context.Context) error {
	_, err := l.s.Check(ctx)
	return err
}

// apply is a job: it puts the student's files in force, and checks nothing.
func (l *live) apply(ctx context.Context) error {
	_, err := l.s.apply(ctx)
	return err
}

// died fires when the environment breaks, unless a job is about to notice that by itself.
func (l *live) died() <-chan struct{} {
	if env := l.s.environment(); env != nil && !l.booting {
		return env.Died()
	}
	return nil
}

func (l *live) startBoot() {
	l.start(l.s.Boot)
	l.booting, l.retry = true, nil
}

func (l *live) startCheck() {
	if l.booting {
		l.again = true
		return
	}
	l.abandon()
	if l.bent != nil {
		l.again = true // after the rebuild
		return
	}
	if l.s.environment() == nil {
		return
	}
	l.start(l.check)
	l.checking = true
}

func (l *live) saved(unreadable error) error {
	if unreadable != nil {
		l.abandonCheck() // a boot goes on: it lays in the lab's own files, and the student's may be back by then
		return l.s.unreadable(unreadable)
	}
	if l.busy && !l.booting && l.s.servesFiles() {
		return nil // our own writing of a solution, whose check is on its way
	}
	if err := l.s.emit(Event{Kind: Saved, Files: l.s.names()}); err != nil {
		return err
	}
	l.startCheck()
	return nil
}

func (l *live) request(r Request) error {
	s := l.s
	switch r.Kind {
	case RequestCheck:
		l.startCheck()
	case RequestCancel:
		l.abandonCheck()
	case RequestNext:
		return l.next()
	case RequestGoto:
		l.abandonCheck()
		return s.Goto(r.Step)
	case RequestHint:
		_, err := s.Hint()
		return err
	case RequestSolve, RequestReset:
		return l.rewrite(r.Kind)
	case RequestBoot:
		l.broken, l.tried = 0, 0
		return l.rebuildNow()
	}
	return nil
}

// next moves on from a step that is met. What was saved since it was is meant for the next one, whichever of save and
// request came first: its verdict is owed.
func (l *live) next() error {
	if _, ok := l.s.next(); !ok {
		return nil
	}
	l.abandonCheck() // it is about the step that is left
	owed := l.s.savedSince()
	if err := l.s.Next(); err != nil {
		return err
	}
	if owed {
		l.startCheck()
	}
	return nil
}

// abandonCheck gives up the check in flight, if any; what lays files in goes on.
func (l *live) abandonCheck() {
	if l.checking {
		l.abandon()
	}
}

func (l *live) rewrite(kind RequestKind) error {
	l.abandonCheck()
	var err error
	if kind == RequestSolve {
		err = l.s.Solve()
	} else {
		err = l.s.Reset()
	}
	if err != nil {
		return l.s.unreadable(err)
	}
	if kind == RequestSolve {
		l.startCheck()
	} else if !l.booting && l.bent == nil && l.s.environment() != nil {
		l.start(l.apply)
	}
	return nil
}

// ended handles the end of a job by itself.
func (l *live) ended(err error) error {
	wasBoot := l.booting
	l.busy, l.booting, l.checking = false, false, false
	l.cancel()
	switch {
	case err == nil:
		l.tried = 0
		if !wasBoot { // an environment that starts and breaks again is not mended
			l.broken = 0
		}
		if wasBoot && l.again {
			l.again = false
			l.startCheck()
		}
		return nil
	case l.s.observerFailed() != nil:
		return l.s.observerFailed()
	case l.ctx.Err() != nil:
		return l.ctx.Err()
	case errors.Is(err, probe.ErrUndo):
		return l.rebuild(err)
	case errors.Is(err, context.Canceled):
		return nil
	case l.s.environment() == nil:
		return l.notStarted(err)
	}
	if AboutFiles(err) {
		return l.s.unreadable(err)
	}
	return l.rebuild(err)
}

// notStarted reports that the environment could not be started. At first the student asks again with RequestBoot; what
// ran and broke is tried again without being asked.
func (l *live) notStarted(err error) error {
	if l.broken > 0 && l.tried < len(retries) {
		l.retry = time.After(retries[l.tried])
		l.tried++
	}
	return l.s.trouble(err)
}

// rebuild reports what broke and starts the environment anew, the step kept.
func (l *live) rebuild(cause error) error {
	l.abandon()
	if err := l.s.trouble(cause); err != nil {
		return err
	}
	l.broken++
	if l.broken > rebuilds {
		return l.stop()
	}
	return l.rebuildNow()
}

func (l *live) rebuildNow() error {
	if err := l.stop(); err != nil {
		return err
	}
	l.startBoot()
	return nil
}

// stop removes what is left of the environment; Session.Stop tries again where that fails. It gets its own time,
// since the old one is broken.
func (l *live) stop() error {
	l.abandon()
	l.bent = nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), 20*time.Second)
	defer cancel()
	if err := l.s.remove(ctx, l.s.retire()); err != nil {
		return l.s.trouble(err)
	}
	return nil
}

// filesError marks an error as being about the student's files, not about the environment.
type filesError struct{ err error }

func (e *filesError) Error() string { return e.err.Error() }
func (e *filesError) Unwrap() error { return e.err }

// unreadable reports that the student's files cannot be read or written; what is in force goes on.
func (s *Session) unreadable(err error) error {
	e := Event{Kind: Rejected, Code: "files-unreadable", Message: err.Error()}
	e.advise(err)
	return s.emit(e)
}

// trouble reports what is wrong with the environment.
func (s *Session) trouble(err error) error {
	e := Event{Kind: Trouble, Code: "environment", Message: err.Error()}
	e.advise(err)
	return s.emit(e)
}

// advise takes the code and its arguments from the advice in err's chain, if there is any.
func (e *Event) advise(err error) {
	h, ok := hint.Find(err)
	if !ok {
		return
	}
	e.Code = h.Code
	for _, a := range h.Args {
		e.Args = append(e.Args, fmt.Sprint(a))
	}
}

func (s *Session) observerFailed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// servesFiles tells whether the student's files are the ones that are in force or on their way.
func (s *Session) servesFiles() bool {
	now, err := s.c.Files.Read()
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wanted.Equal(now)
}

// begun remembers files, nil for those that were applied last, as the ones that the current step begins with, or was met
// with. Reading them anew would take a save that is not noticed yet for one of before.
func (s *Session) begun(files course.Files) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if files == nil {
		files = s.wanted
	}
	if files != nil {
		s.base = files
	}
}

// savedSince tells whether the student's files are others than when the current step was begun or last met.
func (s *Session) savedSince() bool {
	now, err := s.c.Files.Read()
	if err != nil {
		return false // the watching says so
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base != nil && !s.base.Equal(now)
}

func (s *Session) names() []string {
	var out []string
	for _, e := range s.c.Lab.Edit {
		out = append(out, e.Path)
	}
	return out
}

// AboutFiles tells whether err, of a session's method, is about the student's files and not about the environment.
func AboutFiles(err error) bool { return errors.As(err, new(*filesError)) }
