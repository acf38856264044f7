package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/workspace"
)

// offline is a session that only writes files and events: nothing runs.
type offline struct {
	*session.Session
	lab   course.Lab
	files *workspace.Workspace
}

// nothing is the engine of sessions that start none.
type nothing struct{ session.Engine }

func (nothing) Name() string { return "" }

// stepFlags are the options of the commands that work on the student's files.
type stepFlags struct{ proxy, step string }

func (f *stepFlags) add(c *cobra.Command) {
	proxyFlag(c, &f.proxy)
	c.Flags().StringVar(&f.step, "step", "", "step, by number or id (default: the first that is not met)")
}

// offline opens a lab's files and progress at a step.
func (a *app) offline(ctx context.Context, name string, f stepFlags) (*offline, error) {
	t, err := a.find(name, f.proxy)
	if err != nil {
		return nil, err
	}
	p := plan{target: t}
	if p.from, err = stepID(t.lab, f.step); err != nil {
		return nil, err
	}
	o := &offline{lab: t.lab}
	if o.files, err = a.workspace(t.lab); err != nil {
		return nil, err
	}
	c := session.Config{Lab: t.lab, Files: o.files, Engine: nothing{}, From: p.from}
	if err = a.remember(ctx, &c); err != nil {
		return nil, err
	}
	o.Session, err = session.New(c)
	return o, err
}

// stepID reads a step as people name it: "2", or its id; "" stays "".
func stepID(lab course.Lab, name string) (string, error) {
	if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= len(lab.Steps) {
		return lab.Steps[n-1].ID, nil
	}
	if _, _, ok := lab.Step(name); ok || name == "" {
		return name, nil
	}
	for _, s := range lab.Steps {
		if slices.Contains(s.Was, name) {
			return s.ID, nil
		}
	}
	return "", usageError{fmt.Errorf("lab %s has no step %q", lab.ID, name)}
}

// current is the step that the command is about.
func (o *offline) current() (course.Step, int) {
	i := min(o.Progress().Current, len(o.lab.Steps)-1)
	return o.lab.Steps[i], i
}

func (a *app) hintCommand() *cobra.Command {
	var f stepFlags
	c := &cobra.Command{
		Use: "hint LESSON", Short: "Show one hint more for the step you are at",
		Long:    "Hints come one at a time, from a nudge to nearly the answer, and cost nothing.",
		Example: "  lab hint 03\n  lab hint 03 --step 3",
		Args:    exactly("a lesson"),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := a.offline(c.Context(), args[0], f)
			if err != nil {
				return err
			}
			step, i := o.current()
			if _, err := o.Hint(); err != nil {
				return err
			}
			shown := o.Progress().Steps[i].Hints
			fmt.Fprintf(a.out, "%d  %s\n", i+1, printable.Line(step.Title.In(a.lang())))
			for n, h := range step.Hints[:min(shown, len(step.Hints))] {
				fmt.Fprintln(a.out, printable.Text(a.lang().Say("hint.line", n+1, len(step.Hints), h.In(a.lang()))))
			}
			if len(step.Hints) == 0 || shown >= len(step.Hints) {
				fmt.Fprintln(a.err, a.lang().Say("hint.no-more", args[0]))
			}
			return nil
		},
	}
	f.add(c)
	return c
}

func (a *app) solveCommand() *cobra.Command {
	var f stepFlags
	c := &cobra.Command{
		Use: "solve LESSON", Short: "Write a step's solution into your files",
		Long:    "Solve shows what changes and writes it; what you had is kept in a backup folder. A solved step earns no XP.",
		Example: "  lab solve 03\n  lab solve 03 --step 2",
		Args:    exactly("a lesson"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.rewrite(c.Context(), args[0], f, (*session.Session).Solve, "solve.done")
		},
	}
	f.add(c)
	return c
}

