package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/reward"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/workspace"
)

// guide is `lab start` without a screen: the same lab as a transcript with prompts, for pipes, dumb terminals and
// screen readers.
func (a *app) guide(ctx context.Context, p plan) error {
	p.guided, p.live = true, true
	a.watchTerminal(ctx, a.in)
	out := a.reporter("text", p, "")
	_, before, err := a.standings(ctx)
	if err != nil {
		return err
	}
	r, err := a.begin(ctx, p, out)
	if err != nil {
		return err
	}
	out.Note(a.because(r.Why))
	watch, unwatch := context.WithCancel(ctx)
	g := &guided{app: a, out: a.lines(), r: r, lesson: p.lesson, before: before, in: prompt(ctx, a.in), saves: r.Files.Watch(watch)}
	err = g.run(ctx)
	unwatch()
	err = a.end(ctx, r, err)
	return errors.Join(err, out.Close())
}

// prompter reads lines, each when it is asked for: between two questions the input belongs to whatever else reads
// the terminal, such as an editor.
type prompter struct {
	asks  chan struct{}
	lines chan string // closed at the end of the input
	asked bool        // and not answered yet
}

// prompt reads in until its end or that of ctx. The reader itself cannot be interrupted: a question that is open when
// ctx ends may stay so until the next line, which ends with the program at the latest.
func prompt(ctx context.Context, in io.Reader) *prompter {
	p := &prompter{asks: make(chan struct{}), lines: make(chan string)}
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(in); ; {
			select {
			case <-p.asks:
			case <-ctx.Done():
				return
			}
			if !s.Scan() {
				return
			}
			select {
			case p.lines <- strings.TrimSpace(s.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return p
}

// ask has one line read, if that is not being done already; the answer comes on lines.
func (p *prompter) ask(ctx context.Context) error {
	if p.asked {
		return nil
	}
	select {
	case p.asks <- struct{}{}:
		p.asked = true
	case <-p.lines: // nothing comes unasked: the input has ended
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// line asks for one line; ok is false at the end of the input.
func (p *prompter) line(ctx context.Context) (line string, ok bool, err error) {
	if err := p.ask(ctx); err != nil {
		return "", false, err
	}
	select {
	case <-ctx.Done():
		return "", false, ctx.Err()
	case line, ok = <-p.lines:
		p.asked = false
		return line, ok, nil
	}
}

type guided struct {
	*app
	out    io.Writer // for lines: folded to the terminal's width
	r      *running
	lesson course.Lesson
	before reward.Standing // what the student had achieved when the lab was opened
	in     *prompter
	shown  time.Time // when the lesson was printed; zero before, and once it counts as read

	counted bool // as read
	saves   <-chan workspace.Change
	judged  course.Files // the student's files when they were last checked, or written by lab; nil where they cannot be read
	met     course.Files // the same, when the current step was last met; nil before
}

func (g *guided) say(key string, args ...any) {
	fmt.Fprintln(g.out, printable.Text(g.lang().Say(key, args...)))
}

// ask prints a prompt and waits for a line; ok is false at the end of the input.
func (g *guided) ask(ctx context.Context, key string, args ...any) (line string, ok bool, err error) {
	fmt.Fprint(g.out, printable.Text(g.lang().Say(key, args...))+" ")
	line, ok, err = g.in.line(ctx)
	if err == nil && (!ok || !isTerminal(g.app.in)) { // nobody's Enter has ended the line
		fmt.Fprintln(g.out, line)
	}
	return strings.ToLower(line), ok, err
}

func (g *guided) run(ctx context.Context) error {
	if g.lesson.Number > 0 { // of a lab from anywhere, the report's first line says as much
		g.say("guide.welcome", g.lesson.Number, g.lesson.In(g.lang()).Title)
	}
	g.seen() // what is saved while the environment starts is judged, too
	if err := g.r.Boot(ctx); err != nil {
		return err
	}
	g.where()
	for {
		line, ok, err := g.command(ctx)
		if err != nil || !ok || line == "q" || line == "quit" {
			return err
		}
		if err := g.do(ctx, line); err != nil {
			return err
		}
	}
}

// where says which files to edit; what the step is about, the transcript has said.
func (g *guided) where() {
	for _, e := range g.r.Lab().Edit {
		g.say("guide.file", g.r.Files.Path(e.Path))
	}
}

// describe says again what the current step is about.
func (g *guided) describe() {
	p := g.r.Progress()
	current, ok := p.Step()
	if !ok {
		return
	}
	step, i, _ := g.r.Lab().Step(current.ID)
	lang := g.lang()
	fmt.Fprintln(g.out)
	g.say("guide.step", i+1, len(p.Steps), step.Title.In(lang), step.XP)
	fmt.Fprintln(g.out, printable.Text(step.Goal.In(lang)))
	g.where()
}

// do does what a line asks for. An error ends the lab.
func (g *guided) do(ctx context.Context, line string) error {
	if err := g.countReading(ctx); err != nil {
		return err
	}
	switch line {
	case "", "c", "check":
		return g.check(ctx)
	case "r", "read":
		return g.read()
	case "e", "edit":
		return g.edit(ctx)
	case "h", "hint":
		return g.hint()
	case "s", "solve":
		return g.solve(ctx)
	case "d", "diff":
		return g.diff()
	case "reset":
		err := g.r.Reset()
		g.seen()
		return g.recoverable(err)
	case "n", "next":
		return g.next(ctx)
	case "v", "recap":
		return g.recap(ctx)
	case "g", "goal":
		g.describe()
		return nil
	}
	g.say("guide.help")
	return nil
}

// recoverable reports an error that is about the student's files, and goes on.
func (g *guided) recoverable(err error) error {
	if err != nil && !errors.Is(err, context.Canceled) && session.AboutFiles(err) {
		g.complain(err)
		return nil
	}
	return err
}

func (g *guided) check(ctx context.Context) error {
	outcome, err := g.verdict(ctx)
	if err != nil && ctx.Err() == nil && !session.AboutFiles(err) {
		return g.rebuild(ctx, err)
	}
	if err != nil {
		return g.recoverable(err)
	}
	if outcome == probe.Met {
		g.met = g.judged
		if g.r.Progress().Done {
			if err := g.countReading(ctx); err != nil {
				return err
			}
			return g.done(ctx)
		}
		g.say("guide.met")
	}
	return nil
}

// rebuild replaces an environment that broke; files and steps are kept.
func (g *guided) rebuild(ctx context.Context, broke error) error {
	g.complain(broke)
	g.say("guide.rebuilt")
	if err := g.r.Stop(ctx); err != nil {
		return err
	}
	if err := g.r.Boot(ctx); err != nil {
		return err
	}
	return g.saved(ctx)
}

func (g *guided) read() error {
	text := g.lesson.In(g.lang())
	fmt.Fprintln(g.out, g.prose(printable.Text(text.Markdown)))
	for _, l := range text.Links {
		fmt.Fprintf(g.out, "%s\n  %s\n", printable.Text(l.Title), printable.Text(l.URL))
	}
	if g.lesson.Number == 0 || !g.onScreen() || g.before.State(g.lesson.ID).Read || g.counted { // or it is no part of the course
		return nil
	}
	if g.shown.IsZero() {
		g.shown = time.Now()
	}
	g.say("read.wait", seconds(text.LeastTime()-time.Since(g.shown)))
	return nil
}

// countReading counts the lesson as read once there was time for that since it was printed.
func (g *guided) countReading(ctx context.Context) error {
	if g.shown.IsZero() || time.Since(g.shown) < g.lesson.In(g.lang()).LeastTime() {
		return nil
	}
	g.shown, g.counted = time.Time{}, true
	g.say("read.counts", g.lesson.XP)
	return g.markRead(ctx, g.lesson.ID)
}

func (g *guided) edit(ctx context.Context) error {
	editor := g.editor()
	if len(editor) == 0 || !isTerminal(g.app.in) {
		g.say("guide.no-editor")
		return nil
	}
	for _, e := range g.r.Lab().Edit {
		cmd := exec.CommandContext(ctx, editor[0], append(editor[1:], g.r.Files.Path(e.Path))...)
		cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGTERM) }, editorEnd
		cmd.Stdin, cmd.Stdout, cmd.Stderr = g.app.in, g.printed.Writer, g.err
		if err := cmd.Run(); err != nil {
			g.say("guide.editor-failed", editor[0], err)
		}
	}
	return g.saved(ctx)
}

func (g *guided) hint() error {
	n, err := g.r.Hint()
	if err != nil || n > 0 {
		return err
	}
	g.say("guide.no-hint")
	return nil
}

func (g *guided) solve(ctx context.Context) error {
	current, _ := g.r.Progress().Step()
	solution, err := g.r.Lab().Solution(current.ID)
	if err != nil {
		return err
	}
	mine, err := g.r.Files.Read()
	if err != nil {
		mine = nil // the solution replaces what cannot be read
	}
	g.printDiff(mine, solution)
	line, ok, err := g.ask(ctx, "guide.solve?")
	if err != nil || !ok || !agreed(line) {
		return err
	}
	if err := g.r.Solve(); err != nil {
		return g.recoverable(err)
	}
	return g.check(ctx)
}

// agreed tells whether an answer means yes, in whichever language and with whichever keyboard it was typed: ㅛ is on
// the key of y.
func agreed(answer string) bool {
	return slices.Contains([]string{"y", "yes", "네", "예", "ㅛ"}, answer)
}

func (g *guided) diff() error {
	begin, err := g.r.Begin(g.r.Progress().Current)
	if err != nil {
		return err
	}
	mine, err := g.r.Files.Read()
	if err != nil {
		g.complain(err)
		return nil
	}
	if !g.printDiff(begin, mine) {
		g.say("diff.none", g.r.Files.Dir())
	}
	return nil
}

func (g *guided) next(ctx context.Context) error {
	p := g.r.Progress()
	current, _ := p.Step()
	if !current.Met {
		g.say("guide.not-met-yet")
		return nil
	}
	if p.Current+1 >= len(p.Steps) {
		g.say("guide.last")
		return nil
	}
	owed := g.met != nil && !g.met.Equal(g.judged) // it was saved for the next step, and judged by this one
	g.met = nil
	if err := g.r.Next(); err != nil || !owed {
		return err
	}
	return g.check(ctx)
}
