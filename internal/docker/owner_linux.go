package docker

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

func userID() int { return os.Getuid() }

// startOf says when a process started: the boot's id, the clock ticks since then, of proc(5), and the namespace that
// its id is of; "" if unknown.
func startOf(pid int) string {
	fields := stat(pid)
	const starttime = 22 - 3 // counted from the third field
	if len(fields) <= starttime {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil || len(boot) < 8 {
		return ""
	}
	return string(boot[:8]) + "-" + fields[starttime] + "-" + namespace()
}

// stat gives the fields of a process's stat from the third on.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	// The second field is the command in parentheses, which may hold spaces and parentheses itself.
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}

// namespace is the number of the namespace of process ids that this process lives in; "" if unknown.
func namespace() string {
	link, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.Trim(strings.TrimPrefix(link, "pid:"), "[]")
}

// foreign tells whether a process that started then had its id in another namespace. A container on the host's
// network has the host's name, and its process 7 is not ours.
func foreign(start string) bool {
	f := strings.Split(start, "-")
	return len(f) == 3 && f[2] != namespace()
}

// exists tells whether a process runs. One that has ended and was not waited for yet does not.
func exists(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	fields := stat(pid)
	return len(fields) == 0 || fields[0] != "Z" && fields[0] != "X"
}
