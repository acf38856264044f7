//go:build unix

package main

import "syscall"

// freeRoom is how many bytes this user may still write to the disk of a folder.
func freeRoom(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}
