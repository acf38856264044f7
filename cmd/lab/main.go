// Command lab breaks a real WebSocket proxy with you, shows what happens on the wire, and checks that you mended it.
package main

import (
	"context"
	"io"
	"log"
	"os"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == watchWord {
		outlive()
		var terminal *keeper
		if len(os.Args) > 2 {
			terminal = newKeeper()
		}
		os.Exit(watch(os.Stdin, terminal))
	}
	// What libraries log is not for the one at the terminal: net/http would print what a broken engine sends unasked.
	log.SetOutput(io.Discard)
	self, _ := os.Executable()
	ctx, again := attend(context.Background())
	os.Exit(run(ctx, os.Args[1:], world{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv, again: again, self: self}))
}