func (a *app) resetCommand() *cobra.Command {
	var f stepFlags
	var yes bool
	c := &cobra.Command{
		Use: "reset LESSON", Short: "Put your files back to the beginning of a step",
		Long: "Reset gives you the files as they are when the step begins; what you had is kept in a backup folder.\n" +
			"Your progress stays. On a terminal it asks first, if you have changed anything.",
		Example: "  lab reset 03\n  lab reset 03 --yes\n  lab reset 03 --step 1      as first handed out",
		Args:    exactly("a lesson"),
		RunE: func(c *cobra.Command, args []string) error {
			if sure, err := a.sureToReset(c.Context(), args[0], f, yes); err != nil || !sure {
				return err
			}
			return a.rewrite(c.Context(), args[0], f, (*session.Session).Reset, "reset.done")
		},
	}
	f.add(c)
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

// sureToReset asks on a terminal whether files that differ are to be put back. Where nobody can answer, it is taken that
// whoever wrote the command knew: what is replaced is kept in a backup.
func (a *app) sureToReset(ctx context.Context, name string, f stepFlags, yes bool) (bool, error) {
	if yes || !a.onScreen() {
		return true, nil
	}
	o, err := a.offline(ctx, name, f)
	if err != nil {
		return false, err
	}
	_, i := o.current()
	begin, err := o.Begin(i)
	if err != nil {
		return false, err
	}
	if mine, err := o.files.Read(); err == nil && mine.Equal(begin) {
		return true, nil
	}
	fmt.Fprint(a.lines(), printable.Text(a.lang().Say("reset.ask", o.files.Dir(), i+1))+" ")
	line, ok, err := prompt(ctx, a.in).line(ctx)
	if err != nil || ok && agreed(strings.ToLower(line)) {
		return err == nil, err
	}
	fmt.Fprintln(a.err, a.lang().Say("reset.not"))
	return false, nil
}

// rewrite replaces the student's files and shows what changed.
func (a *app) rewrite(ctx context.Context, name string, f stepFlags, do func(*session.Session) error, done string) error {
	o, err := a.offline(ctx, name, f)
	if err != nil {
		return err
	}
	before, err := o.files.Read()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		before = nil // unreadable: the new files are shown as a whole
	}
	if err := do(o.Session); err != nil {
		return err
	}
	after, err := o.files.Read()
	if err != nil {
		return err
	}
	a.printDiff(before, after)
	step, i := o.current()
	fmt.Fprintln(a.err, printable.Text(a.lang().Say(done, i+1, step.Title.In(a.lang()), o.files.Dir())))
	return nil
}

func (a *app) diffCommand() *cobra.Command {
	var f stepFlags
	var solution bool
	c := &cobra.Command{
		Use: "diff LESSON", Short: "Show what you changed",
		Long:    "Diff compares your files with those at the beginning of the step, or with its solution.",
		Example: "  lab diff 03\n  lab diff 03 --solution",
		Args:    exactly("a lesson"),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := a.offline(c.Context(), args[0], f)
			if err != nil {
				return err
			}
			mine, err := o.files.Read()
			if err != nil {
				return err
			}
			step, i := o.current()
			from, to := course.Files(nil), mine
			if from, err = o.Begin(i); solution {
				from = mine
				to, err = o.lab.Solution(step.ID)
			}
			if err != nil {
				return err
			}
			if !a.printDiff(from, to) {
				fmt.Fprintln(a.err, printable.Text(a.lang().Say("diff.none", o.files.Dir())))
			}
			return nil
		},
	}
	f.add(c)
	c.Flags().BoolVar(&solution, "solution", false, "from your files to the step's solution")
	return c
}

// printDiff prints how files differ and tells whether they do. That lines end in other ways is said once, and is no
// difference.
func (a *app) printDiff(before, after course.Files) bool {
	differs, said := false, false
	for _, name := range sortedNames(after) {
		if workspace.LineEndsDiffer(before[name], after[name]) && !said {
			said = true
			fmt.Fprintln(a.err, printable.Text(a.lang().Say("diff.line-ends", name)))
		}
		if d := workspace.Diff(name, before[name], after[name]); d != "" {
			differs = true
			fmt.Fprint(a.out, printable.Text(d))
		}
	}
	return differs
}
