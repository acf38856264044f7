package tui

import (
	"fmt"
	"math"
	"strings"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"

	"github.com/cwk-stream/lab/internal/course"
)

// readingPane is the lesson's text.
type readingPane struct {
	scroll
	d      *desk
	lesson course.Lesson
	pages  map[pageKey]page
	want   pageKey
	asked  *atomic.Int64 // counts what was asked for; only the newest is worth the work
	page   page          // the newest one that came; an older width is better than nothing while resizing
	w, h   int
	time   readingTime
	ended  bool // it is read, and said so
}

func newReadingPane(d *desk, l course.Lesson) *readingPane {
	return &readingPane{d: d, lesson: l, pages: map[pageKey]page{}, asked: &atomic.Int64{}}
}

// lay asks for the text in columns cells, unless it is there.
func (p *readingPane) lay(columns int) tea.Cmd {
	w := min(max(columns, minMeasure), maxMeasure)
	mine, asked := p.asked.Add(1), p.asked
	p.want = pageKey{p.lesson.ID + "." + string(p.d.lang) + "." + p.d.profile.String(), w, p.d.dark}
	if have, ok := p.pages[p.want]; ok {
		p.show(have)
		return nil
	}
	text := p.lesson.In(p.d.lang)
	return p.d.render(p.want, text.Markdown, text.Links, p.d.say("links"), func() bool { return asked.Load() != mine })
}

func (p *readingPane) take(m sheetMsg) {
	if len(p.pages) > 8 {
		clear(p.pages)
	}
	p.pages[m.key] = m.page
	if m.key == p.want {
		p.show(m.page)
	}
}

// show puts another layout of the text in place, at the same part of it.
func (p *readingPane) show(next page) {
	if n := len(p.page.lines); n > 0 {
		p.top = p.top * len(next.lines) / n
	}
	p.page = next
	p.to(p.top, len(next.lines), p.h)
}

// View draws the pane, and the share that was read in its last line.
func (p *readingPane) View(w, h int) []string {
	p.w, p.h = w, h-1
	p.to(p.top, len(p.page.lines), p.h)
	left := max((w-maxMeasure)/2, 0)
	if left > 8 {
		left = 8
	}
	lines := column(p.page.lines, p.top, w-left, p.h)
	for i := range lines {
		lines[i] = spaces(left) + lines[i]
	}
	if len(p.page.lines) == 0 {
		return append(column([]string{"", p.d.th.Quiet.Render(p.d.say("laying-out"))}, 0, w, p.h), spaces(w))
	}
	foot := p.d.th.Quiet.Render(p.foot())
	if more := len(p.page.lines) - p.top - p.h; more > 0 {
		foot = p.d.th.Quiet.Render(fmt.Sprintf("%d %% ▼", p.percent(len(p.page.lines), p.h)))
	}
	return append(lines, fitRight(foot, w))
}

func (p *readingPane) move(delta int) { p.by(delta, len(p.page.lines), p.h) }

// foot says at the end of the lesson what is missing for it to count as read.
func (p *readingPane) foot() string {
	_, counts := p.d.lesson(p.lesson.ID)
	left := p.time.left(p.lesson.In(p.d.lang))
	switch {
	case !counts || p.d.standing.Lessons[p.lesson.ID].Read:
		return p.d.say("read-to-end")
	case left > 0:
		return p.d.say("read-wait", int(math.Ceil(left.Seconds())))
	}
	return p.d.say("read-counts")
}

// finished tells, once, that the end was reached when there had been time to read the lesson. shown tells whether it is
// on the screen.
func (p *readingPane) finished(shown bool) bool {
	laid := p.h > 0 && len(p.page.lines) > 0
	p.time.pass(p.d.now(), shown && laid)
	if p.ended || !shown || !laid || p.top+p.h < len(p.page.lines) || p.time.left(p.lesson.In(p.d.lang)) > 0 {
		return false
	}
	p.ended = true
	return true
}

// visibleCode gives the first code block that is on the screen, or the next one below.
func (p *readingPane) visibleCode() (text string, ok bool) {
	for _, c := range p.page.codes {
		if c.line+c.height > p.top {
			return c.text, true
		}
	}
	if n := len(p.page.codes); n > 0 {
		return p.page.codes[n-1].text, true
	}
	return "", false
}

func (p *readingPane) links() []course.Link { return p.page.links }

// lessonTitle is the line under the header: number, title, minutes, tags. A lab from anywhere has no number in the
// course, and may have no reading time.
func lessonTitle(d *desk, l course.Lesson) string {
	title := clean(l.In(d.lang).Title)
	if l.Number > 0 {
		title = fmt.Sprintf("%02d %s", l.Number, title)
	}
	parts := []string{title}
	if l.Minutes > 0 {
		parts = append(parts, d.say("minutes", l.Minutes))
	}
	if len(l.Tags) > 0 {
		parts = append(parts, clean(strings.Join(l.Tags, " ")))
	}
	return strings.Join(parts, " · ")
}
