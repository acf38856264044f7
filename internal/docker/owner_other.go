//go:build !linux

package docker

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// startOf is not known without privileges or other programs here: a process id used again then counts as alive, and
// its leftovers wait for `lab clean`.
func startOf(int) string { return "" }

func foreign(string) bool { return false }

func exists(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	if runtime.GOOS == "windows" {
		return true // FindProcess opened it
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}
