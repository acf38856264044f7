package probe

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/printable"
)

// look is one client's way of looking: the probe id that it sends, and what its check has seen.
type look struct {
	run   *Run
	id    string
	quiet bool // notes nothing: one of many clients
	wire  *wire
	deeds *deeds
}

// wire is what a check has seen, by all of its clients.
type wire struct {
	mu   sync.Mutex
	seen []Exchange

	silent []string // a service that owes an answer, and whom it waits for itself; nil for none
}

// shown is how many of a check's clients are shown on the wire; more would say nothing new.
const shownClients = 3

// client is the look of the check's client of that number, from 0, which has a probe id of its own.
func (l *look) client(n int) *look {
	return &look{run: l.run, id: newProbeID(), quiet: n >= shownClients, wire: l.wire, deeds: l.deeds}
}

func newProbeID() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b) // never fails, by its documentation
	return hex.EncodeToString(b)
}

// check gives the part of the verdict that is particular to the kind.
func (l *look) check(ctx context.Context, c course.Check) (Verdict, error) {
	switch c.Kind {
	case course.KindHandshake:
		return l.handshake(ctx, *c.Handshake)
	case course.KindEcho:
		return l.echo(ctx, *c.Echo)
	case course.KindReceived:
		return l.received(ctx, *c.Received)
	case course.KindIdle:
		return l.idle(ctx, *c.Idle)
	case course.KindEffective:
		return l.effective(ctx, *c.Effective)
	case course.KindHTTP:
		return l.http(ctx, *c.HTTP)
	case course.KindLog:
		return l.log(ctx, *c.Log)
	case course.KindExec:
		return l.exec(ctx, *c.Exec)
	case course.KindReach:
		return l.reach(ctx, *c.Reach)
	case course.KindWatch:
		return l.watch(ctx, *c.Watch)
	case course.KindArrivals:
		return l.arrivals(ctx, *c.Arrivals)
	}
	return Verdict{}, fmt.Errorf("no probe for checks of kind %q", c.Kind)
}

// saw notes an exchange and tells whoever watches.
func (l *look) saw(x Exchange) {
	if l.quiet {
		return
	}
	if x.At.IsZero() {
		x.At = time.Now()
	}
	x.Probe, x.Text = l.id, clean(x.Text)
	for i, n := range x.Notes {
		x.Notes[i] = clean(n)
	}
	l.wire.mu.Lock()
	l.wire.seen = append(l.wire.seen, x)
	l.wire.mu.Unlock()
	l.run.tell(x)
}

// seen gives all exchanges in order of time.
func (l *look) seen() []Exchange {
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	out := slices.Clone(l.wire.seen)
	slices.SortStableFunc(out, func(a, b Exchange) int { return a.At.Compare(b.At) })
	return out
}

// verdict is Met if ok, else NotMet with what got usually means.
func verdict(ok bool, want, got Fact, meaning string) Verdict {
	if ok {
		return Verdict{Outcome: Met, Want: want, Got: got}
	}
	return Verdict{Outcome: NotMet, Want: want, Got: got, Meaning: meaning}
}

// seconds writes a duration as facts do: in seconds, without trailing zeros, to the millisecond.
func seconds(d time.Duration) string {
	ms := d.Round(time.Millisecond).Milliseconds()
	return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) // one division: Seconds adds, and 1.997 would have 16 digits
}

// maxShown bounds one text of an exchange; what is longer is of no use on a screen.
const maxShown = 1000

// clean makes a text from a server or a log fit for a screen: one line that is not endless, nothing that a terminal obeys.
func clean(s string) string {
	s = printable.Line(s)
	if r := []rune(s); len(r) > maxShown {
		return string(r[:maxShown]) + "…"
	}
	return s
}
