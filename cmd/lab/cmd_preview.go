package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/tui"
	"github.com/cwk-stream/lab/internal/workspace"
)

func (a *app) previewCommand() *cobra.Command {
	var once bool
	c := &cobra.Command{
		Use: "preview DIR", Short: "Show a lesson as students will see it, again after each save",
		Long: "Preview renders the lesson in DIR in the language of --lang, with what lint says about it below, and again\n" +
			"whenever a file there changes, until Ctrl-C.",
		Example: "  lab preview lessons/03-reverse-proxy --lang ko\n  lab preview ./my-lab --once",
		Args:    exactly("a folder"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.preview(c.Context(), args[0], once)
		},
	}
	c.Flags().BoolVar(&once, "once", false, "show it once, and end")
	return c
}

func (a *app) preview(ctx context.Context, dir string, once bool) error {
	found, err := folders(dir)
	if err != nil {
		return err
	}
	f := found[0]
	if once {
		a.showPreview(dir, f)
		return nil
	}
	changes := workspace.WatchTree(ctx, filepath.Join(dir, f.below()))
	a.showPreview(dir, f)
	for range changes { // Ctrl-C is how a preview ends
		a.showPreview(dir, f)
	}
	return nil
}

// showPreview renders the lesson, and what lint says, on a screen of its own where there is a terminal.
func (a *app) showPreview(dir string, f folder) {
	colour := a.terminal() && a.getenv("NO_COLOR") == ""
	if a.terminal() {
		fmt.Fprint(a.out, "\x1b[2J\x1b[H")
	}
	lesson, err := course.LoadLesson(f.fsys, ".")
	if text := lesson.In(a.lang()); err == nil {
		fmt.Fprint(a.out, tui.RenderMarkdown("# "+text.Title+"\n\n"+text.Markdown, a.width(), true, colour))
	}
	problems := lintFolder(dir, f)
	var more course.Problems
	if errors.As(err, &more) && len(problems) == 0 {
		problems = more
	}
	if len(problems) > 0 {
		fmt.Fprintln(a.out)
		_ = a.printProblems(problems, "text")
	}
}
