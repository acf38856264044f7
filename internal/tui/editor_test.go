package tui

import (
	"os"
	"strings"
	"testing"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/locale"
)

// TestEditor types into the built-in editor, saves, and does not lose what is not saved.
func TestEditor(t *testing.T) {
	s := newShow(t, locale.Korean, 100, 30, open03)
	s.ready()
	s.key("e", "#", "안", "녕")
	if v := s.a.View(); v.Cursor == nil || v.Cursor.X != 2+6+5 || v.Cursor.Y != 2 {
		t.Errorf("the cursor is at %+v; the input method needs it after the last letter", v.Cursor)
	}
	s.key("esc")
	if _, still := s.a.top().(*editorScreen); !still {
		t.Fatal("esc dropped what was not saved")
	}
	s.key("ctrl+s", "esc")
	data, err := os.ReadFile(s.house.live.Files.Path("websocket.conf"))
	if err != nil || !strings.HasPrefix(string(data), "#안녕# websocket.conf") {
		t.Errorf("saved %.40q, %v", data, err)
	}
	if _, still := s.a.top().(*editorScreen); still {
		t.Error("esc did not close the editor")
	}
}

// TestEditorKeepsTheFile: what the built-in editor cannot show is kept in the lines that were not edited, and a file that
// it would cut is not opened.
func TestEditorKeepsTheFile(t *testing.T) {
	s := newShow(t, locale.English, 100, 30, open03)
	s.ready()
	lab := s.a.top().(*labScreen)
	path := s.house.live.Files.Path("websocket.conf")
	lab.file.files = course.Files{"websocket.conf": []byte("site {\n\thandle {\r\n\t\trespond 1\n    four\n\t}\n}\n")}
	s.key("e")
	if e := s.a.top().(*editorScreen); e.dirty() {
		t.Error("it is not as saved when it opens")
	}
	s.key("enter", "space", "space", "space", "space", "x", "ctrl+s")
	data, err := os.ReadFile(path)
	if want := "\n\txsite {\n\thandle {\r\n\t\trespond 1\n    four\n\t}\n}\n"; err != nil || string(data) != want {
		t.Errorf("saved %q, %v; want %q", data, err, want)
	}
	s.key("esc")

	for name, text := range map[string]string{"long": strings.Repeat("# a line\n", 10_001), "wide": strings.Repeat("x", maxEdit+1)} {
		lab.file.files = course.Files{"websocket.conf": []byte(text)}
		if s.key("e"); s.a.top() != screen(lab) || !strings.Contains(s.frame(), "$EDITOR") {
			t.Errorf("a %s file was opened: it would be cut", name)
		}
	}
}

// TestEditorFailedSave: what could not be written is still there, and not said to be saved.
func TestEditorFailedSave(t *testing.T) {
	s := newShow(t, locale.English, 100, 30, open03)
	s.ready()
	path := s.house.live.Files.Path("websocket.conf")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	s.key("e", "#", "ctrl+s")
	if !strings.Contains(s.frame(), "not saved: ") {
		t.Errorf("nothing is said:\n%s", s.frame())
	}
	s.key("esc")
	if e, still := s.a.top().(*editorScreen); !still || !e.dirty() {
		t.Error("the edit is gone, and was not written")
	}
}
