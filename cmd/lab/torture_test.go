package main

import (
	"fmt"
	"os"
	"strconv"
	"testing"
)

// The harnesses of `make torture`: each is an ordinary test in a shortened form; LAB_TORTURE asks for the long one, and
// LAB_SEED for other moments. Each adds a row to the table that LAB_TORTURE_TABLE names.

// long gives how often to try.
func long(short, torture int) int {
	if os.Getenv("LAB_TORTURE") != "" {
		return torture
	}
	return short
}

// seed is LAB_SEED, 1 if that is not set.
func seed() uint64 {
	n, err := strconv.ParseUint(os.Getenv("LAB_SEED"), 10, 64)
	if err != nil {
		return 1
	}
	return n
}

// tally is one row of the table.
type tally struct {
	Harness                     string
	Tried, Survived, Lost, Left int
	Note                        string
}

// report logs a row and puts it into the table.
func (r tally) report(t *testing.T) {
	t.Helper()
	t.Logf("%s: tried %d, survived %d, lost %d, left %d; %s", r.Harness, r.Tried, r.Survived, r.Lost, r.Left, r.Note)
	if r.Lost > 0 || r.Left > 0 {
		t.Errorf("%s: %d lost, %d left", r.Harness, r.Lost, r.Left)
	}
	name := os.Getenv("LAB_TORTURE_TABLE")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fmt.Fprintf(f, "%s\t%d\t%d\t%d\t%d\t%s\n", r.Harness, r.Tried, r.Survived, r.Lost, r.Left, r.Note)
}
