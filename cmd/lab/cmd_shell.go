package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/cwk-stream/lab/internal/docker"
)

func (a *app) shellCommand() *cobra.Command {
	var proxy string
	c := &cobra.Command{
		Use: "shell LESSON SERVICE", Short: "A shell in a service of a running lab",
		Long: "Shell opens a shell in a container of a lab that you are running in another terminal. The embedded engine has\n" +
			"no containers, and no shell.",
		Example: "  lab shell 03 proxy\n  echo 'nginx -T' | lab shell 03 proxy",
		Args:    exactly("a lesson", "a service"),
		RunE: func(c *cobra.Command, args []string) error {
			t, err := a.find(args[0], proxy)
			if err != nil {
				return err
			}
			e := docker.New(docker.Options{})
			if err := available(c.Context(), e); err != nil {
				return err
			}
			return a.shell(c.Context(), e, t.lab.ID, args[1])
		},
	}
	proxyFlag(c, &proxy)
	return c
}

// shell connects this terminal with a shell, and leaves it as it was.
func (a *app) shell(ctx context.Context, e *docker.Engine, lab, service string) error {
	t := docker.Terminal{In: a.in, Out: a.out, Err: a.err, Type: a.getenv("TERM")}
	if in, ok := a.in.(*os.File); ok && isTerminal(a.in) && isTerminal(a.out) {
		defer a.holdTerminal("")()
		was, err := term.MakeRaw(int(in.Fd()))
		if err == nil {
			defer func() { _ = term.Restore(int(in.Fd()), was) }()
			t.TTY = true
			t.Cols, t.Rows, _ = term.GetSize(int(in.Fd()))
		}
	}
	code, err := e.Shell(ctx, lab, service, t)
	if err == nil && code != 0 {
		return errNotMet
	}
	return err
}
