package docker

import (
	"context"
	"errors"
	"regexp"
	"time"

	"github.com/cwk-stream/lab/internal/probe"
)

var (
	// startedWorker and endedWorker are how nginx's master tells of its workers.
	startedWorker = regexp.MustCompile(`: start worker process (\d+)$`)
	endedWorker   = regexp.MustCompile(`: worker process (\d+) exited `)
	// writer is the process that wrote a line of nginx's error log.
	writer = regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[[a-z]+\] (\d+)#\d+: `)
)

// restLimit is for the other workers, once one has said that it leaves: they are told to in one go.
const restLimit = 500 * time.Millisecond

// workers are the processes of a service that take new connections, as far as its log tells: those of an nginx that were
// started and have not said yet that they leave. The zero value is ready for use.
type workers struct {
	seq  int // of the newest line that was read
	pids map[string]bool
}

// read brings the account up to the newest line. leaves matches the line by which a worker says that it leaves.
func (w *workers) read(log *probe.Log, leaves *regexp.Regexp) {
	if w.pids == nil {
		w.pids = map[string]bool{}
	}
	for _, l := range log.Since(w.seq) {
		w.seq = l.Seq
		if m := startedWorker.FindStringSubmatch(l.Text); m != nil {
			w.pids[m[1]] = true
			continue
		}
		strike(w.pids, l, leaves)
	}
}

// strike takes out the process that is gone, or leaves, by what a line says.
func strike(pids map[string]bool, l probe.Line, leaves *regexp.Regexp) {
	if m := endedWorker.FindStringSubmatch(l.Text); m != nil {
		delete(pids, m[1])
	} else if m := writer.FindStringSubmatch(l.Text); m != nil && leaves.MatchString(l.Text) {
		delete(pids, m[1])
	}
}

// allLeave waits until each of the workers that were there before a reload has said that it leaves, from the line after
// seq on. One that does not say so for restLimit is not there: an account of processes may be wrong, as after a restart.
func (v *environment) allLeave(ctx context.Context, s *service, before map[string]bool, seq int, leaves *regexp.Regexp) error {
	if len(before) < 2 {
		return nil // the line that was waited for was that of the only one
	}
	wait, cancel := context.WithTimeout(ctx, restLimit)
	defer cancel()
	_, err := s.log.Wait(wait, seq, func(l probe.Line) bool {
		strike(before, l, leaves)
		return len(before) == 0
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, probe.ErrLogEnded):
		return v.ended(ctx, s)
	}
	for pid := range before {
		delete(s.workers.pids, pid)
	}
	return nil
}
