package tui

import (
	"os"
	"strings"

	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/cwk-stream/lab/internal/course"
)

// What the built-in editor takes. The workspace refuses files beyond a mebibyte; a paste that large is a mistake.
const (
	maxEdit  = 256 << 10 // bytes
	maxPaste = 64 << 10  // bytes
)

// editorScreen is a small editor for those who have none. It uses the terminal's own cursor, so that an input method
// shows its letters where they will stand.
type editorScreen struct {
	d     *desk
	name  string
	path  string
	area  textarea.Model
	saved string            // what the area held when it was last as the file is
	lines map[string]string // of the file by what the area makes of them: it knows neither tabs nor carriage returns
	tabs  bool              // the file is indented with tabs
	sure  bool              // esc was pressed once over unsaved changes

	saving, closing bool // a save is on its way; esc was pressed meanwhile
}

// savedMsg says how a save went.
type savedMsg struct {
	text string // what the area held
	err  error
}

// newEditorScreen opens a file; ok is false where it holds what the area would lose.
func newEditorScreen(d *desk, files Files, name string, contents course.Files, line int) (e *editorScreen, ok bool) {
	text := string(contents[name])
	e = &editorScreen{d: d, name: name, path: files.Path(name), area: textarea.New(), lines: map[string]string{}}
	e.area.MaxHeight, e.area.MaxWidth, e.area.CharLimit = 9999, 0, maxEdit
	e.area.Prompt, e.area.ShowLineNumbers = "", true
	e.area.SetVirtualCursor(false)
	e.paint()
	e.area.SetValue(strings.ReplaceAll(text, "\r\n", "\n")) // it would make two lines of it
	if e.saved = e.area.Value(); !e.learn(text) {
		return nil, false
	}
	e.area.MoveToBegin()
	for range max(line-1, 0) {
		e.area.CursorDown()
	}
	e.area.CursorStart()
	e.area.Focus()
	return e, true
}

// indent is what the area makes of a tab.
const indent = "    "

// learn keeps what each line of the file was before the area took it; false where the area took something else.
func (e *editorScreen) learn(text string) bool {
	was, now := strings.Split(text, "\n"), strings.Split(e.saved, "\n")
	if len(was) != len(now) {
		return false
	}
	for i, line := range was {
		if strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", indent) != now[i] {
			return false
		}
		e.lines[now[i]] = line
		e.tabs = e.tabs || strings.HasPrefix(line, "\t")
	}
	return true
}

// written is the area's text as it goes into the file: lines of the file as they were there, and others indented as they
// are.
func (e *editorScreen) written() string {
	lines := strings.Split(e.area.Value(), "\n")
	for i, line := range lines {
		if was, ok := e.lines[line]; ok {
			lines[i] = was
			continue
		}
		for tabs := ""; e.tabs && strings.HasPrefix(line, tabs+indent); {
			line = tabs + "\t" + line[len(tabs+indent):]
			tabs += "\t"
			lines[i] = line
		}
	}
	text := strings.Join(lines, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

func (e *editorScreen) paint() {
	th := e.d.th
	state := textarea.StyleState{Text: th.Text, CursorLine: th.Text, LineNumber: th.Quiet, CursorLineNumber: th.Accent,
		EndOfBuffer: th.Quiet, Prompt: th.Quiet, Placeholder: th.Quiet, Base: lipgloss.NewStyle()}
	e.area.SetStyles(textarea.Styles{Focused: state, Blurred: state})
}

// Typing says that keys are text.
func (e *editorScreen) Typing() bool { return true }

// Cursor is where the next letter goes.
func (e *editorScreen) Cursor() (x, y int, ok bool) {
	c := e.area.Cursor()
	if c == nil {
		return 0, 0, false
	}
	return c.X + 2, c.Y + 1, true
}

// Update types, saves and leaves.
func (e *editorScreen) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case sizeMsg:
		e.paint()
		e.area.SetWidth(m.w - 4)
		e.area.SetHeight(m.h - 1)
		return nil
	case tea.KeyPressMsg:
		if cmd, ok := press(e.Bindings(), m.String()); ok {
			return cmd
		}
		e.sure = false
	case savedMsg:
		return e.wrote(m)
	case tea.PasteMsg:
		if len(m.Content) > maxPaste {
			return notice(warn, e.d.say("paste-too-long", len(m.Content)>>10, maxPaste>>10))
		}
		m.Content = cleanText(m.Content)
		msg = m
	case tea.MouseWheelMsg, tea.MouseClickMsg:
	default:
		return nil
	}
	var cmd tea.Cmd
	e.area, cmd = e.area.Update(msg)
	return cmd
}

func (e *editorScreen) dirty() bool { return e.area.Value() != e.saved }

// Bindings are the editor's own keys; all others are text.
func (e *editorScreen) Bindings() []binding {
	return []binding{
		{keys: []string{"ctrl+s"}, show: "^S", help: "save", foot: true, on: true, do: e.save},
		{keys: []string{"esc"}, show: "esc", help: "close", foot: true, on: true, do: e.close},
	}
}

func (e *editorScreen) save() tea.Cmd {
	e.saving = true
	held, text, path := e.area.Value(), e.written(), e.path
	return func() tea.Msg { return savedMsg{held, os.WriteFile(path, []byte(text), 0o600)} }
}

func (e *editorScreen) wrote(m savedMsg) tea.Cmd {
	closing := e.closing
	e.saving, e.closing = false, false
	if m.err != nil {
		return notice(bad, e.d.say("save-failed")+" "+clean(m.err.Error()))
	}
	e.saved = m.text
	done := notice(good, e.d.say("saved-now", e.name))
	if closing {
		return tea.Batch(done, e.close())
	}
	return done
}

func (e *editorScreen) close() tea.Cmd {
	if e.saving { // whether there is something to lose is not known yet
		e.closing = true
		return nil
	}
	if e.dirty() && !e.sure {
		e.sure = true
		return notice(warn, e.d.say("unsaved"))
	}
	return say(popMsg{})
}

// Status says whether there is something to save.
func (e *editorScreen) Status() (string, mood) {
	if e.dirty() {
		return e.d.say("editor-dirty"), warn
	}
	return e.d.say("editor-clean"), quiet
}

// View draws the text.
func (e *editorScreen) View(w, h int) string {
	lines := strings.Split(e.area.View(), "\n")
	out := []string{rule(e.d, clean(e.name), e.d.th.Strong, "", w)}
	for _, l := range column(lines, 0, w-4, h-1) {
		out = append(out, "  "+l+"  ")
	}
	return strings.Join(out, "\n")
}
