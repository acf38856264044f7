package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
)

// filePane shows a file of the student with what changed since the step began, and the line that a service refused.
type filePane struct {
	scroll
	d     *desk
	names []string
	shown int          // index into names
	base  course.Files // what changes are counted from; nil for the files as the step begins
	files course.Files
	asked int // looks so far
	taken int // the newest that was taken in
	rows  map[string][]fileRow
	err   error
	saved time.Time // zero until something was saved

	wrongFile string
	wrong     int    // line that was refused; 0 for none
	why       string // in the service's own words
	side      int    // cells scrolled to the right
	h         int
	drift     bool // the student has scrolled: do not jump to changes
}

// fileRow is one line as it is shown.
type fileRow struct {
	mark   byte
	number int // line in the version it is in
	text   string
}

func (p *filePane) setFiles(lab course.Lab) {
	p.names = nil
	for _, e := range lab.Edit {
		p.names = append(p.names, e.Path)
	}
}

func (p *filePane) name() string {
	if p.shown < len(p.names) {
		return p.names[p.shown]
	}
	return ""
}

// look reads and colours the files, away from the loop.
func (p *filePane) look(run int, live *Live, step int, th *theme) tea.Cmd {
	p.asked++
	n, base := p.asked, p.base
	return func() tea.Msg {
		files, err := live.Files.Read()
		if err != nil {
			return filesMsg{run: run, n: n, err: err}
		}
		if base == nil {
			base = begin(live.Lab, step)
		}
		m := filesMsg{run: run, n: n, files: files, base: base, rows: map[string][]fileRow{}}
		for name, data := range files {
			m.rows[name] = fileRows(th, name, string(base[name]), string(data))
		}
		return m
	}
}

// begin gives the files as the step of that index begins: those handed out, or the solution of the one before.
func begin(lab course.Lab, step int) course.Files {
	if step > 0 && step <= len(lab.Steps) {
		if files, err := lab.Solution(lab.Steps[step-1].ID); err == nil {
			return files
		}
	}
	files, _ := lab.Initial()
	return files
}

// fileRows compares two versions of a file and colours what is to be seen of both.
func fileRows(th *theme, name, before, after string) []fileRow {
	before, after = strings.TrimSuffix(cleanText(before), "\n"), strings.TrimSuffix(cleanText(after), "\n")
	language := languageOf(name)
	old, now := strings.Split(before, "\n"), strings.Split(after, "\n")
	coloured := th.highlight(language, after)
	var rows []fileRow
	for _, r := range compare(old, now) {
		switch r.mark {
		case '-':
			rows = append(rows, fileRow{r.mark, r.before + 1, th.Removed.Render(old[r.before])})
		case '+':
			rows = append(rows, fileRow{r.mark, r.after + 1, th.Added.Render(now[r.after])})
		default:
			rows = append(rows, fileRow{r.mark, r.after + 1, coloured[r.after]})
		}
	}
	return rows
}

// take takes in what a look has found, unless a later one was quicker.
func (p *filePane) take(m filesMsg) {
	if m.n < p.taken {
		return
	}
	p.taken, p.err = m.n, m.err
	if m.err != nil {
		return
	}
	changed := p.files == nil || !p.files.Equal(m.files)
	p.files, p.base, p.rows = m.files, m.base, m.rows
	if changed {
		p.drift, p.side = false, 0
	}
}

func (p *filePane) reject(e session.Event) {
	p.wrongFile, p.wrong, p.why = e.File, e.Line, clean(lastLine(e.Message))
	p.drift, p.side = false, 0
	for i, name := range p.names {
		if name == e.File {
			p.shown = i
		}
	}
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, '\n'); i >= 0 && i+1 < len(s) {
		first, _, _ := strings.Cut(s, "\n")
		return first
	}
	return s
}

// lines lays the pane out: numbers, marks, text, and under a refused line the reason.
func (p *filePane) lines(w int) (out []string, focus int) {
	rows := p.rows[p.name()]
	digits := len(strconv.Itoa(len(rows)))
	focus = -1
	th := p.d.th
	for _, r := range rows {
		wrong := r.mark != '-' && r.number == p.wrong && p.name() == p.wrongFile && p.wrong > 0
		number := th.Quiet.Render(fmt.Sprintf("%*d ", digits, r.number))
		text := r.text
		if p.side > 0 {
			text = cutLeft(text, p.side)
		}
		mark := " "
		switch {
		case wrong:
			mark = th.Bad.Bold(true).Render("✗")
		case r.mark == '+':
			mark = th.Added.Render("+")
		case r.mark == '-':
			mark = th.Removed.Render("-")
		}
		if focus < 0 && r.mark != ' ' {
			focus = len(out)
		}
		out = append(out, number+mark+text)
		if wrong {
			focus = len(out) - 1
			for _, l := range hang(spaces(digits+1)+"  ", p.why, w) {
				out = append(out, th.Bad.Render(l))
			}
		}
	}
	return out, focus
}

// View draws the pane.
func (p *filePane) View(w, h int) []string {
	p.h = h
	if p.err != nil {
		return column(hang("✗ ", clean(p.err.Error()), w), 0, w, h)
	}
	if p.files == nil {
		return column([]string{p.d.th.Quiet.Render(p.d.say("file-none"))}, 0, w, h)
	}
	lines, focus := p.lines(w)
	if !p.drift && focus >= 0 {
		p.to(focus-(h-1)/2, len(lines), h)
	}
	p.to(p.top, len(lines), h)
	return column(lines, p.top, w, h)
}

func (p *filePane) move(delta int) {
	lines, _ := p.lines(1000)
	p.drift = true
	p.by(delta, len(lines), p.h)
}

// changes counts the lines that were added and removed in the file that is shown: "+3 -1".
func (p *filePane) changes() string {
	added, removed := 0, 0
	for _, r := range p.rows[p.name()] {
		switch r.mark {
		case '+':
			added++
		case '-':
			removed++
		}
	}
	var out []string
	if added > 0 {
		out = append(out, fmt.Sprintf("+%d", added))
	}
	if removed > 0 {
		out = append(out, fmt.Sprintf("-%d", removed))
	}
	return strings.Join(out, " ")
}

// age says when the file was saved, coarsely enough not to flicker.
func (p *filePane) age() string {
	if p.saved.IsZero() {
		return ""
	}
	since := max(p.d.now().Sub(p.saved), 0)
	switch {
	case since < 10*time.Second:
		return p.d.say("saved-seconds", int(since.Seconds()))
	case since < time.Minute:
		return p.d.say("saved-seconds", int(since.Seconds())/10*10)
	case since < time.Hour:
		return p.d.say("saved-minutes", int(since.Minutes()))
	}
	return p.d.say("saved-at", p.saved.Format("15:04"))
}
