package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

func (a *app) checkCommand() *cobra.Command {
	var o startOptions
	var step, output string
	c := &cobra.Command{
		Use: "check LESSON", Short: "Verify your own files once, now",
		Long:    "Check boots the environment with your files, runs one step's checks, and removes it again.\nThe exit code is 0 if the step is met, 1 if it is not.",
		Example: "  lab check 03\n  lab check 03 --step 2 --output json",
		Args:    exactly("a lesson"),
		RunE: func(c *cobra.Command, args []string) error {
			t, err := a.find(args[0], o.proxy)
			if err != nil {
				return err
			}
			p := plan{target: t, engine: o.engine}
			if p.from, err = stepID(t.lab, step); err != nil {
				return err
			}
			if p.from == "" { // the report is about one step, and has to know which
				h, err := a.history(c.Context(), t.lab)
				if err != nil {
					return err
				}
				p.from = h.Next(t.lab).ID
			}
			return a.report(c.Context(), p, output, checkOnce)
		},
	}
	engineFlag(c, &o.engine)
	proxyFlag(c, &o.proxy)
	a.yesFlag(c)
	c.Flags().StringVar(&step, "step", "", "step, by number or id (default: the first that is not met)")
	outputFlag(c, &output, "text", "json", "junit")
	return c
}

func checkOnce(ctx context.Context, s *session.Session) (probe.Outcome, error) {
	if err := s.Boot(ctx); err != nil {
		return probe.Unknown, err
	}
	if s.Progress().Rejection != nil { // Boot has said so
		return probe.NotMet, nil
	}
	return s.Check(ctx)
}
