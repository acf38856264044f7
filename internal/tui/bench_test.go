package tui

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// heavy is the lab screen at its heaviest: a lesson of some 5,000 lines, no two parts of it alike, and 10,000 lines on
// the wire.
func heavy(b testing.TB, w, h int) *show {
	b.Helper()
	s := newShow(b, locale.Korean, w, h, open03)
	s.ready()
	lab := s.a.top().(*labScreen)
	text := lab.lesson.Texts[locale.Korean]
	var long strings.Builder
	for i := range 140 {
		number := fmt.Sprint(i)
		for _, word := range []string{"HTTP", "Upgrade", "RFC"} {
			text.Markdown = strings.ReplaceAll(strings.ReplaceAll(text.Markdown, word+fmt.Sprint(i-1), word), word, word+number)
		}
		long.WriteString(text.Markdown + "\n\n")
	}
	text.Markdown = long.String()
	lab.lesson.Texts = map[locale.Lang]course.LessonText{locale.Korean: text}
	lab.reading = newReadingPane(s.a.d, lab.lesson)
	s.run(lab.lay())
	if n := len(lab.reading.page.lines); n < 4500 {
		b.Fatalf("the lesson has %d lines", n)
	}
	st := s.house.stage
	st.checking(1, course.KindHandshake, 0)
	for range 10_000 {
		st.see(probe.Exchange{From: "you", To: "proxy", Kind: probe.WireRequest, Text: "GET /ws HTTP/1.1", Notes: []string{"Upgrade: websocket"}})
	}
	s.events()
	return s
}

// report reports the median and the 99th percentile of what was measured.
func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkView draws frames while the student scrolls.
func BenchmarkView(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			s := heavy(b, size[0], size[1])
			var took []time.Duration
			for b.Loop() {
				s.a.top().(*labScreen).reading.move(3)
				began := time.Now()
				_ = s.a.View()
				took = append(took, time.Since(began))
			}
			report(b, took)
		})
	}
}

// BenchmarkKey measures from a key to its frame while events arrive at 1,000 a second, as the inbox bundles them: 16
// at a time.
func BenchmarkKey(b *testing.B) {
	s := heavy(b, 140, 45)
	st := s.house.stage
	var took []time.Duration
	for b.Loop() {
		for range 16 {
			st.see(probe.Exchange{From: "proxy", To: "you", Kind: probe.WireMessage, Text: "hello"})
		}
		began := time.Now() // the key arrives just behind the bundle, which is the worst place
		s.events()
		s.send(press1("down"))
		took = append(took, time.Since(began))
	}
	report(b, took)
}

// BenchmarkResize measures a new size until the program takes messages again, and until the lesson stands in its new
// width, which happens beside the loop.
func BenchmarkResize(b *testing.B) {
	s := heavy(b, 140, 45)
	lab := s.a.top().(*labScreen)
	s.a.d.th.parts.Clear()
	clear(lab.reading.pages)
	began := time.Now()
	s.run(lab.lay())
	first := time.Since(began)
	var loop, laid []time.Duration
	w := 100
	for b.Loop() {
		w = 100 + (w-100+1)%40
		clear(lab.reading.pages)
		began := time.Now()
		_, cmd := s.a.Update(tea.WindowSizeMsg{Width: w, Height: 45})
		_ = s.a.View()
		loop = append(loop, time.Since(began))
		s.run(cmd)
		laid = append(laid, time.Since(began))
	}
	report(b, loop)
	slices.Sort(laid)
	b.ReportMetric(float64(laid[len(laid)/2].Microseconds())/1000, "laid-out-p50-ms")
	b.ReportMetric(float64(laid[len(laid)*99/100].Microseconds())/1000, "laid-out-p99-ms")
	b.ReportMetric(float64(first.Microseconds())/1000, "first-time-ms")
}

// BenchmarkMemory draws, scrolls and resizes, and tells what that holds on to, and what it has from the system.
func BenchmarkMemory(b *testing.B) {
	s := heavy(b, 140, 45)
	for b.Loop() {
		for w := 100; w < 140; w++ {
			s.send(tea.WindowSizeMsg{Width: w, Height: 45})
			_ = s.a.View()
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	runtime.KeepAlive(s)
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "heap-MB")
	b.ReportMetric(float64(m.Sys-m.HeapReleased)/(1<<20), "system-MB")
}

// BenchmarkProgress folds events, to tell the session's share of the above.
func BenchmarkProgress(b *testing.B) {
	p := session.NewProgress(testLab())
	x := probe.Exchange{From: "you", To: "proxy", Kind: probe.WireRequest, Text: "GET /ws"}
	for b.Loop() {
		p = p.Apply(session.Event{Kind: session.Seen, Wire: &x})
	}
}
