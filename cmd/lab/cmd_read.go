package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/tui"
)

func (a *app) readCommand() *cobra.Command {
	return &cobra.Command{
		Use: "read LESSON", Short: "A lesson as text",
		Long: "Read prints a lesson. It counts as read once there was time to read it and you say on a terminal that you are at its end:\n" +
			"what goes into a pipe or a file nobody has read yet.",
		Example: "  lab read 03\n  lab read 03 --lang ko | less",
		Args:    exactly("a lesson"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.course()
			if err != nil {
				return err
			}
			l, err := c.Find(args[0])
			if err != nil {
				return err
			}
			a.printLesson(l)
			return a.readToTheEnd(cmd.Context(), c, l)
		},
	}
}

func (a *app) printLesson(l course.Lesson) {
	text := l.In(a.lang())
	color := isTerminal(a.out) && a.getenv("NO_COLOR") == "" && !a.plain
	page := fmt.Sprintf("# %02d %s\n\n%s", l.Number, text.Title, text.Markdown)
	if a.linear() {
		fmt.Fprintln(a.lines(), a.prose(printable.Text(page))) // as it was written: tables without their frames
	} else {
		fmt.Fprintln(a.out, tui.RenderMarkdown(page, a.width(), true, color))
	}
	for _, link := range text.Links {
		fmt.Fprintf(a.out, "%s\n  %s\n", printable.Line(link.Title), printable.Line(link.URL))
	}
}

// onScreen tells whether what is printed is seen, and whoever sees it can answer.
func (a *app) onScreen() bool { return isTerminal(a.in) && isTerminal(a.out) }

// readToTheEnd asks whoever has a lesson before them on a terminal to say when they have read it. It counts once there was
// time for that. One that counts already is not asked about.
func (a *app) readToTheEnd(ctx context.Context, c *course.Course, l course.Lesson) error {
	if !a.onScreen() {
		return nil
	}
	shown := time.Now()
	s, err := a.standing(ctx, c)
	if err != nil || s.State(l.ID).Read {
		return err
	}
	say := func(key string, args ...any) { fmt.Fprintln(a.out, a.lang().Say(key, args...)) }
	say("read.ask")
	for in := prompt(ctx, a.in); ; {
		line, ok, err := in.line(ctx)
		if err != nil || !ok || line != "" {
			return err
		}
		left := l.In(a.lang()).LeastTime() - time.Since(shown)
		if left > 0 {
			say("read.too-soon", seconds(left))
			continue
		}
		if err := a.markRead(ctx, l.ID); err != nil {
			return err
		}
		say("read.counts", l.XP)
		return nil
	}
}

// seconds are how many a person has to wait, not less.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// markRead records that a lesson was read to its end.
func (a *app) markRead(ctx context.Context, lesson string) error {
	j, err := a.journal()
	if err != nil {
		return err
	}
	now := time.Now()
	return j.Append(ctx, session.Event{ID: "read-" + lesson + "-" + now.UTC().Format("20060102T150405.000000000"), Seq: 1, Time: now,
		Kind: session.Read, Lesson: lesson})
}
