package docker

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestLongLines: of a line that is too long the beginning is kept, and the next line is whole again.
func TestLongLines(t *testing.T) {
	var got []string
	l := &lines{add: func(_ time.Time, text string) { got = append(got, text) }}
	part := strings.Repeat("x", 16<<10)
	for _, text := range []string{"short\n", part, part + "\n", part, part, part, part, part, "rest\n", "next\n",
		part, part, part, part, "\n", "last\r\n"} {
		_, _ = l.Write([]byte("2026-01-02T03:04:05.678Z " + text))
	}
	want := []string{"short", part + part, strings.Repeat(part, 4), "next", strings.Repeat(part, 4), "last"}
	if !slices.Equal(got, want) {
		for _, line := range got {
			t.Logf("%d bytes: %.10q", len(line), line)
		}
		t.Errorf("%d lines, want %d", len(got), len(want))
	}
}
