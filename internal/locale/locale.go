// Package locale has the interface's words in English and in Korean.
//
// Everything else in the program speaks in keys and values; here they become sentences. It does not know what a
// lesson, a session or a screen is.
package locale

import (
	"fmt"
	"os"
	"strings"
)

// Lang is a language of the interface and of lessons, as an ISO 639-1 code.
type Lang string

// The languages that the program speaks.
const (
	English Lang = "en"
	Korean  Lang = "ko"
)

// All lists the languages, the fallback first.
func All() []Lang { return []Lang{English, Korean} }

// Parse reads a language as people write it: "ko", "ko_KR.UTF-8", "en-GB". ok is false for any other language.
func Parse(s string) (lang Lang, ok bool) {
	s = strings.ToLower(s)
	if i := strings.IndexAny(s, "_-.@"); i >= 0 {
		s = s[:i]
	}
	switch s {
	case "ko", "korean":
		return Korean, true
	case "en", "english", "c", "posix":
		return English, true
	}
	return English, false
}

// FromEnv chooses the language: LAB_LANG, then the locale variables in the order that POSIX gives them,
// then English.
func FromEnv(getenv func(string) string) Lang {
	if getenv == nil {
		getenv = os.Getenv
	}
	for _, name := range []string{"LAB_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			lang, _ := Parse(v)
			return lang
		}
	}
	return English
}

// entry is one message in all languages. Its verbs are fmt's; after a verb, a particle pair such as {이/가}
// becomes the one that fits the sound before it.
type entry struct{ en, ko string }

type catalog map[string]entry

// catalogs lists the tables; each area of the program keeps its own file.
func catalogs() []catalog {
	return []catalog{hintWords, factWords, checkWords, reportWords, tuiWords, cliWords, teachWords, consentWords, buildWords}
}

// Has tells whether there are words for key.
func Has(key string) bool {
	_, ok := find(key)
	return ok
}

// Say gives the words for key in lang, with args filled in. A key without words is shown as itself with its
// arguments, so that nothing is ever silent; a test keeps that from happening.
func (l Lang) Say(key string, args ...any) string {
	e, ok := find(key)
	if !ok {
		return strings.TrimSpace(fmt.Sprintln(append([]any{key}, args...)...))
	}
	format := e.en
	if l == Korean && e.ko != "" {
		format = e.ko
	}
	if len(args) > 0 && strings.Contains(format, "%") {
		format, _, _ = strings.Cut(fmt.Sprintf(format, args...), "%!(EXTRA ") // words need not mention all that they are given
	}
	format = l.Spoken(format)
	if l == Korean {
		return Particles(format)
	}
	return Plurals(format)
}

// deadline is what Go's library says where the time that was given is over.
const deadline = "context deadline exceeded"

// Spoken is a text with the words of a library, which say nothing to a student, put into words that do.
func (l Lang) Spoken(text string) string {
	if !strings.Contains(text, deadline) {
		return text
	}
	return strings.ReplaceAll(text, deadline, l.Say("cli.deadline"))
}

func find(key string) (entry, bool) {
	for _, c := range catalogs() {
		if e, ok := c[key]; ok {
			return e, true
		}
	}
	return entry{}, false
}

// Advice gives the words for a coded error: what is wrong, and what to do about it. Either is "" where there are no
// words for it, or where they mention what args do not have.
func (l Lang) Advice(code string, args ...string) (what, todo string) {
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a
	}
	say := func(key string) string {
		e, ok := find(key)
		if !ok || len(args) == 0 && strings.Contains(e.en, "%") {
			return ""
		}
		return l.Say(key, values...)
	}
	return say("error." + code), say("hint." + code)
}
