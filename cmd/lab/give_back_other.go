//go:build !linux && !darwin

package main

import (
	"os"
	"os/exec"
)

// terminalModes are nothing here: a watchdog has no console on Windows, where shells set the modes that they need before
// each prompt, and how others tell the terminal's owner is not known.
type terminalModes struct{}

func bequeath(*exec.Cmd, *os.File, *os.File) (crash, theirs *os.File) { return nil, nil }

func inherited() (in, out, crash *os.File) { return nil, nil, nil }

func terminalNow(*os.File) (h heldTerminal, ok bool) { return h, false }

func putBack(*os.File, *heldTerminal) {}

func foreground(int) (group int, ok bool) { return 0, false }
