package probe

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

// reach has clients join, lets the first one speak, and looks at who of the others hears it.
func (l *look) reach(ctx context.Context, r course.Reach) (Verdict, error) {
	want := wantReach(r)
	var groups [][]*watched
	defer func() {
		for _, g := range groups {
			leave(g)
		}
	}()
	for _, g := range r.Join {
		open, early, err := l.crowd(ctx, g.Endpoint, g.Clients, "joined")
		groups = append(groups, open)
		if early != nil || err != nil {
			return withWant(early, want), err
		}
	}
	if !sleep(ctx, r.Settle) {
		return Verdict{Want: want}, ctx.Err()
	}
	speaker := groups[0][0]
	text := r.Send + " " + l.id
	heard := l.listen(ctx, groups, l.id, r.Within)
	l.saw(Exchange{From: "you", To: speaker.service, Kind: WireMessage, Text: text})
	if err := speaker.say(text); err != nil {
		return verdict(false, want, NewFact("closed", reason(err)), ""), nil
	}
	counts := heard()
	if ctx.Err() != nil {
		return Verdict{Want: want}, ctx.Err()
	}
	if w := gone(groups); w != nil && wantsSilence(r) {
		w.sawEnd()
		return verdict(false, want, NewFact("closed", w.text), ""), nil
	}
	counts[0].clients-- // nobody asks whether the speaker hears itself
	if counts[0].spoke {
		counts[0].heard--
	}
	return judgeReach(r, want, counts), nil
}

// wantsSilence tells whether it is wanted that somebody hears nothing. That is worth something only where all are
// connected still: who is gone hears nothing, and who has lost its connection has said nothing.
func wantsSilence(r course.Reach) bool {
	return quietly(r.Expect) || slices.ContainsFunc(r.Join, func(g course.Group) bool { return quietly(g.Expect) })
}

func quietly(expect string) bool { return expect == "not-all" || expect == "none" }

// gone is the first connection that has ended; nil for none.
func gone(groups [][]*watched) *watched {
	for _, g := range groups {
		for _, w := range g {
			if w.hasEnded() {
				return w
			}
		}
	}
	return nil
}

// hearing is how many of a group's clients heard the message.
type hearing struct {
	clients, heard int
	spoke          bool // the speaker is one of those who heard
}

// listen waits for a message that contains mark on every connection, up to within. The function that it returns
// waits for the end and gives what was heard.
func (l *look) listen(ctx context.Context, groups [][]*watched, mark string, within time.Duration) func() []hearing {
	counts := make([]hearing, len(groups))
	ctx, cancel := context.WithTimeout(ctx, within)
	var all hint.Workers
	var mu sync.Mutex
	missing := 0
	for i, g := range groups {
		counts[i].clients = len(g)
		missing += len(g)
		for j, w := range g {
			all.Go(func() {
				if !w.hears(ctx, mark) {
					return
				}
				mu.Lock()
				defer mu.Unlock()
				counts[i].heard++
				counts[i].spoke = counts[i].spoke || i == 0 && j == 0
				if missing--; missing == 0 {
					cancel()
				}
			})
		}
	}
	return func() []hearing {
		all.Wait()
		cancel()
		return counts
	}
}

// hears waits for a message that contains mark.
func (w *watched) hears(ctx context.Context, mark string) bool {
	for {
		select {
		case text := <-w.echoed:
			if strings.Contains(text, mark) {
				w.look.saw(Exchange{From: w.service, To: "you", Kind: WireMessage, Text: brief(text)})
				return true
			}
		case <-w.ended:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

func wantReach(r course.Reach) Fact {
	if r.Expect != "" {
		return NewFact("reaches-" + r.Expect)
	}
	for _, g := range r.Join {
		if g.Expect != "" {
			return NewFact("group-reaches-"+g.Expect, g.Via)
		}
	}
	return NewFact("reaches-all")
}

// judgeReach compares what was heard with what is wanted, of all and of each group.
func judgeReach(r course.Reach, want Fact, counts []hearing) Verdict {
	total := hearing{}
	for _, c := range counts {
		total.clients += c.clients
		total.heard += c.heard
	}
	got := NewFact("reached", strconv.Itoa(total.heard), strconv.Itoa(total.clients))
	if !total.is(r.Expect) {
		return verdict(false, want, got, reachMeaning(r.Expect))
	}
	for i, g := range r.Join {
		if !counts[i].is(g.Expect) {
			return verdict(false, NewFact("group-reaches-"+g.Expect, g.Via),
				NewFact("group-reached", g.Via, strconv.Itoa(counts[i].heard), strconv.Itoa(counts[i].clients)),
				reachMeaning(g.Expect))
		}
	}
	return verdict(true, want, got, "")
}

func (h hearing) is(expect string) bool {
	switch expect {
	case "all":
		return h.heard == h.clients
	case "not-all":
		return h.heard < h.clients
	case "none":
		return h.heard == 0
	}
	return true
}

func reachMeaning(expect string) string {
	if expect == "all" {
		return "state-not-shared"
	}
	return "state-shared"
}
