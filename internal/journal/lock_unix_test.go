//go:build unix

package journal

import (
	"syscall"
	"testing"

	"github.com/cwk-stream/lab/internal/hint"
)

func TestAPipeInThePlaceOfTheLockIsRefused(t *testing.T) {
	j := open(t, good(1)+"\n")
	if err := syscall.Mkfifo(j.Path()+".lock", 0o600); err != nil {
		t.Skip(err)
	}
	err := j.Append(t.Context(), event(2))
	if h, ok := hint.Find(err); !ok || h.Code != "journal-unusable" {
		t.Errorf("got %v, want a hint journal-unusable", err)
	}
}
