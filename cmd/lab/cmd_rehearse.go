package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
)

// testOptions are the options of `lab test`.
type testOptions struct {
	engine, proxy, step, output string
	quick                       bool
}

// testCommand is `lab test`. Its file cannot be called after it: Go would take that for a test.
func (a *app) testCommand() *cobra.Command {
	var o testOptions
	c := &cobra.Command{
		Use: "test [DIR|LESSON]", Short: "Find out whether labs are valid, on every engine that they claim",
		Long: "Each step's checks must not hold before its solution and must hold after it; every case of mistakes/ must be\n" +
			"found out in the way that it says, and every case of answers/ must pass. Cases run side by side in\n" +
			"environments of their own, so that waits overlap. The exit code is 1 if anything was found.",
		Example: "  lab test ./my-lab\n  lab test labs/03-reverse-proxy --proxy caddy\n  lab test 03 --step idle-drop --output junit",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("lab test takes one folder or lesson")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			name := "."
			if len(args) == 1 {
				name = args[0]
			}
			return a.test(c.Context(), name, o)
		},
	}
	a.yesFlag(c)
	choiceFlag(c, "engine", &o.engine, "docker or embedded (default: every engine that the lab claims)", engineDocker, engineEmbedded)
	c.Flags().StringVar(&o.proxy, "proxy", "", "the lab's variant (default: every one)")
	c.Flags().StringVar(&o.step, "step", "", "this step alone, by number or id")
	c.Flags().BoolVar(&o.quick, "quick", false, "the steps alone, without mistakes and answers")
	outputFlag(c, &o.output, "text", "json", "junit")
	return c
}

// test rehearses labs and reports what was found.
func (a *app) test(ctx context.Context, name string, o testOptions) error {
	labs, err := a.labsOf(name, o.proxy)
	if err != nil {
		return err
	}
	out := a.rehearsalReport(o.output)
	r := session.Rehearsal{Quick: o.quick, Say: out.trial, Planned: out.planned}
	if labs, r.Step, err = havingStep(labs, o.step); err != nil {
		return err
	}
	if r.Plays, err = a.plays(ctx, labs, o.engine); err != nil {
		return err
	}
	began := time.Now()
	a.sessions.Add(1)
	trials, err := session.Rehearse(ctx, r)
	a.sessions.Add(-1)
	if err != nil {
		return err
	}
	if err := out.end(trials, time.Since(began)); err != nil {
		return err
	}
	if slices.ContainsFunc(trials, func(t session.Trial) bool { return t.Finding != "" }) {
		return errNotMet
	}
	return nil
}

// havingStep leaves the labs that have a step, given by number or id, and gives its id; "" leaves them all. Of several
// labs, the step is that of the first that has one.
func havingStep(labs []course.Lab, name string) (having []course.Lab, id string, err error) {
	if name == "" {
		return labs, "", nil
	}
	for _, lab := range labs {
		step, unknown := stepID(lab, name)
		switch {
		case unknown != nil:
			err = unknown
		case id == "" || id == step:
			id, having = step, append(having, lab)
		}
	}
	if id == "" {
		return nil, "", err
	}
	return having, id, nil
}

// plays pairs each lab with each engine that it claims, or with the one that is asked for.
func (a *app) plays(ctx context.Context, labs []course.Lab, only string) ([]session.Play, error) {
	engines := map[string]session.Engine{}
	var out []session.Play
	for _, lab := range labs {
		names := lab.Engines
		if only != "" {
			names = []string{only}
		}
		for _, name := range names {
			if only != "" && !slices.Contains(lab.Engines, only) && len(labs) > 1 {
				continue // another one of the labs may claim it
			}
			if engines[name] == nil {
				e, _, err := a.engine(ctx, name, lab)
				if err != nil {
					return nil, err
				}
				engines[name] = e
			}
			out = append(out, session.Play{Lab: lab, Engine: engines[name]})
		}
	}
	if e := engines[engineDocker]; e != nil {
		if err := a.consent(ctx, e, playedOn(out, e)...); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, usageError{fmt.Errorf("--engine %s: none of the labs claims to run on it", only)}
	}
	return out, nil
}

// playedOn gives the labs of those that are played on an engine.
func playedOn(plays []session.Play, e session.Engine) []course.Lab {
	var out []course.Lab
	for _, p := range plays {
		if p.Engine == e {
			out = append(out, p.Lab)
		}
	}
	return out
}
