package tui

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/cwk-stream/lab/internal/course"
)

// courseScreen lists the lessons.
type courseScreen struct {
	scroll
	d      *desk
	at     int // index into found
	found  []course.Lesson
	search textinput.Model
	typing bool
	moved  bool // the student chose a line: do not jump to the next thing to do
	w, h   int
}

// maxSearch bounds what can be typed into the search, in characters.
const maxSearch = 60

func newCourseScreen(d *desk) *courseScreen {
	s := &courseScreen{d: d, found: d.course.Lessons, search: textinput.New()}
	s.search.Prompt = "/ "
	s.search.CharLimit = maxSearch
	s.search.SetVirtualCursor(false)
	return s
}

// Typing says whether a search is being typed.
func (s *courseScreen) Typing() bool { return s.typing }

// Cursor is where the next letter of the search goes.
func (s *courseScreen) Cursor() (x, y int, ok bool) {
	c := s.search.Cursor()
	if c == nil {
		return 0, 0, false
	}
	return c.X + 2, 1, true
}

// Update moves, searches and opens.
func (s *courseScreen) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case sizeMsg:
		s.w, s.h = m.w, m.h
		s.search.SetWidth(min(m.w-8, maxSearch))
	case standingMsg:
		if !s.moved {
			s.at = s.resume()
		}
	case langMsg:
		s.find()
	case tea.KeyPressMsg:
		return s.letter(m)
	case tea.PasteMsg:
		if s.typing {
			if len(m.Content) > 4*maxSearch {
				m.Content = ""
			}
			m.Content = clean(m.Content)
			s.search, _ = s.search.Update(m)
			s.find()
		}
	case tea.MouseWheelMsg:
		if m.Button == tea.MouseWheelUp {
			s.move(-1)
		} else if m.Button == tea.MouseWheelDown {
			s.move(1)
		}
	case tea.MouseClickMsg:
		return s.click(m.Y)
	}
	return nil
}

// letter is a key press while a search is being typed.
func (s *courseScreen) letter(m tea.KeyPressMsg) tea.Cmd {
	switch m.String() {
	case "enter", "down", "up":
		s.typing = false
		s.search.Blur()
		if m.String() == "enter" && len(s.found) == 1 {
			return s.open()
		}
		return nil
	case "esc":
		s.stopSearch()
		return nil
	}
	var cmd tea.Cmd
	s.search, cmd = s.search.Update(m)
	s.find()
	return cmd
}

func (s *courseScreen) stopSearch() {
	s.typing = false
	s.search.Blur()
	s.search.SetValue("")
	s.find()
}

// find keeps the lessons whose number, title, tags or id have all the words of the search.
func (s *courseScreen) find() {
	words := strings.Fields(strings.ToLower(s.search.Value()))
	s.found = nil
	for _, l := range s.d.course.Lessons {
		text := fmt.Sprintf("%02d %s %s", l.Number, l.ID, strings.Join(l.Tags, " "))
		for _, t := range l.Texts {
			text += " " + t.Title
		}
		text = strings.ToLower(text)
		ok := true
		for _, w := range words {
			ok = ok && strings.Contains(text, w)
		}
		if ok {
			s.found = append(s.found, l)
		}
	}
	s.at = min(s.at, max(len(s.found)-1, 0))
}

