package tui

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
)

// sheetScreen is a text over the whole window that one leaves again: a diff, a question, the links.
type sheetScreen struct {
	scroll
	d      *desk
	title  func() string
	lines  func(w int) []string
	keys   []binding
	status func() (string, mood)
	w, h   int
}

// Update scrolls.
func (s *sheetScreen) Update(msg tea.Msg) tea.Cmd {
	if m, ok := msg.(tea.MouseWheelMsg); ok {
		if m.Button == tea.MouseWheelUp {
			s.move(-3)
		} else if m.Button == tea.MouseWheelDown {
			s.move(3)
		}
	}
	return nil
}

func (s *sheetScreen) move(delta int) { s.by(delta, len(s.lines(s.w-4)), s.h-2) }

// View draws the sheet.
func (s *sheetScreen) View(w, h int) string {
	s.w, s.h = w, h
	lines := s.lines(w - 4)
	s.to(s.top, len(lines), h-2)
	right := ""
	if len(lines) > h-2 {
		right = fmt.Sprintf("%d %%", s.percent(len(lines), h-2))
	}
	out := []string{rule(s.d, s.title(), s.d.th.Strong, right, w), spaces(w)}
	for _, l := range column(lines, s.top, w-4, h-2) {
		out = append(out, "  "+l+"  ")
	}
	return strings.Join(out, "\n")
}

// Status is the sheet's own.
func (s *sheetScreen) Status() (string, mood) {
	if s.status == nil {
		return "", plain
	}
	return s.status()
}

// Bindings are the sheet's own keys, then those to scroll and to leave.
func (s *sheetScreen) Bindings() []binding {
	out := append([]binding(nil), s.keys...)
	out = append(out, binding{keys: []string{"esc"}, show: "esc", help: "back", foot: true, on: true,
		do: func() tea.Cmd { return say(popMsg{}) }})
	ends := func(end bool) {
		if end {
			s.move(1 << 30)
		} else {
			s.move(-1 << 30)
		}
	}
	keys := scrolling(s.move, s.h, ends)
	keys[0].foot = s.h > 0 && len(s.lines(s.w-4)) > s.h-2 // there is more: say how to get there
	return append(out, keys...)
}

// showDiff shows what the student changed since the step began.
func (s *labScreen) showDiff() tea.Cmd {
	d, base, files, names := s.d, s.file.base, s.file.files, s.file.names
	return say(pushMsg{&sheetScreen{d: d,
		title: func() string { return d.say("diff-title") },
		lines: func(w int) []string { return diffLines(d, names, base, files, w) },
	}})
}

// offer shows what solving or resetting would do to the files, and asks.
func (s *labScreen) offer(solve bool) tea.Cmd {
	d, live, names, index := s.d, s.live, s.file.names, s.progress.Current
	step, at, _ := s.step()
	kind, word := session.RequestReset, "reset"
	if solve {
		kind, word = session.RequestSolve, "solve"
	}
	costs := solve && !at.Met && step.XP > 0
	return func() tea.Msg {
		now, err := live.Files.Read()
		if err != nil && solve {
			return noticeMsg{text: errorWords(d, err), mood: bad}
		}
		want := begin(live.Lab, index)
		if solve {
			if want, err = live.Lab.Solution(step.ID); err != nil {
				return noticeMsg{text: clean(err.Error()), mood: bad}
			}
		}
		sheet := &sheetScreen{d: d,
			title: func() string { return d.say(word + "-title") },
			lines: func(w int) []string {
				out := wrap(d.say(word+"-ask"), w)
				if costs {
					out = append(out, wrap(d.th.Warn.Render(d.say("solve-costs", step.XP)), w)...)
				}
				return append(append(out, ""), diffLines(d, names, now, want, w)...)
			},
			status: func() (string, mood) { return d.say(word + "-confirm"), accent },
		}
		sheet.keys = []binding{{keys: []string{"y"}, show: "y", help: word + "-yes", foot: true, on: true, do: func() tea.Cmd {
			return say(inOrderMsg{popMsg{}, requestMsg{session.Request{Kind: kind}}})
		}}}
		return pushMsg{sheet}
	}
}

