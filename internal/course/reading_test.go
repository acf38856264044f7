package course

import (
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/labs"
	"github.com/cwk-stream/lab/lessons"
)

// TestLeastTime: longer texts need more time, in both languages alike, and none as long as its author says.
func TestLeastTime(t *testing.T) {
	for text, want := range map[string]time.Duration{"": shortest, "short": shortest, strings.Repeat("word ", 900): 18 * time.Second,
		strings.Repeat("레슨 ", 900): 18 * time.Second, strings.Repeat(" ", 1<<20): shortest} {
		if got := (LessonText{Markdown: text}).LeastTime(); got != want {
			t.Errorf("%d bytes: got %v, want %v", len(text), got, want)
		}
	}
	c, err := Load(lessons.FS, labs.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range c.Lessons {
		en, ko := l.Texts[locale.English].LeastTime(), l.Texts[locale.Korean].LeastTime()
		stated := time.Duration(l.Minutes) * time.Minute
		if en < 30*time.Second || ko < 30*time.Second || en > stated/4 || ko > stated/4 {
			t.Errorf("%s of %v: %v in English, %v in Korean", l.ID, stated, en, ko)
		}
	}
}
