package tui

import (
	"context"
	"os"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/session"
)

// desk is what all screens share. It is read and changed in the program's own loop; commands get copies of what they
// need.
type desk struct {
	ctx     context.Context //nolint:containedctx // the lifetime of the commands, which have no other way to get it
	lang    locale.Lang
	th      *theme
	dark    bool
	profile colorprofile.Profile
	motion  bool
	course  course.Course
	backend Backend
	editor  []string
	opener  []string
	now     func() time.Time
	after   func(time.Duration, func(time.Time) tea.Msg) tea.Cmd // like tea.Tick, but gone when ctx is
	soon    func(tea.Cmd) tea.Cmd                                // puts work off until the first frame is out
	labs    *keeper
	box     *inbox
	in, out *os.File       // the terminal, for the student's editor; nil where it is none of the process's
	stopped chan os.Signal // stops from outside

	standing Standing
	knows    bool // standing has come
	engine   engineState
	runs     *atomic.Int64 // numbers labs and clocks
}

// engineState is what the header says about the engine.
type engineState struct {
	name  string
	phase session.Phase
}

func newDesk(ctx context.Context, o Options, labs *keeper, box *inbox) *desk {
	d := &desk{ctx: ctx, lang: o.Lang, dark: o.Back != Light, profile: colorprofile.TrueColor, motion: o.Motion,
		course: o.Course, backend: o.Backend, editor: o.Editor, opener: o.Opener, now: time.Now, after: timer(ctx),
		soon: afterFirstFrame(ctx), labs: labs, box: box, runs: &atomic.Int64{}, stopped: make(chan os.Signal, 1)}
	d.in, d.out = o.plain()
	if d.lang == "" {
		d.lang = locale.English
	}
	d.repaint()
	return d
}

// firstFrame is how long the terminal's size and the renderer's first tick take. What begins only then does not compete
// with the frame for the processor.
const firstFrame = 20 * time.Millisecond

func afterFirstFrame(ctx context.Context) func(tea.Cmd) tea.Cmd {
	after := timer(ctx)
	return func(cmd tea.Cmd) tea.Cmd {
		return after(firstFrame, func(time.Time) tea.Msg { return tea.BatchMsg{cmd} })
	}
}

func timer(ctx context.Context) func(time.Duration, func(time.Time) tea.Msg) tea.Cmd {
	return func(wait time.Duration, message func(time.Time) tea.Msg) tea.Cmd {
		return func() tea.Msg {
			t := time.NewTimer(wait)
			defer t.Stop()
			select {
			case now := <-t.C:
				return message(now)
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// repaint builds the theme anew, for another background or terminal.
func (d *desk) repaint() {
	th := newTheme(d.dark, d.profile)
	d.th = &th
}

// say gives the interface's words, cleaned of what a value in them may have brought along.
func (d *desk) say(key string, args ...any) string { return clean(d.lang.Say("tui."+key, args...)) }

// sayOr gives words of another part of the program, or other where there are none.
func (d *desk) sayOr(key, other string, args ...any) string {
	if !locale.Has(key) {
		return clean(other)
	}
	return clean(d.lang.Say(key, args...))
}

func (d *desk) next() int { return int(d.runs.Add(1)) }

// loadStanding asks for the student's standing.
func (d *desk) loadStanding() tea.Cmd {
	ctx, backend := d.ctx, d.backend
	return func() tea.Msg {
		s, err := backend.Standing(ctx)
		return standingMsg{s, err}
	}
}

// render lays a text out, away from the loop. It gives up as soon as stale says that nobody wants it any more, as
// while a window is being dragged.
func (d *desk) render(key pageKey, markdown string, further []course.Link, heading string, stale func() bool) tea.Cmd {
	th := d.th
	return func() tea.Msg {
		p := layOut(markdown, further, key.width, th, heading, stale)
		if stale() {
			return nil
		}
		return sheetMsg{key, p}
	}
}

// lesson gives the lesson of that id.
func (d *desk) lesson(id string) (course.Lesson, bool) {
	for _, l := range d.course.Lessons {
		if l.ID == id {
			return l, true
		}
	}
	return course.Lesson{}, false
}

// notice says something in the status line.
func notice(m mood, text string) tea.Cmd { return say(noticeMsg{text: text, mood: m}) }
