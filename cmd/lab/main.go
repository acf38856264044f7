// Command lab breaks a real WebSocket proxy with you, shows what happens on the wire, and checks that you mended it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == watchWord {
		os.Exit(watch(os.Stdin))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	self, _ := os.Executable()
	code := run(ctx, os.Args[1:], world{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv, hurry: stop, self: self})
	stop()
	os.Exit(code)
}
