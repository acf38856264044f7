//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/locale"
)

// atTerminal is an app whose input and output are a terminal, and the end at which a student sits.
func atTerminal(t *testing.T, lang locale.Lang) (*app, *os.File, func() string) {
	t.Helper()
	student, tty, err := pty.Open()
	if err != nil {
		t.Skipf("needs a terminal: %v", err)
	}
	var mu sync.Mutex
	var seen bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		for buf := make([]byte, 4096); ; {
			n, err := student.Read(buf)
			mu.Lock()
			seen.Write(buf[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = tty.Close(); _ = student.Close(); <-read })
	home := t.TempDir()
	a := &app{world: world{in: tty, out: tty, err: io.Discard, getenv: func(key string) string { return map[string]string{"LAB_HOME": home}[key] }},
		langFlag: string(lang)}
	return a, student, func() string { mu.Lock(); defer mu.Unlock(); return strings.ReplaceAll(seen.String(), "\r\n", "\n") }
}

// TestReadOnATerminal: whoever has a lesson before them on a terminal says when they are through; before there was time to
// read it, that does not count, and they are told when it will.
func TestReadOnATerminal(t *testing.T) {
	for _, lang := range locale.All() {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			a, student, seen := atTerminal(t, lang)
			l := course.Lesson{ID: "01-short", Number: 1, XP: 30, Texts: map[locale.Lang]course.LessonText{lang: {Title: "Short", Markdown: "A word.\n"}}}
			c := &course.Course{Lessons: []course.Lesson{l}}
			ended := make(chan error, 1)
			began := time.Now()
			go func() { ended <- a.readToTheEnd(t.Context(), c, l) }()
			answer := func(after string) {
				waits(seen, after)
				if _, err := student.WriteString("\n"); err != nil {
					t.Fatal(err)
				}
			}
			say := func(key string, args ...any) string { return a.lang().Say(key, args...) }
			answer(say("read.ask"))
			answer("")
			tooSoon, _, _ := strings.Cut(say("read.too-soon", 5), "5")
			answer(tooSoon)
			time.Sleep(time.Until(began.Add(l.In(lang).LeastTime() + time.Second)))
			answer("")
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			waits(seen, say("read.counts", 30))
			if got := seen(); !strings.Contains(got, tooSoon) || !strings.HasSuffix(strings.TrimSpace(got), say("read.counts", 30)) {
				t.Errorf("the terminal has\n%s", got)
			}
			s, err := a.standing(t.Context(), c)
			if err != nil || !s.State(l.ID).Read || s.XP != 30 {
				t.Errorf("%d XP, %v", s.XP, err)
			}
			before := seen()
			if err := a.readToTheEnd(t.Context(), c, l); err != nil || seen() != before {
				t.Errorf("asked again: %v, %s", err, seen()[len(before):])
			}
		})
	}
}

// waits for words on a terminal; whoever needs them looks again.
func waits(seen func() string, words string) {
	for end := time.Now().Add(20 * time.Second); !strings.Contains(seen(), words) && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
}

// TestReadLater: q, like the end of the input, leaves the lesson unread.
func TestReadLater(t *testing.T) {
	for name, typed := range map[string]string{"q": "q\n", "end of input": "\x04"} {
		a, student, seen := atTerminal(t, locale.English)
		l := course.Lesson{ID: "01-short", Number: 1, XP: 30, Texts: map[locale.Lang]course.LessonText{locale.English: {Title: "Short", Markdown: "A word.\n"}}}
		c := &course.Course{Lessons: []course.Lesson{l}}
		if _, err := student.WriteString(typed); err != nil {
			t.Fatal(err)
		}
		if err := a.readToTheEnd(t.Context(), c, l); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, seen())
		}
		events, err := a.events(t.Context())
		if err != nil || events.Len() > 0 {
			t.Errorf("%s: %d events, %v", name, events.Len(), err)
		}
	}
}
