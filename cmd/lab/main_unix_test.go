//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// hearHangUp undoes what nohup and some CI systems do: whoever inherits that SIGHUP is ignored goes on ignoring it. The
// tests send it to programs that they start, and a signal that is heard is inherited as one that is not ignored.
func hearHangUp() { signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) }
