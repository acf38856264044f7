// Package reward makes XP, levels, achievements and lesson states out of a student's events: a pure fold, so that
// the same journal always gives the same standing, on whatever machine and however often anything was replayed.
//
// It does not know where the events are kept, nor what a lesson or a lab says: callers tell it their outlines.
package reward

import (
	"maps"
	"slices"
	"time"

	"github.com/cwk-stream/lab/internal/locale"
)

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

// Lesson is what there is to gain by one lesson.
type Lesson struct {
	ID     string
	XP     int      // for reading it to the end
	Was    []string // ids that it had before
	Lab    string   // "" for none; no two lessons have the same
	LabWas []string // ids that its lab had before
	Steps  []Step   // of the lab
	// Variants has the steps of those variants of the lab whose steps are others than Steps; nil for none.
	Variants map[string][]Step
}

// Step is what there is to gain by one step of a lab.
type Step struct {
	ID  string
	XP  int
	Was []string // ids that it had before
}

// in gives the steps of the lab in a variant.
func (l Lesson) in(variant string) []Step {
	if steps, ok := l.Variants[variant]; ok {
		return steps
	}
	return l.Steps
}

// all gives every step of every variant, those of Steps first.
func (l Lesson) all() []Step {
	steps := slices.Clone(l.Steps)
	for _, v := range slices.Sorted(maps.Keys(l.Variants)) {
		steps = append(steps, l.Variants[v]...)
	}
	return steps
}

// Standing is what a student has achieved.
type Standing struct {
	XP        int     `json:"xp"`
	Level     int     `json:"level"`
	LevelName Text    `json:"level_name"`
	LevelXP   int     `json:"level_xp"` // XP at which this level begins
	NextXP    int     `json:"next_xp"`  // XP at which the next one begins; 0 at the last level
	Levels    []Level `json:"-"`

	Lessons      int                    `json:"lessons"`
	LessonsDone  int                    `json:"lessons_done"`
	States       map[string]LessonState `json:"lesson_states"` // by lesson id
	Achievements []Achievement          `json:"achievements"`  // all there are, in the table's order
	Got          int                    `json:"achievements_got"`
}

// LessonState is how far a student got in one lesson.
type LessonState struct {
	Read   bool `json:"read"`
	Passed bool `json:"passed"` // every step of its lab is met in one variant; true where there is no lab
	Done   bool `json:"done"`   // it counts: Read and Passed
	Met    int  `json:"met"`    // steps of its lab that are met, in the variant where most are
	Steps  int  `json:"steps"`  // of that variant
	XP     int  `json:"xp"`     // gained by it and its lab
	Left   int  `json:"left"`   // XP that it and its lab still have to give
}

// Word is the state as a key of the words under "state.<word>": new, begun or done.
func (s LessonState) Word() string {
	switch {
	case s.Done:
		return "done"
	case s.Read || s.Met > 0:
		return "begun"
	}
	return "new"
}

// State is how far the student got in a lesson; the zero value for one that there is not.
func (s Standing) State(lesson string) LessonState { return s.States[lesson] }

// Achievement is one thing to be proud of.
type Achievement struct {
	ID   string    `json:"id"`
	Name Text      `json:"name"`
	How  Text      `json:"how"` // what to do for it
	Got  bool      `json:"got"`
	When time.Time `json:"when,omitzero"` // the event that brought it; zero where it was not got
}

// Gained is what came between two standings.
type Gained struct {
	XP           int           `json:"xp"`
	Total        int           `json:"total"` // XP after
	LevelUp      bool          `json:"level_up"`
	Level        int           `json:"level"`
	LevelName    Text          `json:"level_name"`
	Achievements []Achievement `json:"achievements"`
	Lessons      []string      `json:"lessons"` // ids of those that are done now, sorted
}

// Nothing tells whether nothing was gained.
func (g Gained) Nothing() bool {
	return g.XP <= 0 && !g.LevelUp && len(g.Achievements) == 0 && len(g.Lessons) == 0
}
