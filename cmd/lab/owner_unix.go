//go:build !windows

package main

import (
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// otherOwner tells whether a file belongs to another user than the one who runs the program, and names both.
func otherOwner(info fs.FileInfo) (owner, me string, other bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(s.Uid) == os.Geteuid() {
		return "", "", false
	}
	return userName(int(s.Uid)), userName(os.Geteuid()), true
}

func userName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// openLimit is how many files and connections the program may have open at once; 0 where that is not known.
func openLimit() int {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	return int(l.Cur) //nolint:unconvert // its type differs between systems
}
