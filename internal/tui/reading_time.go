package tui

import (
	"time"

	"github.com/cwk-stream/lab/internal/course"
)

// pause bounds what counts between two looks at the clock: a machine that slept has read nothing.
const pause = 3 * time.Second

// readingTime is how long a lesson has been on the screen. A lesson counts as read when that was long enough to read it,
// and its end is there.
type readingTime struct {
	had  time.Duration
	last time.Time // when it was looked at, on the screen
}

// pass notes the time. shown tells whether the lesson is on the screen, and was since the last call.
func (r *readingTime) pass(now time.Time, shown bool) {
	if !shown {
		r.last = time.Time{}
		return
	}
	if !r.last.IsZero() {
		r.had += min(max(now.Sub(r.last), 0), pause)
	}
	r.last = now
}

// left is how long the text has to be on the screen yet.
func (r *readingTime) left(text course.LessonText) time.Duration {
	return max(text.LeastTime()-r.had, 0)
}
