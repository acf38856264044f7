package main

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/report"
)

// cause is what the system said, without the call and the file that it is about.
func cause(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

// complain prints an error for a person: one line of what and where, one line of what to do.
func (a *app) complain(err error) {
	lang, out := a.lang(), a.err
	if isTerminal(a.err) {
		out = report.Fold(a.err, a.width)
	}
	err = a.explain(err)
	var problems course.Problems
	if errors.As(err, &problems) {
		fmt.Fprintln(out, printable.Text(problems.Error()))
		if _, advised := hint.Find(err); !advised {
			err = hint.With(err, "bad-lab", len(problems))
		}
	}
	h, ok := hint.Find(err)
	text := lang.Spoken(err.Error())
	if ok && locale.Has("error."+h.Code) {
		text = lang.Say("error."+h.Code, h.Args...)
	}
	fmt.Fprintln(out, "lab: "+printable.Text(text))
	if ok && locale.Has("hint."+h.Code) {
		fmt.Fprintln(out, lang.Say("hint.prefix")+" "+printable.Text(lang.Say("hint."+h.Code, h.Args...)))
		return
	}
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintln(out, lang.Say("hint.prefix")+" "+lang.Say("hint.usage"))
	}
}
