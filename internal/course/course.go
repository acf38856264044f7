// Package course describes what instructors write: lessons, labs, steps, checks and environments. It loads and
// validates them from an fs.FS.
//
// It knows nothing about running: not Docker, not sockets, not the student, not the screen.
package course

import (
	"io/fs"

	"github.com/cwk-stream/lab/internal/locale"
)

// Course is everything there is to learn, in order.
type Course struct {
	Lessons []Lesson
	labs    fs.FS
}

// Lesson is one page of reading, in one or more languages.
type Lesson struct {
	ID      string // folder name, such as "03-reverse-proxy"; unique
	Number  int    // the numeric prefix, 1 or more; the order of the course
	Status  string // "published" or "draft"
	Minutes int    // reading time, 1–60
	XP      int    // awarded once, for reading to the end; 0 or more
	Tags    []string
	Lab     string   // id of its lab, "" where there is none
	Was     []string // ids that it had before
	Texts   map[locale.Lang]LessonText
}

// LessonText is a lesson in one language.
type LessonText struct {
	Title    string
	Links    []Link
	Markdown string // what follows the front matter; NFC, no control characters but newline and tab
}

// Link is a primary source.
type Link struct {
	Title string `yaml:"title"`
	URL   string `yaml:"url"`
}

// In gives the lesson in lang, or in the first language that there is.
func (l Lesson) In(lang locale.Lang) LessonText {
	if t, ok := l.Texts[lang]; ok {
		return t
	}
	for _, other := range locale.All() {
		if t, ok := l.Texts[other]; ok {
			return t
		}
	}
	return LessonText{}
}

// Text is a short text in each language.
type Text struct {
	En string `yaml:"en" json:"en"`
	Ko string `yaml:"ko" json:"ko"`
}

// In gives the text in lang, or in the other language where that one is empty.
func (t Text) In(lang locale.Lang) string {
	if lang == locale.Korean && t.Ko != "" || t.En == "" {
		return t.Ko
	}
	return t.En
}

// Lab is what the student does: an environment, the files to edit, and steps. A Lab is always one variant:
// lab.yaml is the default one, lab.<variant>.yaml each other.
type Lab struct {
	ID      string   // folder name, such as "03-reverse-proxy"
	Was     []string // ids that it had before
	Number  int      // the numeric prefix; 0 where the folder has none
	Variant string   // "nginx", "caddy"; the name students give to --proxy
	File    string   // in FS, that the variant is written in: "lab.yaml", "lab.caddy.yaml"
	Title   Text
	Engines []string // engines that the lab claims to run on: "docker", "embedded"
	Edit    []Editable
	Steps   []Step
	Env     Environment
	FS      fs.FS // the lab's folder
}

// Editable is a file that the student edits.
type Editable struct {
	Path    string `yaml:"path"`    // name in the student's folder, in files/, solutions/<step>/ and mistakes/<name>/; slash-separated
	Service string `yaml:"service"` // the service that reads it
	Target  string `yaml:"target"`  // absolute path in that service
}

// Step is one thing to achieve.
type Step struct {
	ID     string   `yaml:"id"`
	Was    []string `yaml:"was"` // ids that it had before; unlike each other and every other id of the lab
	Title  Text     `yaml:"title"`
	Goal   Text     `yaml:"goal"`   // what to do, one or two sentences
	Learnt Text     `yaml:"learnt"` // what the student has just seen, shown when the step is met
	XP     int      `yaml:"xp"`
	Hints  []Text   `yaml:"hints"` // from a nudge to nearly the answer; never the whole file
	Checks []Check  `yaml:"checks"`
}