// diffLines shows the changes of several files, each with three lines around it.
func diffLines(d *desk, names []string, before, after course.Files, w int) []string {
	var out []string
	for _, name := range names {
		rows := fileRows(d.th, name, string(before[name]), string(after[name]))
		near := make([]bool, len(rows))
		any := false
		for i, r := range rows {
			if r.mark == ' ' {
				continue
			}
			any = true
			for j := max(i-3, 0); j <= min(i+3, len(rows)-1); j++ {
				near[j] = true
			}
		}
		if !any {
			continue
		}
		out = append(out, d.th.Strong.Render(clean(name)), "")
		for i, r := range rows {
			if !near[i] {
				if i > 0 && near[i-1] {
					out = append(out, d.th.Quiet.Render("   ⋯"))
				}
				continue
			}
			mark := map[byte]string{' ': " ", '+': d.th.Added.Render("+"), '-': d.th.Removed.Render("-")}[r.mark]
			head := d.th.Quiet.Render(fmt.Sprintf("%4d ", r.number)) + mark + " "
			for _, piece := range breakCode(r.text, max(w-7, 10)) {
				out = append(out, head+piece)
				head = spaces(7) + d.th.Quiet.Render("↪ ")
			}
		}
		out = append(out, "")
	}
	if len(out) == 0 {
		return wrap(d.th.Quiet.Render(d.say("diff-none")), w)
	}
	return out
}

// newLinksScreen lists the lesson's links; a digit opens or copies one.
func newLinksScreen(d *desk, links []course.Link) *sheetScreen {
	s := &sheetScreen{d: d, title: func() string { return d.say("links") }}
	s.lines = func(w int) []string {
		out := wrap(d.th.Quiet.Render(d.say(openWord(d))), w)
		out = append(out, "")
		for i, l := range links {
			out = append(out, hang(d.th.Accent.Bold(true).Render(fmt.Sprintf(" %s  ", linkKey(i))), clean(l.Title), w)...)
			for _, piece := range strings.Split(ansi.Hardwrap(clean(l.URL), w-4, true), "\n") {
				out = append(out, "    "+d.th.hyperlink(l.URL, piece))
			}
			out = append(out, "")
		}
		return out
	}
	for i, l := range links {
		if i >= len(linkKeys) {
			break
		}
		b := binding{keys: []string{linkKey(i)}, on: true, do: func() tea.Cmd { return openLink(d, l.URL) }}
		if i == 0 {
			b.show, b.help, b.foot = "1–9", openWord(d), true
		}
		s.keys = append(s.keys, b)
	}
	return s
}

const linkKeys = "123456789"

func linkKey(i int) string {
	if i < len(linkKeys) {
		return linkKeys[i : i+1]
	}
	return " "
}

func openWord(d *desk) string {
	if len(d.opener) > 0 {
		return "links-open"
	}
	return "links-copy"
}

// openLink opens an address in the browser, or copies it where there is none to be had.
func openLink(d *desk, url string) tea.Cmd {
	if len(d.opener) == 0 {
		return tea.Batch(tea.SetClipboard(url), notice(good, d.say("copied-link", url)))
	}
	ctx, opener, failed := d.ctx, d.opener, d.say("open-failed", url)
	opened := d.say("opened", url)
	return func() tea.Msg {
		args := append(append([]string(nil), opener[1:]...), url)
		err := exec.CommandContext(ctx, opener[0], args...).Run() //nolint:gosec // the address is the lesson's
		if err != nil && !errors.Is(err, ctx.Err()) {
			return noticeMsg{text: failed, mood: bad}
		}
		return noticeMsg{text: opened, mood: good}
	}
}

func countLines(s string) int { return strings.Count(strings.TrimSuffix(s, "\n"), "\n") + 1 }
