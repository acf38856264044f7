package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// hostile is what any text from outside may try on a terminal: OSC 52 (the clipboard), OSC 8 (a link), a title, DCS,
// CSI in both spellings, DEL, an override of the direction, and bytes that are no text.
const hostile = "\x1b]52;c;AAAA\x07\x1b]8;;http://x\x1b\\x\x1b]8;;\x1b\\\x1b]0;x\x07\x1bP+q\x1b\\\x1b[2J\u009b31m\u009d0;x\u009c\x7f\u202ex\xff\r\b"

// poison fills every text in v with s.
func poison(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		if v.String() == "" || v.Type() == reflect.TypeFor[string]() {
			v.SetString(s)
		}
	case reflect.Struct:
		if v.Type().PkgPath() == "time" {
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				poison(v.Field(i), s)
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			poison(v.Index(i), s)
		}
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		poison(v.Elem(), s)
	}
}

// TestNothingHostileGetsThrough reports events of every kind of which every text is hostile, in every format.
func TestNothingHostileGetsThrough(t *testing.T) {
	kinds := []session.Kind{session.Booting, session.Staged, session.Ready, session.Moved, session.Saved, session.Applying,
		session.Rejected, session.AppliedOK, session.Checking, session.Probing, session.Seen, session.Judged, session.StepUnmet,
		session.Cancelled, session.StepMet, session.Hinted, session.SolvedFor, session.Reset, session.Trouble, session.Stopped}
	lab := lab()
	for format, make := range map[string]func(*bytes.Buffer, Options) session.Observer{
		"text": func(b *bytes.Buffer, o Options) session.Observer { return NewText(b, o) },
		"json": func(b *bytes.Buffer, o Options) session.Observer { return NewJSON(b, o) },
		"xml":  func(b *bytes.Buffer, o Options) session.Observer { return NewJUnit(b, o) },
	} {
		for _, lang := range []locale.Lang{locale.English, locale.Korean} {
			var out bytes.Buffer
			o := make(&out, Options{Lab: lab, Lang: lang})
			p := session.NewProgress(lab)
			for i, kind := range kinds {
				var e session.Event
				poison(reflect.ValueOf(&e).Elem(), hostile)
				e.Kind, e.Seq, e.Outcome, e.Check = kind, i+1, probe.NotMet, 1
				e.Step = lab.Steps[0].ID
				p = p.Apply(e)
				if err := o.Observe(e, p); err != nil {
					t.Fatal(err)
				}
			}
			if c, ok := o.(interface{ Close() error }); ok {
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if out.Len() < 200 {
				t.Errorf("%s: only %q", format, out.String())
			}
			for line := range strings.Lines(out.String()) {
				bad := func(r rune) bool {
					return r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
				}
				if strings.ContainsFunc(line, bad) {
					t.Errorf("%s: %q", format, line)
				}
				if format == "json" && !json.Valid([]byte(line)) {
					t.Errorf("not JSON any more: %q", line)
				}
			}
		}
	}
}
