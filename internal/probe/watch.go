package probe

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

// vigil is one watch at work.
type vigil struct {
	*look
	course.Watch
	clients []*watched
	control *watched
	began   time.Time // end of the actions
	pings   []int64   // of each client, as they stood then

	chosen, others []*watched // those of the clients that Expect.Closed speaks of, and the rest
}

// watch opens connections, does something, and watches what becomes of them.
func (l *look) watch(ctx context.Context, w course.Watch) (Verdict, error) {
	v := &vigil{look: l, Watch: w}
	var early *Verdict
	var err error
	v.control, early, err = l.control(ctx, w.Control, w.Path)
	defer func() { v.control.over() }()
	if early == nil && err == nil {
		v.clients, early, err = l.crowd(ctx, w.Endpoint, w.Clients, "idle")
		defer func() { leave(v.clients) }()
	}
	if early != nil || err != nil {
		return withWant(early, NewFact("status", "101")), err
	}
	talking := v.talk(ctx)
	defer talking()
	for _, c := range v.clients {
		c.mute.Store(w.Mute)
	}
	v.choose(ctx)
	if err := l.do(ctx, w.Do); err != nil {
		return Verdict{}, err
	}
	v.began = time.Now()
	for _, c := range v.clients {
		v.pings = append(v.pings, c.pings.Load())
	}
	return v.judge(ctx)
}

// talk has each client send a text now and then, until the function that it returns was called.
func (v *vigil) talk(ctx context.Context) (stop func()) {
	if v.Every == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var all hint.Workers
	for _, c := range v.clients {
		all.Go(func() {
			for sleep(ctx, v.Every) && c.say("tick") == nil {
			}
		})
	}
	return func() {
		cancel()
		all.Wait()
	}
}

// judge waits for everything that is expected, side by side, and gives the first that does not hold, in the order of
// course.WatchExpect.
func (v *vigil) judge(ctx context.Context) (Verdict, error) {
	e := v.Expect
	var parts []func(context.Context) Verdict
	add := func(wanted bool, part func(context.Context) Verdict) {
		if wanted {
			parts = append(parts, part)
		}
	}
	add(e.Closed != nil, v.closed)
	add(e.Open > 0, v.open)
	add(e.Noticed != nil, v.noticed)
	add(e.Unnoticed != nil, v.unnoticed)
	add(e.Pings != nil, v.pinged)
	verdicts := make([]Verdict, len(parts))
	var all hint.Workers
	for i, part := range parts {
		all.Go(func() { verdicts[i] = part(ctx) })
	}
	all.Wait()
	if ctx.Err() != nil {
		return Verdict{Want: verdicts[0].Want}, ctx.Err()
	}
	for _, x := range verdicts {
		if x.Outcome != Met {
			return x, nil
		}
	}
	if v.control != nil && !v.control.alive(ctx) {
		return verdict(false, verdicts[0].Want, NewFact("control-closed", seconds(time.Since(v.control.since))), "not-proxy"), nil
	}
	return verdicts[0], nil
}

// open wants the other connections to be served still when the time is over.
func (v *vigil) open(ctx context.Context) Verdict {
	want := NewFact("stays-open", seconds(v.Expect.Open))
	timer := time.NewTimer(time.Until(v.began.Add(v.Expect.Open)))
	defer timer.Stop()
	select {
	case w := <-firstEnd(v.others):
		w.sawEnd()
		x := verdict(false, want, NewFact("closed-with", strconv.Itoa(w.code), seconds(max(0, w.at.Sub(v.began)))), "")
		x.ClosedAfter = max(0, w.at.Sub(v.began))
		return x
	case <-ctx.Done():
		return verdict(false, want, Fact{}, "")
	case <-timer.C:
	}
	for _, w := range v.others {
		if !w.alive(ctx) {
			return verdict(false, want, NewFact("no-answer"), "")
		}
	}
	return verdict(true, want, NewFact("open", seconds(time.Since(v.began))), "")
}

// firstEnd gives the first of the connections to end. Its goroutines end with the connections, which vigil closes.
func firstEnd(all []*watched) <-chan *watched {
	ended := make(chan *watched, len(all))
	for _, w := range all {
		hint.Go(func() { <-w.ended; ended <- w }, func(error) { ended <- w })
	}
	return ended
}

