package probe

import (
	"context"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/course"
)

// idle opens a WebSocket, says nothing on it, and watches what becomes of it, next to a control connection straight
// to the service behind.
func (l *look) idle(ctx context.Context, i course.Idle) (Verdict, error) {
	want := wantIdle(i)
	var ends closer
	prove := i.Closed != nil && i.Closed.By != ""
	if prove {
		ends = closer{look: l, before: l.sockets(ctx)}
	}
	watched, control, early, err := l.openBoth(ctx, i)
	defer watched.over()
	defer control.over()
	if early != nil || err != nil {
		return withWant(early, want), err
	}
	if prove {
		ends.after = l.sockets(ctx)
	}
	limit := i.OpenAfter
	if i.Closed != nil {
		limit = i.Closed.After + i.Closed.Within
	}
	timer := time.NewTimer(time.Until(watched.since.Add(limit)))
	defer timer.Stop()
	var controlEnded chan struct{}
	if control != nil {
		controlEnded = control.ended
	}
	for {
		select {
		case <-ctx.Done():
			return Verdict{Want: want}, ctx.Err()
		case <-controlEnded:
			l.closed(i.Control, "control", control)
			return verdict(false, want, NewFact("control-closed", seconds(control.at.Sub(control.since))), "not-proxy"), nil
		case <-watched.ended:
			return l.idleClosed(ctx, i, want, watched, control, ends), nil
		case <-timer.C:
			return l.idleOpen(ctx, i, want, watched), nil
		}
	}
}

// openBoth opens the connection to watch and the control connection. early is the verdict if one cannot be had.
func (l *look) openBoth(ctx context.Context, i course.Idle) (idle, control *watched, early *Verdict, err error) {
	if control, early, err = l.control(ctx, i.Control, i.Path); early != nil || err != nil {
		return nil, nil, early, err
	}
	idle, early, err = l.open(ctx, i.Endpoint, "idle")
	return idle, control, early, err
}

func wantIdle(i course.Idle) Fact {
	if i.Closed == nil {
		return NewFact("stays-open", seconds(i.OpenAfter))
	}
	if i.Closed.By == "" {
		return NewFact("closes-any", seconds(i.Closed.After), seconds(i.Closed.Within))
	}
	return NewFact("closes", seconds(i.Closed.After), seconds(i.Closed.Within), i.Closed.By)
}

// closed notes the end of a watched connection, from the client's viewpoint.
func (l *look) closed(via, role string, w *watched) {
	service, _, _ := strings.Cut(via, ":")
	l.saw(Exchange{At: w.at, From: service, To: "you", Kind: WireClose, Text: w.text,
		Notes: []string{role, seconds(w.at.Sub(w.since)) + " s"}})
}

// idleClosed judges a connection that has ended.
func (l *look) idleClosed(ctx context.Context, i course.Idle, want Fact, w, control *watched, ends closer) Verdict {
	lived := w.at.Sub(w.since)
	l.closed(i.Via, "idle", w)
	via, _ := i.Service()
	who := ""
	if ends.look != nil {
		who = ends.who(ctx, via)
	}
	patient := proofLimit
	if who != "" {
		patient = time.Second // what the logs have to add
	}
	proof := l.closeProof(ctx, via, patient)
	if proof.by = who; who != "" {
		l.sawCloser(via, who)
	}
	v := Verdict{Want: want, ClosedAfter: lived, LoggedAfter: proof.after}
	v.Outcome, v.Got, v.Meaning = judgeClose(i.Closed, via, lived, proof)
	if v.Outcome == Met && control != nil && !control.alive(ctx) {
		v.Outcome, v.Got, v.Meaning = NotMet, NewFact("control-closed", seconds(lived)), "not-proxy"
	}
	return v
}

// judgeClose decides what the end of an idle connection after lived is worth.
func judgeClose(want *course.IdleClose, via string, lived time.Duration, p proof) (Outcome, Fact, string) {
	s := seconds(lived)
	switch {
	case want == nil && p.lifetime:
		return NotMet, NewFact("closed-lifetime", via, s), "limit-not-idle"
	case want == nil && p.idle:
		return NotMet, NewFact("closed-by", via, s), "wrong-limit"
	case want == nil:
		return NotMet, NewFact("closed-early", s), "not-proxy"
	case lived < want.After-want.Within:
		return NotMet, NewFact("closed-early", s), "timeout-too-short"
	case lived > want.After+want.Within:
		return NotMet, NewFact("closed-late", s), "wrong-limit"
	case want.By != "" && p.lifetime:
		return NotMet, NewFact("closed-lifetime", via, s), "limit-not-idle"
	case want.By != "" && p.by != "" && p.by != want.By:
		return NotMet, NewFact("closed-by", p.by, s), "not-proxy"
	case want.By != "" && p.by == "" && (!p.idle || want.By != via): // a log's line says what its own service did
		return NotMet, NewFact("closed-unproven", s), "not-proxy"
	case want.By != "":
		return Met, NewFact("closed-by", want.By, s), ""
	}
	return Met, NewFact("closed-after", s), ""
}

// idleOpen judges a connection that is still open when the time is over: it must answer, too.
func (l *look) idleOpen(ctx context.Context, i course.Idle, want Fact, w *watched) Verdict {
	lived := time.Since(w.since)
	if i.Closed != nil {
		return verdict(false, want, NewFact("open", seconds(lived)), "default-timeout")
	}
	via, _ := i.Service()
	l.saw(Exchange{From: "you", To: via, Kind: WireMessage, Text: "still there?"})
	if !w.alive(ctx) {
		return verdict(false, want, NewFact("no-answer"), "")
	}
	l.saw(Exchange{From: via, To: "you", Kind: WireMessage, Text: "still there?"})
	return verdict(true, want, NewFact("open", seconds(lived)), "")
}
