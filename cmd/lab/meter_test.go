package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestAmount(t *testing.T) {
	for _, test := range []struct {
		done, total int64
		want        string
	}{
		{999, 0, "999 B"},
		{14_300_000, 0, "14.3 MB"},
		{2_500_000_000, 0, "2.50 GB"},
		{5_000, 20_000, "▰▰▰▰▰▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱  5.0 kB / 20.0 kB   25 %"},
		{20_000, 20_000, "▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰  20.0 kB / 20.0 kB  100 %"},
	} {
		if got := amount(test.done, test.total); got != test.want {
			t.Errorf("amount(%d, %d) = %s, want %s", test.done, test.total, got, test.want)
		}
	}
}

// TestMeter: without a terminal, lines and nothing but lines.
func TestMeter(t *testing.T) {
	var b bytes.Buffer
	a := &app{world: world{err: &b, getenv: func(string) string { return "" }}}
	m := a.meter()
	m.of("x")(1, 2) // too early
	m.last = time.Time{}
	m.of("x\x1b[31m")(1, 2)
	m.end("x", 2)
	m.stop()
	want := "x�[31m  " + strings.Repeat("▰", 10) + strings.Repeat("▱", 10) + "  1 B / 2 B   50 %\nx  2 B  ✓\n"
	if got := b.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