// noticed wants a service to say in time that each connection has ended.
func (v *vigil) noticed(ctx context.Context) Verdict {
	n := v.Expect.Noticed
	want := NewFact("notices", n.By, seconds(n.After), seconds(n.Within))
	// What counts is when the line was written, which may take its time from there to here.
	deadline, cancel := context.WithDeadline(ctx, v.began.Add(n.Within+patience))
	defer cancel()
	got := Fact{}
	for _, w := range v.clients {
		line, said, err := w.look.waitClose(deadline, n.By)
		if err != nil {
			return verdict(false, want, NewFact("not-noticed", n.By, seconds(n.Within)), "half-open")
		}
		after := line.Time.Sub(v.began)
		w.look.saw(Exchange{At: line.Time, From: w.service, To: n.By, Kind: WireClose, Text: "close " + strconv.Itoa(said.Code),
			Notes: []string{"idle", seconds(time.Duration(said.Seconds*float64(time.Second))) + " s"}})
		got = NewFact("noticed", n.By, seconds(max(0, after)), strconv.Itoa(said.Code))
		if n.After > 0 && after < n.After {
			return verdict(false, want, got, "timeout-too-short")
		}
		if after > n.Within {
			return verdict(false, want, got, "")
		}
		if n.Codes != nil && !slices.Contains(n.Codes, said.Code) {
			return verdict(false, NewFact("notices-with", n.By, codes(n.Codes)), got, codeMeaning(said.Code))
		}
	}
	return verdict(true, want, got, "")
}

// unnoticed wants a service to believe in the connections for so long.
func (v *vigil) unnoticed(ctx context.Context) Verdict {
	n := v.Expect.Unnoticed
	want := NewFact("unaware", n.By, seconds(n.After))
	deadline, cancel := context.WithDeadline(ctx, v.began.Add(n.After))
	defer cancel()
	verdicts := make([]*Verdict, len(v.clients))
	var all hint.Workers
	for i, w := range v.clients {
		all.Go(func() {
			line, said, err := w.look.waitClose(deadline, n.By)
			if err == nil {
				x := verdict(false, want, NewFact("noticed", n.By, seconds(max(0, line.Time.Sub(v.began))), strconv.Itoa(said.Code)), "")
				verdicts[i] = &x
				cancel()
			}
		})
	}
	all.Wait()
	for _, x := range verdicts {
		if x != nil {
			return *x
		}
	}
	return verdict(true, want, NewFact("unaware", n.By, seconds(time.Since(v.began))), "")
}

// pinged counts the pings that each client received.
func (v *vigil) pinged(ctx context.Context) Verdict {
	p := v.Expect.Pings
	want := NewFact("pings-at-least", strconv.Itoa(p.AtLeast), seconds(p.During))
	if p.AtLeast == 0 && p.AtMost != nil {
		want = NewFact("pings-at-most", strconv.Itoa(*p.AtMost), seconds(p.During))
	}
	if !sleep(ctx, time.Until(v.began.Add(p.During))) {
		return verdict(false, want, Fact{}, "")
	}
	for i, w := range v.clients {
		count := int(w.pings.Load() - v.pings[i])
		got := NewFact("pings", strconv.Itoa(count), seconds(p.During))
		w.look.saw(Exchange{From: w.service, To: "you", Kind: WireMessage, Text: "ping × " + strconv.Itoa(count)})
		if count < p.AtLeast {
			return verdict(false, want, got, "")
		}
		if p.AtMost != nil && w.hasEnded() { // no pings come to who is gone
			w.sawEnd()
			return verdict(false, want, NewFact("closed-with", strconv.Itoa(w.code), seconds(max(0, w.at.Sub(v.began)))), "")
		}
		if p.AtMost != nil && count > *p.AtMost {
			return verdict(false, NewFact("pings-at-most", strconv.Itoa(*p.AtMost), seconds(p.During)), got, "ping-flood")
		}
		if i == len(v.clients)-1 {
			return verdict(true, want, got, "")
		}
	}
	return verdict(false, want, Fact{}, "")
}
