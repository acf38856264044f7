package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// TestResetAsks: on a terminal, files that the student has changed are put back only after a yes.
func TestResetAsks(t *testing.T) {
	home := t.TempDir()
	conf := filepath.Join(home, "work", "03-reverse-proxy", "nginx", "websocket.conf")
	const mine, question = "# my own line\n", "(yes/no)"
	for _, tt := range []struct {
		file   string // what the student has; "" leaves it
		answer string // typed ahead
		asks   bool
		kept   bool
		args   []string
	}{
		{"", "", false, false, nil}, // nothing is there yet
		{mine, "no\n", true, true, nil},
		{mine, "\n", true, true, nil},
		{mine, "yes\n", true, false, nil},
		{"", "", false, false, nil}, // nothing differs
		{mine, "", false, false, []string{"--yes"}},
	} {
		if tt.file != "" {
			write(t, conf, tt.file)
		}
		cmd := exec.Command(program(t), append([]string{"reset", "03"}, tt.args...)...)
		cmd.Env = append(os.Environ(), "LAB_HOME="+home, "LAB_LANG=en", "TERM=xterm")
		terminal, err := pty.Start(cmd)
		if err != nil {
			t.Skipf("needs a terminal: %v", err)
		}
		if _, err := terminal.WriteString(tt.answer); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		_, _ = io.Copy(&said, terminal) // until the program has closed its end
		if err := cmd.Wait(); err != nil {
			t.Errorf("%+v: %v: %s", tt, err, said.String())
		}
		_ = terminal.Close()
		if got := strings.Contains(said.String(), question); got != tt.asks {
			t.Errorf("%+v: asked is %v: %s", tt, got, said.String())
		}
		now, err := os.ReadFile(conf)
		if err != nil || strings.Contains(string(now), mine) != tt.kept {
			t.Errorf("%+v: the file is %q, %v", tt, now, err)
		}
	}
}
