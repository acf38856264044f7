package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
)

// Exit codes; a documented interface (README, `lab help`).
const (
	exitPassed      = 0
	exitNotMet      = 1 // a check is not met, or an instructor's tool found something
	exitUsage       = 2
	exitCannotRun   = 3   // no engine, a lab that does not load, files that cannot be read
	exitInterrupted = 130 // by a signal, or by the end of the terminal
	exitClosedPipe  = 141 // who read the output has had enough, as head has: what a shell says of SIGPIPE
)

// world is everything outside the program.
type world struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	now      func() time.Time // the student's clock; nil for time.Now
	again    <-chan struct{}  // closed when somebody wants the program gone at once; nil for never
	self     string           // path of this program, for its watchdog; "" for no watchdog
}

// errNotMet ends a command whose result is that something is not met. What it is has been said already.
var errNotMet = errors.New("not met")

// errUnknown ends a command whose result cannot be told, which is no failure of the student. The report has said why.
var errUnknown = errors.New("cannot be told")

// usageError is a mistake in the command's words.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// app is what the commands share: the world, and the options that every command has.
type app struct {
	world
	langFlag string
	plain    bool
	yes      bool     // to the builds of a lab that is not the course's
	where    sync.Map // folders of labs on disk that were found, by the lab's id

	printed  *output // what out is, while the program runs
	tty      *tty
	stop     context.CancelCauseFunc // ends the program
	sessions atomic.Int32            // with an environment that is to be removed
	left     atomic.Bool             // what still runs has been given up

	watching sync.Once
	watched  atomic.Pointer[watchdog] // nil before the first guard, and where there is none
	endMu    sync.Mutex
	ends     []func() // what release does
}

// run is the program: it does what args say and tells the exit code.
func run(ctx context.Context, args []string, w world) int {
	a := &app{world: w}
	ctx, a.stop = context.WithCancelCause(ctx)
	defer a.stop(nil)
	a.printed = &output{Writer: w.out, lost: func(err error) { a.stop(outputError{err}) }}
	a.out = a.printed
	a.tty = newTTY(w.in, a.printed)
	defer a.release()
	a.watchTerminal(ctx, a.out)
	root := a.command()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	command := make(chan error, 1)
	go func() {
		command <- protected(func() error { return root.ExecuteContext(ctx) })
	}()
	err := a.await(ctx, command)
	if a.sessions.Load() > 0 { // it did not come to its end: the environment is left to the watchdog
		a.watchdog().inherit()
	}
	if lost := a.printed.failure(); lost != nil {
		err = hint.With(outputError{lost}, "output-unwritable", cause(lost))
	}
	code := exitCode(ctx, err)
	if err != nil && code != exitNotMet && !errors.Is(err, errUnknown) && code != exitClosedPipe && (code != exitInterrupted || leftBehind(err)) {
		a.complain(err)
	}
	return code
}

func exitCode(ctx context.Context, err error) int {
	var usage usageError
	var lost outputError
	switch {
	case err == nil:
		return exitPassed
	case errors.As(err, &lost) && lost.closedPipe():
		return exitClosedPipe
	case errors.As(err, &lost) && !lost.terminalGone():
		return exitCannotRun
	case errors.Is(err, errNotMet):
		return exitNotMet
	case ctx.Err() != nil, errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &usage):
		return exitUsage
	case unknownName(err):
		return exitUsage
	}
	return exitCannotRun
}

// leftBehind tells whether something of ours is still there: also whoever has interrupted the program is told that.
func leftBehind(err error) bool {
	h, ok := hint.Find(err)
	return ok && h.Code == "left-behind"
}

// unknownName tells whether the command's words name a thing that there is not.
func unknownName(err error) bool {
	h, ok := hint.Find(err)
	return ok && strings.HasSuffix(h.Code, "-unknown")
}

func (a *app) lang() locale.Lang {
	if a.langFlag != "" {
		lang, _ := locale.Parse(a.langFlag)
		return lang
	}
	return locale.FromEnv(a.getenv)
}

// terminal tells whether the full-screen program can run here.
func (a *app) terminal() bool {
	return !a.linear() && a.getenv("TERM") != "" && isTerminal(a.in) && isTerminal(a.out)
}

// linear tells whether the student wants lines that a screen reader can read: no boxes, no redraws.
func (a *app) linear() bool {
	return a.plain || a.getenv("LAB_PLAIN") != "" || a.getenv("TERM") == "dumb"
}

// width is how many cells a line of standard output has, 80 where that is not known.
func (a *app) width() int {
	if f, ok := a.out.(descriptor); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// command is the root of the command tree.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:           "lab",
		Short:         "Break a real WebSocket proxy, watch the wire, mend it",
		SilenceErrors: true, SilenceUsage: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q", args[0])}
			}
			return nil
		},
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.checkFlags() },
		RunE:              func(c *cobra.Command, _ []string) error { return a.open(c.Context(), "", startOptions{}) },
		Example:           "  lab start 03              the lesson and its lab, full screen\n  lab run 03                the whole lab, done and verified by the program\n  lab start 03 --plain      the same as a transcript with prompts",
	}
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().StringVar(&a.langFlag, "lang", "", "language: en or ko (default: LAB_LANG, then the locale)")
	root.PersistentFlags().BoolVar(&a.plain, "plain", false, "a linear transcript: no full screen, no redraws")
	root.AddGroup(&cobra.Group{ID: "learn", Title: "Learning:"}, &cobra.Group{ID: "lab", Title: "In a lab:"},
		&cobra.Group{ID: "house", Title: "Housekeeping:"}, &cobra.Group{ID: "teach", Title: "Teaching:"})
	for group, commands := range map[string][]*cobra.Command{
		"learn": {a.startCommand(), a.runCommand(), a.readCommand(), a.listCommand(), a.statusCommand(), a.nextCommand()},
		"lab":   {a.checkCommand(), a.hintCommand(), a.solveCommand(), a.resetCommand(), a.diffCommand(), a.shellCommand()},
		"house": {a.pullCommand(), a.bundleCommand(), a.cleanCommand(), a.doctorCommand(), a.versionCommand(), a.progressCommand()},
		"teach": {a.newCommand(), a.lintCommand(), a.testCommand(), a.previewCommand()},
	} {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	root.AddCommand(a.manCommand())
	return root
}

func (a *app) checkFlags() error {
	if a.langFlag != "" {
		if _, ok := locale.Parse(a.langFlag); !ok {
			return usageError{fmt.Errorf("--lang %s: there is English (en) and Korean (ko)", a.langFlag)}
		}
	}
	return nil
}

// exactly wants n arguments and says which.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == len(names):
			return nil
		case len(names) == 0:
			return usageError{fmt.Errorf("%s takes no arguments, and was given %q", c.CommandPath(), args[0])}
		}
		return usageError{fmt.Errorf("%s needs %s", c.CommandPath(), strings.Join(names, " and "))}
	}
}

// family makes c a command that does nothing itself: one of its subcommands has to be named.
func family(c *cobra.Command) *cobra.Command {
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("unknown command %q for %s", args[0], c.CommandPath())}
		}
		return nil
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	return c
}
