// Package tui is the full-screen program: the course, a lesson beside its lab, the recap. It is the only package that
// draws. What it shows is a fold of the session's events; what the student does becomes a request.
//
// It decides nothing about progress and knows neither engines nor the journal: cmd/lab hands it a Backend.
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/session"
)

// Options says what the program shows and where. Backend and Course are needed.
type Options struct {
	In      io.Reader // nil for standard input
	Out     io.Writer // nil for standard output
	Env     []string  // nil for the process's; TERM, COLORTERM and NO_COLOR are read from it
	Lang    locale.Lang
	Back    Background
	Motion  bool // false for no spinners and no moving bars (LAB_MOTION=0)
	Course  course.Course
	Open    string         // id of the lesson to open; "" for the course
	Visit   *course.Lesson // opened instead of Open, though it is no part of the course; nil for none
	Backend Backend
	Editor  []string // the student's editor and its arguments; empty for the built-in one
	Opener  []string // command that opens an address in a browser; empty to copy the address instead
}

// Background is what the terminal's text stands on.
type Background string

// The backgrounds. The zero value asks the terminal, and takes dark if it does not answer.
const (
	Auto  Background = ""
	Dark  Background = "dark"
	Light Background = "light"
)

// Backend is what the program needs from the rest of the house. Its methods are called from commands, never from
// Update or View; several may run at once.
type Backend interface {
	// Begin prepares the lab of lesson and starts it: the environment boots while the student reads. observe is to be
	// the last of the session's observers; it never blocks and never fails.
	Begin(ctx context.Context, lesson course.Lesson, observe session.Observer) (*Live, error)
	// Standing is what the student has achieved so far.
	Standing(ctx context.Context) (Standing, error)
	// MarkRead says that the student has read the lesson to its end. It may be called again for the same lesson.
	MarkRead(ctx context.Context, lesson string) error
}

// Files are the student's files; *workspace.Workspace is the one there is.
type Files interface {
	Dir() string
	Path(name string) string
	Read() (course.Files, error)
}

// Live is a lab that runs.
type Live struct {
	Lab      course.Lab
	Progress session.Progress // before the first event
	Files    Files
	Requests chan<- session.Request // read until End is called
	Engine   string                 // name of the engine
	Why      Note                   // why this engine; the zero value says nothing
	// Done, if not nil, brings the error with which the session ended by itself, such as that of a full disk. What is
	// sent on it is consumed: End needs a channel of its own.
	Done <-chan error
	// End gives up what runs, removes the environment and returns once that is done. It is called exactly once.
	End func() error
}

// Note is a sentence as package locale knows it.
type Note struct {
	Key  string
	Args []any
}

func (n Note) in(l locale.Lang) string {
	if n.Key == "" {
		return ""
	}
	return clean(l.Say(n.Key, n.Args...))
}

// Standing is what a student has achieved, as the screens show it.
type Standing struct {
	Level        int
	Name         course.Text
	XP           int // in all
	From, Next   int // XP at which this level begins, and the next one; Next is 0 at the last level
	Levels       []Level
	Lessons      map[string]LessonState // by lesson id
	Achievements []Achievement
}

// Level is one line of the ladder.
type Level struct {
	Number int
	Name   course.Text
	At     int // XP
}

// LessonState is how far a student got in one lesson.
type LessonState struct {
	Read       bool
	Met, Steps int  // of its lab; Steps is 0 without one
	Done       bool // it counts: read to the end, and its lab passed
	Left       int  // XP that are still to gain
}

// Achievement is one thing to be proud of.
type Achievement struct {
	ID          string
	Title, Text course.Text
	Got         bool
	When        time.Time // zero if not got
}

// Run shows the program until the student quits or ctx ends, which is what signals should do. Whatever happens, a panic
// included, the terminal is restored and a running lab has ended when it returns. Ctrl-C and the end of ctx give
// context.Canceled.
func Run(ctx context.Context, o Options) error {
	if o.Backend == nil {
		return errors.New("the full-screen program needs a backend")
	}
	outer := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var gone atomic.Bool
	o = o.ends(func() { gone.Store(true); cancel() })
	labs := &keeper{}
	box := newInbox()
	d := newDesk(ctx, o, labs, box)
	a := newApp(d, o)
	p := tea.NewProgram(a, programOptions(o)...)
	var pump sync.WaitGroup
	pump.Go(func() { box.pump(ctx, p.Send) })
	pump.Go(func() { stops(ctx, p.Send, d.stopped) })
	// Not WithContext: that kills the program, and leaves the goroutine behind that reads the terminal.
	unwatch := context.AfterFunc(ctx, p.Quit)
	_, err := p.Run()
	unwatch()
	left := a.leaving
	interrupted := a.interrupted || gone.Load() || outer.Err() != nil && !a.leaving
	cancel()
	pump.Wait()
	return errors.Join(a.crash, outcome(err, left, interrupted), a.trouble, labs.endAll())
}

// errBug is a panic; the stack follows it.
var errBug = errors.New("the screen has a bug")

// outcome is how the program ended: as the student wanted, by being interrupted, or by something that went wrong. A
// context that ends while the student is leaving anyway changes nothing.
func outcome(err error, left, interrupted bool) error {
	switch {
	case errors.Is(err, tea.ErrProgramPanic):
		return fmt.Errorf("%w: %w", errBug, err)
	case interrupted, errors.Is(err, tea.ErrInterrupted):
		return context.Canceled
	case err != nil && !left:
		return fmt.Errorf("running the screen: %w", err)
	}
	return nil
}

func programOptions(o Options) []tea.ProgramOption {
	opts := []tea.ProgramOption{tea.WithoutSignalHandler()} // signals end ctx
	if o.In != nil {
		opts = append(opts, tea.WithInput(o.In))
	}
	if o.Out != nil {
		opts = append(opts, tea.WithOutput(o.Out))
	}
	env := o.Env
	if env == nil {
		env = os.Environ()
	}
	return append(opts, tea.WithEnvironment(env))
}
