package course

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
)

// Case is an answer to a step, with what must come of it: one of mistakes/ or answers/.
type Case struct {
	Name     string    // folder, such as "mistakes/add-header"
	Answer   bool      // it is right: every check of Step must be met
	Step     string    // the step that the student is at
	Engines  []string  // engines on which this is so
	Rejected *Rejected // the service refuses the files
	Verdict  *Expected // or: they are accepted, and a check ends so
	Files    Files
}

// Rejected is how a service refuses files.
type Rejected struct {
	Message string `yaml:"message"` // contained in what it says
	Line    int    `yaml:"line"`    // of the student's file, that it names; 0 for none
}

// Expected is how a step's check run must end.
type Expected struct {
	Check   int    `yaml:"check"`   // 1 for the step's first: the one that ends the run
	Outcome string `yaml:"outcome"` // "not-met" or "unknown"
	Got     string `yaml:"got"`     // what was seen begins with this, in the notation of reports
}

// caseFile is expect.yaml as it is written.
type caseFile struct {
	Step     string    `yaml:"step"`
	Variant  string    `yaml:"variant"`
	Engines  []string  `yaml:"engines"`
	Rejected *Rejected `yaml:"rejected"`
	Verdict  *Expected `yaml:"verdict"`
}

// Cases reads the lab's mistakes and answers, by name. All problems are reported at once, as Problems.
func (l Lab) Cases() ([]Case, error) {
	variants, err := Variants(l.FS)
	if err != nil {
		return nil, err
	}
	var cases []Case
	var problems Problems
	for _, kind := range []string{"mistakes", "answers"} {
		entries, _ := fs.ReadDir(l.FS, kind)
		if len(entries) > maxCases {
			problems = append(problems, Problem{File: path.Join(l.ID, kind), Message: fmt.Sprintf("at most %d cases", maxCases)})
			continue
		}
		for _, e := range entries {
			c, variant, err := l.readCase(path.Join(kind, e.Name()), variants)
			problems = problems.Collect(path.Join(l.ID, kind, e.Name()), err)
			if err == nil && variant == l.Variant {
				cases = append(cases, c)
			}
		}
	}
	return cases, problems.err()
}

// readCase reads one case, and checks it if it is of the lab's variant.
func (l Lab) readCase(dir string, variants []string) (c Case, variant string, err error) {
	name := path.Join(dir, "expect.yaml")
	data, err := readIn(l.ID, l.FS, name)
	if err == nil && data == nil {
		err = Problems{{File: path.Join(l.ID, name), Message: "is not there"}}
	}
	var doc document
	if err == nil {
		doc, err = parse(path.Join(l.ID, name), data)
	}
	var f caseFile
	if err == nil {
		err = doc.strict(&f, expectSchema)
	}
	if err != nil {
		return Case{}, "", err
	}
	v := validator{file: path.Join(l.ID, name), data: data}
	variant = f.Variant
	if variant == "" {
		variant = variants[0]
	}
	if !slices.Contains(variants, variant) {
		v.say("$.variant", "variant: there is no %q", variant)
	}
	if variant != l.Variant || len(v.problems) > 0 {
		return Case{}, variant, v.problems.err()
	}
	c = Case{Name: dir, Answer: path.Dir(dir) == "answers", Step: f.Step, Engines: f.Engines, Rejected: f.Rejected, Verdict: f.Verdict}
	if len(c.Engines) == 0 {
		c.Engines = l.Engines
	}
	v.expectation(l, c)
	v.caseFiles(l, dir)
	if c.Files, err = l.FilesIn(dir); err != nil {
		v.problems = v.problems.Collect(name, err)
	}
	return c, variant, v.problems.err()
}

// expectation checks what a case wants against the lab.
func (v *validator) expectation(l Lab, c Case) {
	step, _, ok := l.Step(c.Step)
	if !ok {
		v.say("$.step", "step: there is no %q", c.Step)
		return
	}
	for i, e := range c.Engines {
		if !slices.Contains(l.Engines, e) {
			v.say(fmt.Sprintf("$.engines[%d]", i), "engines: the lab does not claim %q", e)
		}
	}
	wants := 0
	if c.Rejected != nil {
		wants++
		if c.Rejected.Message == "" {
			v.say("$.rejected", "rejected needs message: what the service says")
		}
	}
	if c.Verdict != nil {
		wants++
		if n := c.Verdict.Check; n < 1 || n > len(step.Checks) {
			v.say("$.verdict.check", "check: step %s has checks 1 to %d, not %d", step.ID, len(step.Checks), n)
		}
	}
	switch {
	case c.Answer && wants > 0:
		v.say("$.step", "an answer is right: it expects no verdict and no refusal")
	case !c.Answer && wants != 1:
		v.say("$.step", "a mistake expects either rejected or verdict")
	}
}

// caseFiles wants a case to hold the lab's editables and nothing else, and at least one of them.
func (v *validator) caseFiles(l Lab, dir string) {
	found := 0
	_ = fs.WalkDir(l.FS, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == path.Join(dir, "expect.yaml") {
			return err
		}
		file := name[len(dir)+1:]
		if slices.ContainsFunc(l.Edit, func(e Editable) bool { return e.Path == file }) {
			found++
		} else {
			v.problems = append(v.problems, Problem{File: path.Join(l.ID, name), Message: "is none of the files that the student edits"})
		}
		return nil
	})
	if found == 0 {
		v.problems = append(v.problems, Problem{File: path.Join(l.ID, dir), Message: "has none of the files that the student edits"})
	}
}
