package journal

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/session"
)

// writer is a process that appends to the journal at path and acknowledges each event on standard output, until it
// has written JOURNAL_TEST_COUNT of them, or is killed.
func writer(path string) {
	j, err := Open(path)
	if err != nil {
		panic(err)
	}
	count := 0
	_, _ = fmt.Sscan(os.Getenv("JOURNAL_TEST_COUNT"), &count)
	for n := range count {
		id := fmt.Sprintf("%s-%06d", os.Getenv("JOURNAL_TEST_NAME"), n)
		if err := j.Append(context.Background(), session.Event{ID: id, Kind: session.Hinted, Message: strings.Repeat("x", 500)}); err != nil {
			panic(err)
		}
		fmt.Println(id)
	}
}

// torture tells whether the long forms of these tests are asked for.
func torture() bool { return os.Getenv("LAB_TORTURE") != "" }

// tally puts a row into the table of `make torture`: harness, tried, survived, lost, left, note.
func tally(t *testing.T, harness string, tried, lost int, note string) {
	t.Helper()
	t.Logf("%s: %d tried, %d lost; %s", harness, tried, lost, note)
	f, err := os.OpenFile(os.Getenv("LAB_TORTURE_TABLE"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return // nobody wants it
	}
	defer f.Close()
	fmt.Fprintf(f, "%s\t%d\t%d\t%d\t0\t%s\n", harness, tried, tried-lost, lost, note)
}

// seed is LAB_SEED, 1 if that is not set.
func seed() uint64 {
	n, err := strconv.ParseUint(os.Getenv("LAB_SEED"), 10, 64)
	if err != nil {
		return 1
	}
	return n
}

func startWriter(t *testing.T, path, name string, count int) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "JOURNAL_TEST_WRITER="+path, "JOURNAL_TEST_NAME="+name, fmt.Sprintf("JOURNAL_TEST_COUNT=%d", count))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// seen counts how often each id is in the journal's file itself.
func seen(t *testing.T, j *Journal) map[string]int {
	t.Helper()
	counts := map[string]int{}
	err := parse(t.Context(), strings.NewReader(content(t, j.Path())), chunk{}, func(p parsed) error {
		for _, r := range p.records {
			counts[r.event.ID]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

func TestManyProcessesLoseAndDoubleNothing(t *testing.T) {
	processes, each := 8, 40
	if torture() {
		processes, each = 64, 200
	}
	j := open(t, good(1)[:60]) // a torn tail to begin with
	var done sync.WaitGroup
	for p := range processes {
		cmd, acks := startWriter(t, j.Path(), fmt.Sprintf("p%02d", p), each)
		done.Go(func() {
			for acks.Scan() {
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	counts, lost := seen(t, j), 0
	for p := range processes {
		for n := range each {
			if id := fmt.Sprintf("p%02d-%06d", p, n); counts[id] != 1 {
				lost++
				t.Errorf("%s is there %d times", id, counts[id])
			}
		}
	}
	tally(t, "journal: writers at once", processes*each, lost, fmt.Sprintf("%d processes, %d events each", processes, each))
	if _, damage := load(t, j); damage.Lines() != 0 {
		t.Errorf("got %+v, though the torn line was mended", damage)
	}
	if got := content(t, j.BadPath()); got != good(1)[:60]+"\n" {
		t.Errorf("got %q set aside, want the torn line", got)
	}
}

func TestKilledWriterLosesNothingAcknowledged(t *testing.T) {
	kills := 25
	if torture() {
		kills = 500
	}
	j := open(t, "")
	r := rand.New(rand.NewPCG(seed(), 2))
	acknowledged := map[string]bool{}
	for k := range kills {
		cmd, acks := startWriter(t, j.Path(), fmt.Sprintf("k%02d", k), 1_000_000)
		var once sync.Once
		for acks.Scan() {
			acknowledged[acks.Text()] = true
			once.Do(func() {
				time.AfterFunc(time.Duration(r.IntN(20_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
			})
		}
		if err := cmd.Wait(); err == nil {
			t.Error("the writer ended by itself")
		}
	}
	counts, lost := seen(t, j), 0
	for id := range acknowledged {
		if counts[id] != 1 {
			lost++
			t.Errorf("%s was acknowledged and is there %d times", id, counts[id])
		}
	}
	tally(t, "journal: kill -9 of a writer", kills, lost, fmt.Sprintf("%d events acknowledged", len(acknowledged)))
	if len(acknowledged) < kills {
		t.Errorf("only %d events were acknowledged", len(acknowledged))
	}
	if err := j.Append(t.Context(), event(1)); err != nil {
		t.Errorf("after all that: %v", err)
	}
}
