package main

import "golang.org/x/sys/unix"

const getModes, setModes = unix.TIOCGETA, unix.TIOCSETA

// foreground is the process group that has the terminal of a session, by the session's leader: the system tells others
// nothing. ok is false where there is no such process, or no terminal of its.
func foreground(leader int) (group int, ok bool) {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", leader)
	if err != nil {
		return 0, false
	}
	return int(p.Eproc.Tpgid), p.Eproc.Tpgid > 0
}
