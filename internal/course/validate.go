package course

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"
)

// Limits of what a lab may ask for. A lab comes from anywhere.
const (
	maxSteps  = 20
	maxChecks = 20
	maxHints  = 10
	maxLimit  = 10 * time.Minute
	maxCrowd  = 200     // connections of one check
	maxSize   = 4 << 20 // bytes of a message
)

// validator collects what is wrong with a decoded lab, with its place in the file.
type validator struct {
	file     string
	data     []byte
	problems Problems
	found    *places // nil before the first problem
}

func (v *validator) places() *places {
	if v.found == nil {
		v.found = &places{data: v.data}
	}
	return v.found
}

func (v *validator) say(at, format string, args ...any) {
	if len(v.problems) >= maxProblems {
		return
	}
	line, col, source := v.places().of(at)
	v.problems = append(v.problems, Problem{File: v.file, Line: line, Column: col, Source: source,
		Message: fmt.Sprintf(format, args...)})
}

// sayKey is say about a key, and not about its value.
func (v *validator) sayKey(parent, key, format string, args ...any) {
	if len(v.problems) >= maxProblems {
		return
	}
	line, col, source := v.places().ofKey(parent, key)
	v.problems = append(v.problems, Problem{File: v.file, Line: line, Column: col, Source: source,
		Message: fmt.Sprintf(format, args...)})
}

func (v *validator) lab(l Lab) {
	if l.Title.En == "" && l.Title.Ko == "" {
		v.say("$.title", "a lab needs a title")
	}
	if !identifier.MatchString(l.Variant) || device.MatchString(l.Variant) {
		v.say("$.variant", "variant: %q is not a name of small letters, digits and hyphens", l.Variant)
	}
	if len(l.Engines) == 0 {
		v.say("$.engines", "engines: say at least one of docker, embedded")
	}
	for i, e := range l.Engines {
		v.engine(fmt.Sprintf("$.engines[%d]", i), l, e)
	}
	for _, s := range l.Env.Services {
		v.takes(s)
	}
	for i, e := range l.Edit {
		v.editable(fmt.Sprintf("$.edit[%d]", i), l, e)
	}
	v.editables(l.Edit)
	if n := len(l.Steps); n == 0 || n > maxSteps {
		v.say("$.steps", "a lab has 1 to %d steps, not %d", maxSteps, n)
	}
	v.stepIDs(l.Steps)
	for i, s := range l.Steps {
		v.step(fmt.Sprintf("$.steps[%d]", i), l, s)
	}
}

// stepIDs wants each id, former ones included, to mean one step: progress is kept by them.
func (v *validator) stepIDs(steps []Step) {
	seen := map[string]bool{}
	for i, s := range steps {
		if seen[s.ID] {
			v.say(fmt.Sprintf("$.steps[%d].id", i), "step id %q is used twice", s.ID)
		}
		seen[s.ID] = true
	}
	for i, s := range steps {
		for j, id := range s.Was {
			if seen[id] {
				v.say(fmt.Sprintf("$.steps[%d].was[%d]", i, j), "was: %q is the id of a step, or was named before", id)
			}
			seen[id] = true
		}
	}
}

// engine looks at one engine that a lab claims. On the embedded one, each service needs something that stands in for it.
func (v *validator) engine(at string, l Lab, name string) {
	switch name {
	case "docker":
	case "embedded":
		for _, s := range l.Env.Services {
			if s.Apply.Stub == "" {
				v.say(at, "engines: nothing stands in for service %s on the embedded engine: say apply: { stub: nginx } or "+
					"{ stub: fastapi } of it, or leave embedded out", s.Name)
			}
		}
	default:
		v.say(at, "engines: %q is neither docker nor embedded", name)
	}
}

// takes looks at how a service becomes ready and takes new files.
func (v *validator) takes(s Service) {
	at := "$.services." + s.Name
	v.pattern(at+".ready.log", s.Ready.Log)
	v.pattern(at+".apply.until", s.Apply.Until)
	ways := 0
	for _, one := range []bool{s.Apply.Signal != "", len(s.Apply.Reload) > 0, s.Apply.Restart} {
		if one {
			ways++
		}
	}
	if ways > 1 {
		v.say(at+".apply", "apply: say one of signal, reload and restart")
	}
	if s.Apply.Until != "" && s.Apply.Signal == "" {
		v.say(at+".apply.until", "until: it is what the log says after a signal, and there is no signal")
	}
}

func (v *validator) editable(at string, l Lab, e Editable) {
	if !insideLab(e.Path) || e.Path == "." || strings.HasPrefix(e.Path, ".") || strings.Contains(e.Path, "/.") {
		v.say(at+".path", "path: %q does not name a file inside the student's folder, in which names with a dot in front "+
			"are lab's own", e.Path)
	} else if _, err := fs.Stat(l.FS, path.Join("files", e.Path)); err != nil {
		v.say(at+".path", "files/%s is not there", e.Path)
	}
	s, ok := l.Env.Service(e.Service)
	if !ok {
		v.say(at+".service", "there is no service %q", e.Service)
	}
	if !path.IsAbs(e.Target) || path.Clean(e.Target) != e.Target {
		v.say(at+".target", "target: %q is not an absolute path", e.Target)
	} else if ok && s.ReadOnly && !s.mounted(e.Target) {
		v.say(at+".target", "target: %q is on no volume, and service %s is read-only: mount a volume at its folder in the "+
			"Compose file", e.Target, s.Name)
	}
}

func (v *validator) step(at string, l Lab, s Step) {
	if !identifier.MatchString(s.ID) || device.MatchString(s.ID) {
		v.say(at+".id", "id: %q is not a name of small letters, digits and hyphens that every system can hold", s.ID)
	}
	if s.Title.En == "" && s.Title.Ko == "" {
		v.say(at, "a step needs a title")
	}
	if s.XP < 0 || s.XP > 500 {
		v.say(at+".xp", "xp: %d is not between 0 and 500", s.XP)
	}
	if len(s.Hints) > maxHints {
		v.say(at+".hints", "at most %d hints", maxHints)
	}
	if n := len(s.Checks); n == 0 || n > maxChecks {
		v.say(at, "a step has 1 to %d checks, not %d", maxChecks, n)
	}
	for i, c := range s.Checks {
		v.check(fmt.Sprintf("%s.checks[%d]", at, i), l, c)
	}
}
