package main

import (
	"context"

	"github.com/spf13/cobra"
)

// startOptions are the options of the commands that open a lesson.
type startOptions struct {
	engine, proxy, from string
	takeOver            bool
}

func (o *startOptions) add(c *cobra.Command) {
	engineFlag(c, &o.engine)
	proxyFlag(c, &o.proxy)
	c.Flags().StringVar(&o.from, "from", "", "step to begin with, by number or id (default: the first that is not met)")
	c.Flags().BoolVar(&o.takeOver, "take-over", false, "end another program that has the lab open, and go on here")
}

func (a *app) startCommand() *cobra.Command {
	var o startOptions
	c := &cobra.Command{
		Use: "start LESSON", Short: "A lesson and its lab, full screen",
		Long: "Start opens a lesson while its lab boots. Edit the files with any editor: every save is validated by the\n" +
			"proxy itself, applied and checked on the wire. Without a terminal, or with --plain, the same is a transcript\n" +
			"with prompts. LESSON is a number, a name, or the folder of a lab.",
		Example: "  lab start 03\n  lab start 03 --plain --engine embedded\n  lab start ./labs/my-lab",
		Args:    exactly("a lesson"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.open(c.Context(), args[0], o)
		},
	}
	o.add(c)
	a.yesFlag(c)
	return c
}

// open starts the full-screen program where there is a terminal, at a lesson or at the course; else the transcript
// with prompts, or the list.
func (a *app) open(ctx context.Context, name string, o startOptions) error {
	if a.terminal() {
		return a.screen(ctx, name, o)
	}
	if name == "" {
		return a.list(ctx, "text")
	}
	t, err := a.find(name, o.proxy)
	if err != nil {
		return err
	}
	p := plan{target: t, engine: o.engine, takeOver: o.takeOver}
	if p.from, err = stepID(t.lab, o.from); err != nil {
		return err
	}
	return a.guide(ctx, p)
}
