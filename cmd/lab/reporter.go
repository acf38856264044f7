package main

import (
	"fmt"

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
func (a *app) reporter(output string, p plan, step string) (reporter, error) {
	o := report.Options{Lab: p.named(), Lang: a.lang(), Step: step, Scratch: p.demo, Guided: p.guided}
	switch output {
	case "text":
		return report.NewText(a.out, o), nil
	case "json":
		return report.NewJSON(a.out, o), nil
	case "junit":
		return report.NewJUnit(a.out, o), nil
	}
	return nil, usageError{fmt.Errorf("--output %s: there is text, json and junit", output)}
}
