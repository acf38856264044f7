package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// listening lists the addresses on which the process of that id listens, of proc(5), in hexadecimal.
func listening(t *testing.T, pid int) (all []string) {
	t.Helper()
	mine := map[string]bool{}
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(links) == 0 {
		t.Skip("needs /proc")
	}
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && strings.HasPrefix(to, "socket:[") {
			mine[strings.Trim(strings.TrimPrefix(to, "socket:"), "[]")] = true
		}
	}
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		data, err := os.ReadFile("/proc/net/" + table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			f := strings.Fields(line)
			const listen, unconnected = "0A", "07"
			if len(f) > 9 && mine[f[9]] && (f[3] == listen || f[3] == unconnected) {
				all = append(all, table+" "+f[1])
			}
		}
	}
	return all
}

// loopback tells whether an address of proc(5) is one: 127.0.0.0/8 or ::1, in the machine's byte order.
func loopback(entry string) bool {
	_, addr, _ := strings.Cut(entry, " ")
	host, _, _ := strings.Cut(addr, ":")
	b, err := hex.DecodeString(host)
	if err != nil {
		return false
	}
	return len(b) == 4 && (b[3] == 127 || b[0] == 127) || host == "00000000000000000000000001000000"
}

// TestListensOnLoopbackOnly looks at what the program listens on while it runs a lab, on either engine.
func TestListensOnLoopbackOnly(t *testing.T) {
	for _, engine := range []string{engineEmbedded, engineDocker} {
		t.Run(engine, func(t *testing.T) {
			if engine == engineDocker {
				onDocker(t)
			}
			cmd := exec.Command(program(t), "run", "03", "--engine", engine, "--output", "json")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() }()
			seen := 0
			timer := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
			for s := bufio.NewScanner(out); s.Scan(); {
				for _, entry := range listening(t, cmd.Process.Pid) {
					seen++
					if !loopback(entry) {
						t.Errorf("listens on %s", entry)
					}
				}
				if strings.Contains(s.Text(), `"kind":"moved"`) && strings.Contains(s.Text(), "idle-drop") {
					break
				}
			}
			if engine == engineEmbedded && seen == 0 {
				t.Error("the stand-ins were not seen to listen at all")
			}
		})
	}
}

// TestPrivateFiles wants the student's folder, files and progress readable by the student alone.
func TestPrivateFiles(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	for _, args := range [][]string{{"solve", "03"}, {"hint", "03"}, {"reset", "03"}, {"diff", "03"}} {
		cmd := exec.Command(program(t), args...)
		cmd.Env = append(os.Environ(), "LAB_HOME="+home)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("lab %v: %v\n%s", args, err, out)
		}
	}
	files := 0
	err := filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if files++; d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: mode %o, want %o", path, got, want)
		}
		return nil
	})
	if err != nil || files < 5 {
		t.Errorf("%d files, %v", files, err)
	}
}
