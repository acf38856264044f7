package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/workspace"
)

// Every save is checked, as on the full screen: whoever reads line by line must not have to ask for a verdict.

// seen remembers the student's files as they are, so that they do not count as saved.
func (g *guided) seen() {
	files, err := g.r.Files.Read()
	if err != nil {
		files = nil
	}
	g.judged = files
}

// command waits for what the student types, and checks meanwhile what they save. ok is false at the end of the input.
func (g *guided) command(ctx context.Context) (line string, ok bool, err error) {
	for {
		fmt.Fprint(g.out, printable.Text(g.lang().Say("guide.prompt"))+" ")
		if err := g.in.ask(ctx); err != nil {
			return "", false, err
		}
		if line, ok, change := g.await(ctx); change == nil {
			return line, ok, ctx.Err()
		}
		fmt.Fprintln(g.out) // the prompt stands there
		if err := g.saved(ctx); err != nil {
			return "", false, err
		}
	}
}

// await waits for a line or for a save; change is nil if there is a line, or none to come.
func (g *guided) await(ctx context.Context) (line string, ok bool, change *workspace.Change) {
	for {
		select {
		case <-ctx.Done():
			fmt.Fprintln(g.out) // the prompt stands there
			return "", false, nil
		case line, ok := <-g.in.lines:
			g.in.asked = false
			if !ok || !isTerminal(g.app.in) { // nobody's Enter has ended the line
				fmt.Fprintln(g.out, line)
			}
			return strings.ToLower(line), ok, nil
		case c, open := <-g.saves:
			if !open {
				g.saves = nil
			} else if g.news(&c) {
				return "", false, &c
			}
		}
	}
}

// news tells whether a change is the student's own and not judged yet. What counts is how the files are now: a change may
// come late, with files as they were before what has been judged since.
func (g *guided) news(c *workspace.Change) bool {
	if files, err := g.r.Files.Read(); err == nil {
		c.Files = files
	}
	return c.Err != nil || g.judged == nil || !c.Files.Equal(g.judged)
}

// saved checks the student's files if they are others than those that were judged last.
func (g *guided) saved(ctx context.Context) error {
	files, err := g.r.Files.Read()
	if err != nil {
		g.judged = nil
		g.complain(err)
		return nil
	}
	names := changed(g.judged, files)
	if len(names) == 0 {
		return nil
	}
	g.say("report.saved", strings.Join(names, ", "))
	return g.check(ctx)
}

// verdict checks the student's files. A save that comes meanwhile gives the check up and begins it anew.
func (g *guided) verdict(ctx context.Context) (probe.Outcome, error) {
	for {
		g.seen()
		outcome, again, err := g.judge(ctx)
		if !again || ctx.Err() != nil || errors.Is(err, probe.ErrUndo) {
			return outcome, err
		}
	}
}

// judge runs the checks once; again is true if the student's files changed meanwhile.
func (g *guided) judge(ctx context.Context) (outcome probe.Outcome, again bool, err error) {
	checked, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = protected(func() (err error) { outcome, err = g.r.Check(checked); return err })
	}()
	for {
		select {
		case <-done:
			return outcome, again, err
		case c, open := <-g.saves:
			if !open {
				g.saves = nil
			} else if !again && c.Err == nil && g.news(&c) {
				again = true
				g.say("report.saved", strings.Join(changed(g.judged, c.Files), ", "))
				cancel()
			}
		}
	}
}

// changed names the files that differ.
func changed(before, after course.Files) []string {
	var names []string
	for _, name := range sortedNames(after) {
		if string(before[name]) != string(after[name]) {
			names = append(names, name)
		}
	}
	return names
}
