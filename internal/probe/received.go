package probe

import (
	"context"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/course"
)

// received opens a WebSocket and looks at the request as a service behind received it, by that service's own log.
func (l *look) received(ctx context.Context, r course.Received) (Verdict, error) {
	want := wantReceived(r)
	a, err := l.dial(ctx, r.Endpoint, "")
	if err != nil {
		return Verdict{Want: want}, err
	}
	defer hangUp(a.conn)
	if a.status == 0 {
		return verdict(false, want, a.got(), a.meaning(101)), nil
	}
	wait, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	via, _ := r.Service()
	said, ok := l.backendReceived(wait, via, r.By)
	l.awaitAccess(wait, via, a)
	l.proxyLogged(via)
	if !ok {
		return verdict(false, want, NewFact("not-received", r.By), statusMeaning(a.status)), nil
	}
	value, there := said.Headers[strings.ToLower(r.Header)]
	got := NewFact("header", r.Header, value)
	if !there {
		got = NewFact("header-absent", r.Header)
	}
	switch {
	case r.Absent:
		if a.status == 101 && strings.EqualFold(r.Header, "Upgrade") {
			return verdict(!there, want, got, "upgrade-still-forwarded"), nil
		}
		return verdict(!there, want, got, ""), nil
	case r.Present:
		if strings.EqualFold(r.Header, "Upgrade") || strings.EqualFold(r.Header, "Connection") {
			return verdict(there, want, got, "proxy-dropped-upgrade"), nil
		}
		return verdict(there, want, got, ""), nil
	}
	return verdict(there && strings.EqualFold(value, r.Equals), want, got, ""), nil
}

func wantReceived(r course.Received) Fact {
	switch {
	case r.Absent:
		return NewFact("header-absent", r.Header)
	case r.Present:
		return NewFact("header-present", r.Header)
	}
	return NewFact("header", r.Header, r.Equals)
}
