package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const getModes, setModes = unix.TCGETS, unix.TCSETS

// foreground is the process group that has the terminal of a session, by the session's leader: the system tells others
// nothing. ok is false where there is no such process, or no terminal of its.
func foreground(leader int) (group int, ok bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", leader))
	if err != nil {
		return 0, false
	}
	// proc(5): "pid (name) state ppid pgrp session tty_nr tpgid …", and a name may hold anything.
	f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(f) < 6 {
		return 0, false
	}
	group, err = strconv.Atoi(f[5])
	return group, err == nil && group > 0
}
