//go:build !windows

package main

import (
	"os/exec"
	"syscall"
)

// detach gives a child a session of its own: Ctrl-C and the end of the terminal do not reach it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// politely has a process end in order, also one that was suspended.
func politely(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return err
	}
	return syscall.Kill(pid, syscall.SIGCONT)
}
