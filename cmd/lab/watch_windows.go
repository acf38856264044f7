package main

import (
	"errors"
	"os/exec"
	"syscall"
)

const detachedProcess = 0x8 // DETACHED_PROCESS: no console, and so no Ctrl-C and no end with the window

// detach gives a child a group of its own and no console.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP | detachedProcess}
}

// politely cannot be polite: a process without a window and in another console is sent nothing.
func politely(int) error { return errors.ErrUnsupported }
