//go:build !linux && !windows

package docker

import (
	"errors"
	"os"
	"syscall"
)

func userID() int { return os.Getuid() }

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
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}
