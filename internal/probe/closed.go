package probe

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/hint"
)

// choose splits the clients into those that closed speaks of and the others. It is done while all are still open: it
// takes time, of which the deadlines that follow know nothing.
func (v *vigil) choose(ctx context.Context) {
	switch c := v.Expect.Closed; {
	case c == nil:
		v.others = v.clients
		return
	case c.ServedBy == "":
		v.chosen = v.clients
		return
	}
	there := make([]bool, len(v.clients))
	var all hint.Workers
	for i, w := range v.clients {
		all.Go(func() { there[i] = w.look.served(ctx, v.Expect.Closed.ServedBy) })
	}
	all.Wait()
	for i, w := range v.clients {
		if there[i] {
			v.chosen = append(v.chosen, w)
		} else {
			v.others = append(v.others, w)
		}
	}
}

// served tells whether a service has logged this client's handshake. It logs it before it answers, but a line may take
// its time from there to here.
func (l *look) served(ctx context.Context, service string) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	log := l.run.target.Log(service)
	if log == nil {
		return false
	}
	_, err := log.Wait(ctx, l.run.since[service], func(line Line) bool {
		_, ok := l.backendSays(line, "handshake")
		return ok
	})
	return err == nil
}

// closed wants the chosen connections to end in time, with one of the codes; and their clients to come back, each
// from the moment at which it lost its own connection.
func (v *vigil) closed(ctx context.Context) Verdict {
	c := v.Expect.Closed
	want := NewFact("closes-within", codes(c.Codes), seconds(c.Within))
	if len(v.chosen) == 0 {
		return verdict(false, want, NewFact("nobody-served", c.ServedBy), "")
	}
	deadline, cancel := context.WithDeadline(ctx, v.began.Add(c.Within))
	defer cancel()
	backing, giveUp := context.WithCancel(ctx)
	defer giveUp()
	closed, back := make([]Verdict, len(v.chosen)), make([]Verdict, len(v.chosen))
	var all hint.Workers
	for i, w := range v.chosen {
		all.Go(func() {
			switch closed[i] = v.closedOne(deadline, w, want); {
			case closed[i].Outcome != Met:
				giveUp() // then nobody asks who comes back
			case v.Expect.Back != nil:
				back[i] = v.backOne(backing, w, i)
			}
		})
	}
	all.Wait()
	slowest := worst(closed)
	if slowest.Outcome != Met || v.Expect.Back == nil {
		return slowest
	}
	slowest = worst(back)
	slowest.ClosedAfter = 0 // it is how long coming back took
	return slowest
}

// worst is the first verdict that does not hold; where all do, the one of what took longest.
func worst(all []Verdict) Verdict {
	slowest := all[0]
	for _, x := range all {
		if x.Outcome != Met {
			return x
		}
		if x.ClosedAfter > slowest.ClosedAfter {
			slowest = x
		}
	}
	return slowest
}

// closedOne wants one connection to end in time, with one of the codes.
func (v *vigil) closedOne(deadline context.Context, w *watched, want Fact) Verdict {
	c := v.Expect.Closed
	select {
	case <-w.ended:
	case <-deadline.Done():
		if !w.hasEnded() { // where both are so, select takes either
			return verdict(false, want, NewFact("open", seconds(time.Since(v.began))), "")
		}
	}
	w.sawEnd()
	after := w.at.Sub(v.began)
	switch {
	case c.After > 0 && after < c.After:
		return verdict(false, want, NewFact("closed-early", seconds(after)), "timeout-too-short")
	case after > c.Within:
		return verdict(false, want, NewFact("closed-late", seconds(after)), "")
	}
	got := NewFact("closed-with", strconv.Itoa(w.code), seconds(max(after, 0)))
	if c.Codes != nil && !slices.Contains(c.Codes, w.code) {
		return verdict(false, want, got, codeMeaning(w.code))
	}
	x := verdict(true, want, got, "")
	x.ClosedAfter = max(after, 0)
	return x
}

func codes(list []int) string {
	var out []string
	for _, c := range list {
		out = append(out, strconv.Itoa(c))
	}
	if out == nil {
		return "—"
	}
	return strings.Join(out, "/")
}

// codeMeaning is what a close code says where another one was wanted.
func codeMeaning(code int) string {
	if code == 1006 {
		return "no-close-frame"
	}
	return ""
}

// backOne has a client that was closed, of number n, try again, ten times a second, until it is served.
func (v *vigil) backOne(ctx context.Context, w *watched, n int) Verdict {
	b := v.Expect.Back
	want := NewFact("comes-back", seconds(b.Within))
	if b.ServedBy != "" {
		want = NewFact("comes-back-to", b.ServedBy, seconds(b.Within))
	}
	limited, cancel := context.WithDeadline(ctx, w.at.Add(b.Within))
	defer cancel()
	last := NewFact("not-back", seconds(b.Within))
	for {
		l := v.look.client(n)
		a, err := l.dial(limited, v.Endpoint, "")
		if err != nil {
			return verdict(false, want, last, "")
		}
		if a.conn != nil {
			after := time.Since(w.at)
			defer hangUp(a.conn)
			if b.ServedBy != "" && !l.served(ctx, b.ServedBy) { // it is back in time; to be told by whom may take longer
				return verdict(false, want, NewFact("back-elsewhere", seconds(after)), "")
			}
			x := verdict(true, want, NewFact("back", seconds(after)), "")
			x.ClosedAfter = after // for finding the slowest
			return x
		}
		last = a.got()
		if !sleep(limited, 100*time.Millisecond) {
			return verdict(false, want, last, a.meaning(101))
		}
	}
}
