package main

import (
	"io"
	"time"

	"github.com/cwk-stream/lab/internal/report"
	"github.com/cwk-stream/lab/internal/session"
)

// reporter is a report of a session in some format.
type reporter interface {
	session.Observer
	Note(sentence string)
	Fail(err error)
	Close() error
}

// reporter makes the report that --output asks for, on standard output.
func (a *app) reporter(output string, p plan, step string) reporter {
	o := report.Options{Lab: p.named(), Lang: a.lang(), Step: step, Scratch: p.demo, Guided: p.guided, Now: time.Now}
	switch output {
	case "json":
		return report.NewJSON(a.out, o)
	case "junit":
		return report.NewJUnit(a.out, o)
	}
	return report.NewText(a.lines(), o)
}

// lines is standard output for lines that people read: on a terminal, folded to its width.
func (a *app) lines() io.Writer {
	if !isTerminal(a.out) {
		return a.out
	}
	return report.Fold(a.out, a.width)
}

// prose makes ready for lines what an author wrote with line ends of their own.
func (a *app) prose(markdown string) string {
	if !isTerminal(a.out) {
		return markdown
	}
	return report.Flow(markdown)
}
