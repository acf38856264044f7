//go:build unix

package journal

import (
	"fmt"
	"os"
	"syscall"
)

// sameOwner is an error where f is another user's: one that root put in its place could not be written to by them.
func sameOwner(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is another user's", f.Name())
	}
	return nil
}
