package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/journal"
	"github.com/cwk-stream/lab/internal/printable"
)

func (a *app) progressCommand() *cobra.Command {
	progress := family(&cobra.Command{Use: "progress", Short: "Move or join progress between machines"})
	progress.AddCommand(&cobra.Command{
		Use: "export FILE", Short: "Write your progress to a file (- for standard output)", Args: exactly("a file"),
		RunE: func(c *cobra.Command, args []string) error {
			j, err := a.journal()
			if err != nil {
				return err
			}
			if args[0] == "-" {
				return j.Export(c.Context(), a.out)
			}
			f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return hint.With(err, "export-exists", args[0])
			}
			if err := j.Export(c.Context(), f); err != nil {
				f.Close()
				return err
			}
			return f.Close()
		},
	}, &cobra.Command{
		Use: "merge FILE", Short: "Join another machine's progress with yours; nothing is lost or counted twice", Args: exactly("a file"),
		RunE: func(c *cobra.Command, args []string) error {
			var from io.Reader = a.in
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return hint.With(err, "merge-missing", args[0])
				}
				defer f.Close()
				from = f
			}
			j, err := a.journal()
			if err != nil {
				return err
			}
			m, err := j.Merge(c.Context(), from)
			if err == nil {
				a.printMerged(m)
			}
			return err
		},
	})
	return progress
}

// printMerged says what came of a merge, and what did not.
func (a *app) printMerged(m journal.Merged) {
	lang := a.lang()
	fmt.Fprintln(a.out, lang.Say("progress.merged", m.Added))
	if n := m.Left.Lines(); n > 0 {
		fmt.Fprintln(a.err, lang.Say("progress.left", n, m.Left.Places()))
	}
	if m.Left.Aside != "" {
		fmt.Fprintln(a.err, printable.Text(lang.Say("progress.left-copy", m.Left.Aside)))
	}
	if m.Uncounted > 0 {
		fmt.Fprintln(a.err, lang.Say("progress.uncounted", m.Uncounted))
	}
}
