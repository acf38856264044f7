package probe

import (
	"testing"
	"time"
)

// TestSeconds wants figures as people write them, whatever a float makes of them.
func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0", 1997 * time.Millisecond: "1.997", 1996600 * time.Microsecond: "1.997", 30 * time.Second: "30",
		30005 * time.Millisecond: "30.005", 400 * time.Microsecond: "0",
	} {
		if got := seconds(d); got != want {
			t.Errorf("seconds(%s): got %s, want %s", d, got, want)
		}
	}
	for ms := range int64(100_000) {
		if got := seconds(time.Duration(ms) * time.Millisecond); len(got) > len("99.999") {
			t.Fatalf("%d ms: got %s", ms, got)
		}
	}
}
