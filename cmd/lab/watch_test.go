package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/docker"
)

// TestWatchRemovesFolders: a pipe that closes without a word has the folders removed, and one with a word does not;
// nothing but a temporary folder of ours is ever removed.
func TestWatchRemovesFolders(t *testing.T) {
	temp := t.TempDir()
	ours, other := filepath.Join(temp, scratchPrefix+"1.2.3.4"), filepath.Join(temp, "precious")
	charges := fmt.Sprintf("{\"folder\":%q}\n{\"folder\":%q}\n{\"folder\":\"cut o", ours, other)
	for text, want := range map[string]bool{charges + "": false, fmt.Sprintf("{\"folder\":%q}\n{\"bye\":true}\n", ours): true} {
		for _, dir := range []string{ours, other} {
			if err := os.MkdirAll(filepath.Join(dir, "inside"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if got := watch(strings.NewReader(text), nil); got != exitPassed {
			t.Errorf("exit code %d", got)
		}
		if _, err := os.Stat(ours); (err == nil) != want {
			t.Errorf("%q: the folder is there: %v, want %v", text, err == nil, want)
		}
		if _, err := os.Stat(other); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestWatchdogDismissed: a watchdog that is told that all is well ends at once.
func TestWatchdogDismissed(t *testing.T) {
	w := startWatchdog(program(t), nil, nil)
	if w == nil {
		t.Fatal("it did not start")
	}
	begun := time.Now()
	w.dismiss()
	select {
	case <-w.exited:
	default:
		t.Errorf("it still runs %v after it was dismissed", time.Since(begun))
	}
	var none *watchdog
	none.tell(charge{})
	none.dismiss()
}

// TestWatchdogOfEmbedded: the temporary folder of a run without Docker goes, too, when the program is killed with its
// whole process group.
func TestWatchdogOfEmbedded(t *testing.T) {
	bin, temp := program(t), t.TempDir()
	cmd := exec.Command(bin, "run", "03", "--engine", "embedded")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	folders := func() int {
		all, _ := filepath.Glob(filepath.Join(temp, scratchPrefix+"*"))
		return len(all)
	}
	until := func(what string, n int) {
		for begun := time.Now(); folders() != n; time.Sleep(10 * time.Millisecond) {
			if time.Since(begun) > 5*time.Second {
				t.Fatalf("%s: %d folders, want %d", what, folders(), n)
			}
		}
	}
	until("running", 1)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	until("killed", 0)
}

// TestSweepScratch: the next command removes what dead processes of this user left, and nothing else.
func TestSweepScratch(t *testing.T) {
	temp, me := t.TempDir(), docker.Self()
	name := func(uid, pid int, start string) string {
		return fmt.Sprintf("%s%d.%d.%s.RANDOM", scratchPrefix, uid, pid, start)
	}
	stays := map[string]bool{
		name(me.UID, me.PID, me.Start): true, name(me.UID, 1<<22, me.Start): false, name(me.UID+1, 1<<22, "x"): true,
		scratchPrefix + "12345": true, "other": true,
	}
	for n := range stays {
		if err := os.Mkdir(filepath.Join(temp, n), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	sweepScratch(temp)
	for n, want := range stays {
		if _, err := os.Stat(filepath.Join(temp, n)); (err == nil) != want {
			t.Errorf("%s: there %v, want %v", n, err == nil, want)
		}
	}
}
