package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/session"
)

func (a *app) pullCommand() *cobra.Command {
	var all bool
	var proxy string
	c := &cobra.Command{
		Use: "pull [LESSON]", Short: "Get a lab's images ready, for a machine that will be without a network",
		Example: "  lab pull 03\n  lab pull --all",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || all == (len(args) == 1) {
				return usageError{fmt.Errorf("lab pull needs a lesson or --all")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			labs, err := a.labs(args, proxy)
			if err != nil {
				return err
			}
			e := docker.New(docker.Options{})
			if err := available(c.Context(), e); err != nil {
				return err
			}
			a.guardEngine(c.Context(), e)
			if err := a.consent(c.Context(), e, labs...); err != nil {
				return err
			}
			say := a.stages()
			for _, lab := range labs {
				if err := e.Prepare(c.Context(), lab.Env, say); err != nil {
					return err
				}
				a.noteWhere(lab.ID)
				fmt.Fprintln(a.out, a.lang().Say("pull.ready", lab.ID, lab.Variant))
			}
			return nil
		},
	}
	c.Flags().BoolVar(&all, "all", false, "every lab of the course, in every variant")
	a.yesFlag(c)
	proxyFlag(c, &proxy)
	return c
}

// labs loads the labs that args name, or all of the course in all their variants.
func (a *app) labs(args []string, proxy string) ([]course.Lab, error) {
	if len(args) == 1 {
		t, err := a.find(args[0], proxy)
		return []course.Lab{t.lab}, err
	}
	c, err := a.course()
	if err != nil {
		return nil, err
	}
	return labsOf(c)
}

// labsOf loads every lab of a course in every variant.
func labsOf(c *course.Course) ([]course.Lab, error) {
	var out []course.Lab
	for _, l := range c.Lessons {
		if l.Lab == "" {
			continue
		}
		first, err := c.Lab(l.Lab, "")
		if err != nil {
			return nil, err
		}
		variants, err := course.Variants(first.FS)
		if err != nil {
			return nil, err
		}
		for _, v := range variants {
			lab, err := c.Lab(l.Lab, v)
			if err != nil {
				return nil, err
			}
			out = append(out, lab)
		}
	}
	return out, nil
}

// stages prints the progress of images: a line a stage, one for each step of a build, and how many bytes have come of
// what is pulled.
func (a *app) stages() func(session.Stage) {
	last, m := "", a.meter()
	return func(s session.Stage) {
		line := a.lang().Say("stage."+s.Name, s.Subject)
		if s.Total > 0 && s.Name == "image" {
			if !s.End {
				m.of(line)(s.Done, s.Total)
				return
			}
			m.stop()
			line += "  " + size(s.Total)
		}
		if s.Total > 0 && s.Name == "build" {
			line += fmt.Sprintf("  %d/%d", s.Done, s.Total)
		}
		if s.End {
			line += "  ✓"
		}
		if line != last {
			last = line
			fmt.Fprintln(a.err, printable.Text(line))
		}
	}
}
