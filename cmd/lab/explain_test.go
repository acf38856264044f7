package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cwk-stream/lab/internal/hint"
)

// TestExplain: what is wrong with the machine is said as that, whatever it was noticed at.
func TestExplain(t *testing.T) {
	blamed := hint.With(&net.OpError{Op: "listen", Err: os.NewSyscallError("socket", syscall.EMFILE)}, "embedded-refused", "proxy", "too many open files")
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"descriptors", blamed, "further file or connection"},
		{"descriptors, of the whole machine", fmt.Errorf("opening: %w", syscall.ENFILE), "ulimit -n"},
		{"descriptors, by words", errors.New("dial unix: socket: too many open files"), "your configuration is not to blame"},
		{"time", fmt.Errorf("asking the engine: %w", context.DeadlineExceeded), "no answer came in time: asking the engine\nhint:"},
		{"time, within words", hint.With(context.DeadlineExceeded, "output-unwritable", "context deadline exceeded"), "no answer in time"},
		{"time, in the middle", errors.New(`Get "http://x": context deadline exceeded (Client.Timeout)`), "no answer in time (Client"},
		{"permission of one's own", fmt.Errorf("x: %w", fs.ErrPermission), "lab: x: permission denied\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			a := &app{world: world{err: &out, getenv: func(name string) string {
				return map[string]string{"LAB_HOME": t.TempDir()}[name]
			}}}
			a.complain(test.err)
			if got := out.String(); !strings.Contains(got, test.want) || strings.Contains(got, "deadline exceeded") {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}

// TestFolderOfRoot: after a run with sudo the student's folder is root's: the advice names the owner and the command.
func TestFolderOfRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs to be root, to be somebody else")
	}
	if _, err := exec.LookPath("setpriv"); err != nil {
		t.Skip("needs setpriv")
	}
	shared, err := os.MkdirTemp("", "lab-root-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(shared) })
	bin := filepath.Join(shared, "lab")
	data, err := os.ReadFile(program(t))
	if err == nil {
		err = errors.Join(os.WriteFile(bin, data, 0o755), os.Chmod(shared, 0o755)) //nolint:gosec // for another user to run
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, command := range map[string]string{"a folder": "hint 03", "a folder, to read": "status", "a folder, to work in": "start 03 --plain --engine embedded"} {
		t.Run(name, func(t *testing.T) {
			home := filepath.Join(shared, strings.ReplaceAll(name, " ", "-"))
			asRoot := exec.Command(bin, "hint", "03")
			asRoot.Env = append(os.Environ(), "LAB_HOME="+home, "LAB_LANG=en")
			if out, err := asRoot.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			cmd := exec.Command("setpriv", append([]string{"--reuid=65534", "--clear-groups", bin}, strings.Fields(command)...)...)
			cmd.Env = asRoot.Env
			out, err := cmd.CombinedOutput()
			for _, want := range []string{" belongs to root, and you are nobody\n", "sudo chown -R nobody '" + home + "'"} {
				if err == nil || !strings.Contains(string(out), want) {
					t.Errorf("got %v, %s; want %q in it", err, out, want)
				}
			}
		})
	}
}
