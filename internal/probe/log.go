package probe

import (
	"context"
	"errors"
	"sync"
	"time"
)

// maxLines and maxBytes bound the memory of one service's log, of which half goes when it is full. A check reads what was
// written since it began; a service writes a few lines a request, and nginx a dozen a reload.
const (
	maxLines = 4_000
	maxBytes = 2 << 20
)

// Line is one line that a service wrote.
type Line struct {
	Seq  int       // 1 for the first line of the service, then without gaps
	Time time.Time // by the engine's clock
	Text string    // without the newline
}

// ErrLogEnded is returned by Wait once a service has ended and no line is to come.
var ErrLogEnded = errors.New("the service's log has ended")

// Log is what a service has written so far. Engines append, probes wait. The zero value is ready for use; all
// methods may be called from several goroutines.
type Log struct {
	mu      sync.Mutex
	lines   []Line
	bytes   int
	last    int
	ended   bool
	changed chan struct{}
}

// Append adds a line.
func (l *Log) Append(at time.Time, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	l.lines = append(l.lines, Line{Seq: l.last, Time: at, Text: text})
	l.bytes += len(text)
	if len(l.lines) > maxLines || l.bytes > maxBytes {
		l.lines = append([]Line(nil), l.lines[(len(l.lines)+1)/2:]...)
		l.bytes = 0
		for _, line := range l.lines {
			l.bytes += len(line.Text)
		}
	}
	l.wake()
}

// End says that no line will follow.
func (l *Log) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.wake()
}

func (l *Log) wake() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// Last is the Seq of the newest line, 0 for none.
func (l *Log) Last() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// Since gives the lines after seq, oldest first.
func (l *Log) Since(seq int) []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.since(seq)
}

func (l *Log) since(seq int) []Line {
	n := l.last - seq
	if n <= 0 {
		return nil
	}
	if n > len(l.lines) {
		n = len(l.lines)
	}
	return append([]Line(nil), l.lines[len(l.lines)-n:]...)
}

// Wait gives the first line after seq that match accepts, waiting for it to be written. It returns ctx's error if
// that ends before, and ErrLogEnded if the service does.
func (l *Log) Wait(ctx context.Context, seq int, match func(Line) bool) (Line, error) {
	for {
		l.mu.Lock()
		lines, ended := l.since(seq), l.ended
		if l.changed == nil {
			l.changed = make(chan struct{})
		}
		changed := l.changed
		l.mu.Unlock()
		for _, line := range lines {
			if match(line) {
				return line, nil
			}
			seq = line.Seq
		}
		if ended {
			return Line{}, ErrLogEnded
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Line{}, ctx.Err()
		}
	}
}
