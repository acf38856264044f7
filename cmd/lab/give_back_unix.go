//go:build linux || darwin

package main

import (
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// terminalModes are a terminal's modes, as the system has them.
type terminalModes = unix.Termios

// The files that a watchdog inherits, by number.
const (
	inheritedIn = 3 + iota
	inheritedOut
	inheritedCrash
)

// bequeath has a watchdog inherit a terminal, and gives the end of the pipe on which it hears of a crash.
func bequeath(cmd *exec.Cmd, in, out *os.File) (crash, theirs *os.File) {
	theirs, crash, err := os.Pipe()
	if err != nil {
		return nil, nil
	}
	cmd.Args = append(cmd.Args, watchTerminalWord)
	cmd.ExtraFiles = []*os.File{in, out, theirs}
	return crash, theirs
}

// inherited are the files that bequeath left.
func inherited() (in, out, crash *os.File) {
	return os.NewFile(inheritedIn, "terminal"), os.NewFile(inheritedOut, "terminal"), os.NewFile(inheritedCrash, "crash")
}

// terminalNow describes a terminal as it is.
func terminalNow(in *os.File) (h heldTerminal, ok bool) {
	if h.Modes, _ = unix.IoctlGetTermios(int(in.Fd()), getModes); h.Modes == nil {
		return h, false
	}
	h.Leader, _ = unix.Getsid(0)
	h.Groups = []int{unix.Getpgrp(), h.Leader}
	if shell, err := unix.Getpgid(unix.Getppid()); err == nil {
		h.Groups = append(h.Groups, shell)
	}
	return h, true
}

// putBack sets the modes of a terminal, if they are still such as a program leaves behind that could not: a shell that
// has had its turn has set its own. It needs no leave: the watchdog is of no session that the terminal belongs to.
func putBack(in *os.File, h *heldTerminal) {
	now, err := unix.IoctlGetTermios(int(in.Fd()), getModes)
	if err != nil || h.Modes == nil {
		return
	}
	raw := now.Oflag&unix.OPOST == 0 && now.Lflag&unix.ISIG == 0
	password := now.Lflag&unix.ICANON != 0 && now.Lflag&unix.ECHO == 0
	if raw || password {
		_ = unix.IoctlSetTermios(int(in.Fd()), setModes, h.Modes)
	}
}
