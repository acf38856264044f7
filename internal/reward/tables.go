package reward

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/goccy/go-yaml"
)

// Tables are the levels and the achievements that there are. Their vocabulary is explained in the files themselves.
type Tables struct {
	levels       []Level
	achievements []achievement
}

// Level is one line of the ladder.
type Level struct {
	Number int  `yaml:"level"`
	XP     int  `yaml:"xp"` // at which it begins
	Name   Text `yaml:"name"`
}

type achievement struct {
	ID   string `yaml:"id"`
	Name Text   `yaml:"name"`
	How  Text   `yaml:"how"`
	When when   `yaml:"when"`
}

// when is what an achievement asks of the journal. Exactly one of Check, Completed, Lessons and Return is set.
type when struct {
	Check     string     `yaml:"check"`
	Got       string     `yaml:"got"`     // with Check: what the fact that was seen begins with
	Outcome   string     `yaml:"outcome"` // with Check; "" means met
	Completed *completed `yaml:"completed"`
	Lessons   count      `yaml:"lessons"`
	Return    int        `yaml:"return_after_days"`
}

// completed is a lab of which every step is met.
type completed struct {
	Unaided  bool     `yaml:"unaided"`
	Engine   string   `yaml:"engine"`
	Variants []string `yaml:"variants"`
}

// count is a number, or all there are.
type count int

const all count = -1

// UnmarshalYAML reads a number of at least 1, or "all".
func (c *count) UnmarshalYAML(data []byte) error {
	text := string(bytes.TrimSpace(data))
	if text == "all" {
		*c = all
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fmt.Errorf("%q is neither a number of lessons nor all", text)
	}
	*c = count(n)
	return nil
}

// Load reads levels.yaml and achievements.yaml, and refuses what can never be meant: an achievement without a
// condition, a level that is not above the one before, a text that lacks a language.
func Load(fsys fs.FS) (Tables, error) {
	var levels struct {
		Levels []Level `yaml:"levels"`
	}
	var achievements struct {
		Achievements []achievement `yaml:"achievements"`
	}
	err := read(fsys, "levels.yaml", &levels)
	if err == nil {
		err = read(fsys, "achievements.yaml", &achievements)
	}
	if err != nil {
		return Tables{}, err
	}
	return Tables{levels.Levels, achievements.Achievements},
		errors.Join(checkLevels(levels.Levels), checkAchievements(achievements.Achievements))
}

func read(fsys fs.FS, name string, into any) error {
	data, err := fs.ReadFile(fsys, name)
	if err == nil {
		err = yaml.UnmarshalWithOptions(data, into, yaml.Strict())
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}

func checkLevels(levels []Level) error {
	var errs []error
	if len(levels) == 0 || levels[0].XP != 0 {
		errs = append(errs, errors.New("levels.yaml: the first level must begin at 0 XP"))
	}
	for i, l := range levels {
		if l.Number != i || i > 0 && l.XP <= levels[i-1].XP {
			errs = append(errs, fmt.Errorf("levels.yaml: level %d at %d XP does not follow the one before", l.Number, l.XP))
		}
		if !l.Name.whole() {
			errs = append(errs, fmt.Errorf("levels.yaml: level %d lacks its name in a language", l.Number))
		}
	}
	return errors.Join(errs...)
}

func checkAchievements(list []achievement) error {
	var errs []error
	seen := map[string]bool{}
	for _, a := range list {
		if a.ID == "" || seen[a.ID] {
			errs = append(errs, fmt.Errorf("achievements.yaml: the id %q is missing or there twice", a.ID))
		}
		seen[a.ID] = true
		if !a.Name.whole() || !a.How.whole() {
			errs = append(errs, fmt.Errorf("achievements.yaml: %s lacks a text in a language", a.ID))
		}
		if a.When.conditions() != 1 || a.When.Check == "" && a.When.Got+a.When.Outcome != "" {
			errs = append(errs, fmt.Errorf("achievements.yaml: %s needs exactly one condition under when", a.ID))
		}
	}
	return errors.Join(errs...)
}

func (w when) conditions() int {
	n := 0
	for _, set := range []bool{w.Check != "", w.Completed != nil, w.Lessons != 0, w.Return > 0} {
		if set {
			n++
		}
	}
	return n
}

func (t Text) whole() bool { return t.En != "" && t.Ko != "" }
