package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// TestRecordKeepsTheNewest: a long run's record stays small, whole lines, and has what came last.
func TestRecordKeepsTheNewest(t *testing.T) {
	r := &record{}
	for i := range 30_000 {
		r.add(map[string]any{"n": i, "text": strings.Repeat("x", 100)})
		if len(r.data) > maxRecord {
			t.Fatalf("%d bytes after %d lines", len(r.data), i)
		}
	}
	lines := bytes.Split(bytes.TrimSpace(r.data), []byte("\n"))
	for i, line := range lines {
		var v struct{ N int }
		if err := json.Unmarshal(line, &v); err != nil || v.N != 30_000-len(lines)+i {
			t.Fatalf("line %d of %d is %s: %v", i, len(lines), line, err)
		}
	}
	if len(r.data) < maxRecord/3 {
		t.Errorf("only %d bytes are kept", len(r.data))
	}
}