// resume is the lesson to go on with: the first that was begun and is not done, else the first that is not done.
func (s *courseScreen) resume() int {
	first := -1
	for i, l := range s.found {
		st := s.d.standing.Lessons[l.ID]
		if st.Done {
			continue
		}
		if st.Met > 0 || st.Read {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return max(first, 0)
}

func (s *courseScreen) move(delta int) {
	s.moved = true
	s.at = min(max(s.at+delta, 0), max(len(s.found)-1, 0))
}

func (s *courseScreen) open() tea.Cmd {
	if s.at >= len(s.found) {
		return nil
	}
	return say(openMsg{s.found[s.at].ID})
}

// click chooses a lesson; on the chosen one it opens it.
func (s *courseScreen) click(y int) tea.Cmd {
	i := (y - 2 + s.top) / s.lessonHeight()
	if y < 2 || y >= s.h || i >= len(s.found) {
		return nil
	}
	if i == s.at {
		return s.open()
	}
	s.moved, s.at = true, i
	return nil
}

// Bindings are the course's keys.
func (s *courseScreen) Bindings() []binding {
	if s.typing {
		return []binding{{keys: []string{"enter"}, show: "enter", help: "search-done", foot: true, on: true, do: func() tea.Cmd { return nil }},
			{keys: []string{"esc"}, show: "esc", help: "search-stop", foot: true, on: true, do: func() tea.Cmd { return nil }}}
	}
	searched := s.search.Value() != ""
	out := []binding{
		{keys: []string{"enter"}, show: "enter", help: "open", foot: true, on: len(s.found) > 0, do: s.open},
		{keys: []string{"esc"}, show: "esc", help: "search-stop", foot: true, on: searched, do: func() tea.Cmd { s.stopSearch(); return nil }},
		{keys: []string{"/"}, show: "/", help: "search", foot: true, on: true, do: func() tea.Cmd { s.typing = true; return s.search.Focus() }},
		{keys: []string{"a"}, show: "a", help: "achievements", foot: true, on: true, do: func() tea.Cmd { return say(pushMsg{newStandingScreen(s.d)}) }},
	}
	return append(out, scrolling(s.move, 8, func(end bool) {
		if end {
			s.move(1 << 20)
		} else {
			s.move(-1 << 20)
		}
	})...)
}

// Status says what to go on with, if something was begun.
func (s *courseScreen) Status() (string, mood) {
	i := s.resume()
	if s.typing || i >= len(s.found) || i != s.at {
		return "", plain
	}
	st := s.d.standing.Lessons[s.found[i].ID]
	if st.Done || st.Met == 0 && !st.Read {
		return "", plain
	}
	_, word, _ := s.state(st)
	return s.d.say("resume", fmt.Sprintf("%02d %s", s.found[i].Number, clean(s.found[i].In(s.d.lang).Title)), word), quiet
}

// lessonHeight is how many lines a lesson takes in the list: three with room around it, two without, one without its
// tags, so that the whole course is seen where it can be.
func (s *courseScreen) lessonHeight() int {
	for _, n := range []int{3, 2, 1} {
		if len(s.d.course.Lessons)*n <= s.h-2 {
			return n
		}
	}
	return 2
}

// View draws the list.
func (s *courseScreen) View(w, h int) string {
	s.w, s.h = w, h
	d := s.d
	each := s.lessonHeight()
	second := spaces(w)
	if s.typing || s.search.Value() != "" {
		second = fit("  "+s.search.View(), w)
	}
	var lines []string
	for i, l := range s.found {
		lines = append(lines, s.lesson(l, i == s.at, min(w, 104))[:each]...)
	}
	if len(s.found) == 0 {
		text := d.say("search-none")
		if len(d.course.Lessons) == 0 {
			text = d.say("course-empty")
		}
		lines = append(lines, "", "  "+d.th.Quiet.Render(text))
	}
	s.show(s.at*each, (s.at+1)*each, len(lines), h-2)
	right := ""
	if len(lines) > h-2 {
		right = fmt.Sprintf("%d %%", s.percent(len(lines), h-2))
	}
	title := rule(d, d.say("course-title"), d.th.Strong, right, w)
	return title + "\n" + second + "\n" + strings.Join(column(lines, s.top, w, h-2), "\n")
}

// lesson draws one lesson: number, title, how far, minutes, XP to gain; its tags below.
func (s *courseScreen) lesson(l course.Lesson, chosen bool, w int) []string {
	d, st := s.d, s.d.standing.Lessons[l.ID]
	mark, title := " ", d.th.Text
	if chosen {
		mark, title = d.th.Accent.Render("▌"), d.th.Title
	}
	symbol, word, m := s.state(st)
	xp := ""
	if st.Left > 0 {
		xp = d.say("xp-left", st.Left)
	}
	lab := "   "
	if l.Lab != "" {
		lab = d.say("has-lab")
	}
	state, minutes := fit(symbol+" "+word, 18), fitRight(d.say("minutes-short", l.Minutes), 7)
	if w < 72 { // the title is worth more
		state, minutes = fit(symbol+" "+word, 13), ""
	}
	left := fmt.Sprintf("%02d  ", l.Number)
	room := w - 2 - width(left) - width(state) - width(minutes) - 11
	top := " " + mark + d.th.Quiet.Render(left) + title.Render(fit(clean(l.In(d.lang).Title), room-1)) + " " +
		d.th.of(m).Render(state) + d.th.Quiet.Render(minutes) + d.th.Accent.Render(fitRight(xp, 9)) + "  "
	tags := strings.Join(l.Tags, " ")
	if l.Lab != "" {
		tags = lab + " · " + tags
	}
	return []string{fit(top, w), fit(" "+mark+"    "+d.th.Quiet.Render(clean(tags)), w), spaces(w)}
}

func (s *courseScreen) state(st LessonState) (symbol, word string, m mood) {
	d := s.d
	switch {
	case st.Done:
		return "✓", d.say("lesson-done"), good
	case st.Met > 0:
		return "◐", d.say("lesson-lab", st.Met, st.Steps), accent
	case st.Read:
		return "◐", d.say("lesson-read"), accent
	}
	return "○", d.say("lesson-new"), quiet
}
