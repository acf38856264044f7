package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
)

// Facts: something has happened. Each names the run or the key that it belongs to, and stale ones are dropped.
type (
	// sessionMsg is what a session has said since the last one; progress is the state after all of it.
	sessionMsg struct {
		run      int
		events   []session.Event
		progress session.Progress
	}
	// begunMsg is the answer to a lab being opened.
	begunMsg struct {
		run  int
		live *Live
		err  error
	}
	// crashMsg says that a command panicked.
	crashMsg struct{ err error }
	// brokeMsg says that a session ended by itself.
	brokeMsg struct {
		run int
		err error
	}
	// endedMsg says that a lab's environment is gone.
	endedMsg struct {
		run int
		err error
	}
	// standingMsg brings the student's standing.
	standingMsg struct {
		standing Standing
		err      error
	}
	// sheetMsg brings a text laid out for one width, language and theme.
	sheetMsg struct {
		key  pageKey
		page page
	}
	// filesMsg brings the student's files as they are on disk, coloured.
	filesMsg struct {
		run   int
		n     int // of the look that found them
		files course.Files
		base  course.Files // what changes are counted from
		rows  map[string][]fileRow
		err   error
	}
	// editedMsg says that the student's editor has ended.
	editedMsg struct{ err error }
	// resumedMsg says that the program runs again after it was stopped, or that it could not be stopped.
	resumedMsg struct{ err error }
	// tickMsg moves countdowns and ages on; gen names the clock, of which only the newest counts.
	tickMsg struct{ gen int }
	// noticeOverMsg takes a notice away again.
	noticeOverMsg struct{ n int }
)

// Requests: a screen wants something of the root.
type (
	openMsg struct{ lesson string } // open a lesson, with its lab if it has one
	pushMsg struct{ screen screen } // show a screen on top
	popMsg  struct{}                // leave the topmost screen
	langMsg struct{}                // speak the other language
	// suspendMsg: give the terminal back and stop, until the shell wakes the program
	suspendMsg struct{}
	noticeMsg  struct { // say something in the status line for a while
		text string
		mood mood
	}
	requestMsg struct{ request session.Request } // ask the running session for something
	inOrderMsg []tea.Msg                         // several, one after the other
)

// noticeTime is how long a notice stays.
const noticeTime = 4 * time.Second
