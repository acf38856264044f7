package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

func (a *app) runCommand() *cobra.Command {
	var engine, proxy, output string
	c := &cobra.Command{
		Use:   "run LESSON",
		Short: "Do and verify every step of a lab, nobody needed",
		Long: "Run takes a lab from its first step to its last: it writes each solution, has it applied and checked, and\n" +
			"reports what was seen on the wire. It works on files of its own: yours, and your progress, stay as they are.",
		Example: "  lab run 03\n  lab run 03 --engine embedded\n  lab run 03 --output json | jq 'select(.kind == \"verdict\")'",
		Args:    exactly("a lesson"),
		RunE: func(c *cobra.Command, args []string) error {
			t, err := a.find(args[0], proxy)
			if err != nil {
				return err
			}
			return a.report(c.Context(), plan{target: t, engine: engine, demo: true}, output, runAll)
		},
	}
	engineFlag(c, &engine)
	proxyFlag(c, &proxy)
	a.yesFlag(c)
	outputFlag(c, &output, "text", "json", "junit")
	return c
}

// outputFlag adds --output to a command; the first format is the default.
func outputFlag(c *cobra.Command, output *string, formats ...string) {
	*output = formats[0]
	choiceFlag(c, "output", output, "format: "+strings.Join(formats, ", "), formats...)
}

// report has a session do something, and reports it in a format. That a check is not met is errNotMet; that one could not
// tell is errUnknown.
func (a *app) report(ctx context.Context, p plan, output string,
	do func(context.Context, *session.Session) (probe.Outcome, error),
) error {
	out := a.reporter(output, p, p.from)
	r, err := a.begin(ctx, p, out)
	if err != nil {
		return err
	}
	out.Note(a.because(r.Why))
	outcome, err := do(ctx, r.Session)
	err = a.end(ctx, r, err)
	if err != nil {
		out.Fail(err)
	}
	if closed := out.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return outcomeError(outcome)
}

// runAll boots the environment, and solves and checks one step after the other, up to the first that is not met.
func runAll(ctx context.Context, s *session.Session) (probe.Outcome, error) {
	if err := s.Boot(ctx); err != nil {
		return probe.Unknown, err
	}
	for _, step := range s.Lab().Steps {
		if err := s.Goto(step.ID); err != nil {
			return probe.Unknown, err
		}
		if err := s.Solve(); err != nil {
			return probe.Unknown, err
		}
		outcome, err := s.Check(ctx)
		if err != nil || outcome != probe.Met {
			return outcome, err
		}
	}
	return probe.Met, nil
}

// outcomeError is what an outcome is to the exit code: nil for passed alone.
func outcomeError(outcome probe.Outcome) error {
	switch outcome {
	case probe.Met:
		return nil
	case probe.NotMet:
		return errNotMet
	}
	return errUnknown
}
