package probe

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/cwk-stream/lab/internal/hint"
)

// watchSilence looks, once most of the time for an answer is over, whether the service that owes it waits itself for
// somebody who does not answer: then the silence is no matter of the check's. The function that it returns ends that.
func (l *look) watchSilence(ctx context.Context, service string) (stop func()) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var all hint.Workers
	all.Go(func() {
		if !sleep(ctx, time.Until(deadline)*7/10) {
			return
		}
		for _, s := range l.socketsOf(ctx, service) {
			if s.State == SocketConnecting {
				l.wire.mu.Lock()
				l.wire.silent = []string{service, s.Remote.String()}
				l.wire.mu.Unlock()
				return
			}
		}
	})
	return func() { cancel(); all.Wait() }
}

// silent is the verdict where a service gave no answer because it got none itself; ok is false where that is not known.
func (l *look) silent(want Fact) (v Verdict, ok bool) {
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	if l.wire.silent == nil {
		return Verdict{}, false
	}
	return verdict(false, want, NewFact("upstream-silent", l.wire.silent...), "upstream-silent"), true
}

// notReached are the errors of connecting that say nothing about who is asked: this machine, or this process, cannot
// connect at all.
var notReached = []error{syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EHOSTUNREACH, syscall.EADDRNOTAVAIL, syscall.EMFILE,
	syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EACCES, syscall.EPERM, syscall.EAFNOSUPPORT}

// cannotConnect gives an error of this machine's; nil for what the other side has to do with.
func cannotConnect(via string, err error) error {
	for _, e := range notReached {
		if errors.Is(err, e) {
			return fmt.Errorf("connecting to %s from this machine: %w", via, e)
		}
	}
	return nil
}
