package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/session"
)

// TestSmallDiskFillsUp writes until a small disk is full: what was acknowledged is there, what was not is an error that says
// so, the file was never rewritten, and once there is room it goes on.
func TestSmallDiskFillsUp(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=128k"); err != nil {
		t.Skip("needs the right to mount:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 32<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := Open(filepath.Join(dir, "progress.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var acknowledged []string
	write := func(n int) error {
		id := fmt.Sprintf("s-%06d", n)
		err := j.Append(t.Context(), session.Event{ID: id, Kind: session.Hinted, Message: strings.Repeat("x", 700)})
		if err == nil {
			acknowledged = append(acknowledged, id)
		}
		return err
	}
	n := 0
	for err = nil; err == nil && n < 1000; n++ {
		err = write(n)
	}
	if h, ok := hint.Find(err); !ok || h.Code != "journal-full" {
		t.Fatalf("after %d events: %v, want a hint journal-full", n, err)
	}
	before := content(t, j.Path())
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := write(n); err != nil {
			t.Fatalf("with room again: %v", err)
		}
		n++
	}
	if !strings.HasPrefix(content(t, j.Path()), before) {
		t.Error("the file was rewritten")
	}
	counts := seen(t, j)
	for _, id := range acknowledged {
		if counts[id] != 1 {
			t.Errorf("%s was acknowledged and is there %d times", id, counts[id])
		}
	}
	if _, damage := load(t, j); damage.Lines() != 0 {
		t.Errorf("the full disk left %+v of what it cut off", damage)
	}
	t.Logf("%d events fit", len(acknowledged))
}
