package probe

import (
	"strings"
	"testing"
	"time"
)

// TestLogIsBounded: a service that writes without end costs a bounded amount of memory, and its newest line is there.
func TestLogIsBounded(t *testing.T) {
	for _, size := range []int{1, 64 << 10} {
		var l Log
		text := strings.Repeat("x", size)
		for range 50_000 {
			l.Append(time.Time{}, text)
			if len(l.lines) > maxLines || l.bytes > maxBytes {
				t.Fatalf("%d lines, %d bytes", len(l.lines), l.bytes)
			}
		}
		if got := l.Since(l.Last() - 1); len(got) != 1 || got[0].Seq != 50_000 {
			t.Errorf("the newest line: %v", got)
		}
	}
}
