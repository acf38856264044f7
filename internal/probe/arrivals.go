package probe

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/course"
)

// knock is the header by which an environment's own client may say when it began its handshake, in seconds since 1970.
// It is lower case, as backends log headers.
const knock = "x-knock"

// arrivals counts the handshakes that a service receives from the environment's own clients. What is compared is when
// they knocked, where they say so: a machine that is busy opens the door later to some than to others, and would make
// a herd look orderly.
func (l *look) arrivals(ctx context.Context, a course.Arrivals) (Verdict, error) {
	want := wantArrivals(a)
	log := l.run.target.Log(a.By)
	since := log.Last()
	if err := l.do(ctx, a.Do); err != nil {
		return Verdict{Want: want}, err
	}
	if !sleep(ctx, a.During) {
		return Verdict{Want: want}, ctx.Err()
	}
	var times []time.Time
	for _, line := range log.Since(since) {
		var said backendLine
		if strings.HasPrefix(line.Text, "{") && json.Unmarshal([]byte(line.Text), &said) == nil && said.Event == "handshake" {
			times = append(times, said.knocked(line))
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	count := strconv.Itoa(len(times))
	l.saw(Exchange{From: a.By, Kind: WireLog, Text: "handshake × " + count})
	if len(times) < a.AtLeast {
		return verdict(false, NewFact("arrivals-at-least", strconv.Itoa(a.AtLeast), seconds(a.During)),
			NewFact("arrivals", count, seconds(a.During)), ""), nil
	}
	if a.AtMost == 0 {
		return verdict(true, want, NewFact("arrivals", count, seconds(a.During)), ""), nil
	}
	most := peak(times, a.Window)
	return verdict(most <= a.AtMost, want, NewFact("arrivals-peak", strconv.Itoa(most), seconds(a.Window), count),
		"thundering-herd"), nil
}

// knocked is when the client began the handshake that a backend logged, as far as the client said so.
func (b backendLine) knocked(line Line) time.Time {
	if at, err := strconv.ParseFloat(b.Headers[knock], 64); err == nil && at > 0 && at < 1e11 {
		return time.UnixMilli(int64(at * 1000))
	}
	return line.Time
}

func wantArrivals(a course.Arrivals) Fact {
	if a.AtMost > 0 {
		return NewFact("arrivals-at-most", strconv.Itoa(a.AtMost), seconds(a.Window))
	}
	return NewFact("arrivals-at-least", strconv.Itoa(a.AtLeast), seconds(a.During))
}

// peak is how many of the times, which are in order, lie within one span at most.
func peak(times []time.Time, span time.Duration) int {
	most, first := 0, 0
	for i, t := range times {
		for t.Sub(times[first]) >= span {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
