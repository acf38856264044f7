//go:build !windows

package workspace

import (
	"os"
	"syscall"
	"testing"
)

func makePipe(t *testing.T, path string) {
	t.Helper()
	_ = os.Remove(path)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}
