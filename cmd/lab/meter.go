package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/cwk-stream/lab/internal/printable"
)

// meter shows how far something of many bytes is, on standard error: one line that changes on a terminal, elsewhere a
// line at the end and one every few seconds until then.
type meter struct {
	app   *app
	every time.Duration
	live  bool
	last  time.Time
}

func (a *app) meter() *meter {
	m := &meter{app: a, every: 5 * time.Second, live: isTerminal(a.err) && !a.linear(), last: time.Now()}
	if m.live {
		m.every = 100 * time.Millisecond
	}
	return m
}

// of gives what is told how far one thing is. total 0: nobody knows how much it is going to be.
func (m *meter) of(label string) func(done, total int64) {
	return func(done, total int64) {
		if time.Since(m.last) < m.every {
			return
		}
		m.last = time.Now()
		m.print(label+"  "+amount(done, total), m.live)
	}
}

// end says that one thing is done.
func (m *meter) end(label string, size int64) { m.print(label+"  "+amount(size, 0)+"  ✓", false) }

func (m *meter) print(line string, again bool) {
	line = printable.Text(line)
	if !m.live {
		fmt.Fprintln(m.app.err, line)
		return
	}
	end := "\n"
	if again {
		end = ""
	}
	fmt.Fprint(m.app.err, "\r"+ansi.EraseEntireLine+ansi.Truncate(line, m.app.width()-1, "…")+end)
}

// stop clears a line that was left unfinished.
func (m *meter) stop() {
	if m.live {
		fmt.Fprint(m.app.err, "\r"+ansi.EraseEntireLine)
	}
}

// amount is "12.3 MB of 45.0 MB  27 %", with a bar.
func amount(done, total int64) string {
	if total <= 0 {
		return size(done)
	}
	part := int(done * 20 / total)
	return fmt.Sprintf("%s%s  %s / %s  %3d %%", strings.Repeat("▰", part), strings.Repeat("▱", 20-part), size(done),
		size(total), done*100/total)
}

// size writes a number of bytes with a decimal unit, as disks and networks are sold by.
func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}
