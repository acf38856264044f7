package docker

import (
	"os"
	"os/exec"
	"testing"
)

// TestOwnerOnWindows: a process is known by its account and by when it started, and is dead once it has ended, though
// somebody still holds it open.
func TestOwnerOnWindows(t *testing.T) {
	me := Self()
	if me.UID < 0 || me.Start == "" || !me.Alive() {
		t.Errorf("this process is %+v", me)
	}
	again := me
	again.Start = "1"
	if again.Alive() {
		t.Error("an earlier process with this one's id counts as alive")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	child := Owner{Host: me.Host, UID: me.UID, PID: cmd.Process.Pid}
	child.Start = startOf(child.PID)
	_ = in.Close()
	_ = cmd.Wait()
	if child.Alive() {
		t.Errorf("%+v has ended and counts as alive", child)
	}
}
