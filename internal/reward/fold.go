package reward

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/session"
)

// Fold makes a standing of a student's events.
//
// XP is awarded once for each step of a lab, whichever its variant and whatever the step was called, and once for reading
// each lesson. How much, the outline says and never the event: a journal is a file that anybody can write. A step whose
// solution was written gives no XP in that run; meeting it again without help, after a reset, still does. A step that
// was met with the solution written counts for its lesson all the same: the student may want to go on, and has paid
// with the XP. Only labs of the given lessons give XP and achievements, so that a lab from anywhere on disk cannot.
func Fold(events *session.EventSet, lessons []Lesson, t Tables) Standing {
	f := newFold(events, lessons)
	got := map[string]time.Time{}
	open := slices.Clone(t.achievements)
	first := true
	for e := range events.All() {
		e = f.today(e)
		_, ours := f.known[e.Lab]
		changed := f.add(first, e, ours)
		first = false
		if e.Lab != "" && !ours {
			continue
		}
		open = slices.DeleteFunc(open, func(a achievement) bool {
			had := f.holds(a.When, e, changed)
			if had {
				got[a.ID] = e.Time
			}
			return had
		})
	}
	return f.standing(t, got)
}

// New is what was gained from before to after.
func New(before, after Standing) Gained {
	g := Gained{XP: after.XP - before.XP, Total: after.XP, LevelUp: after.Level > before.Level, Level: after.Level,
		LevelName: after.LevelName}
	had := map[string]bool{}
	for _, a := range before.Achievements {
		had[a.ID] = a.Got
	}
	for _, a := range after.Achievements {
		if a.Got && !had[a.ID] {
			g.Achievements = append(g.Achievements, a)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(after.States)) {
		if after.States[id].Done && !before.States[id].Done {
			g.Lessons = append(g.Lessons, id)
		}
	}
	return g
}

// maxVariants bounds how many variants of one lab are told apart.
const maxVariants = 64

// place is one step of one variant of a lab.
type place struct{ lab, variant, step string }

// fold is what is known after some of the events.
type fold struct {
	lessons []Lesson
	known   map[string]Lesson // by lab id
	names   map[string]names  // by lab id
	were    former
	helps   map[place][]session.Event // in one session, whose id stands in variant: solutions written, and resets

	read     map[string]bool // lessons
	xp       map[place]int   // variant is "", and step the id that pays: awarded once for all variants
	met      map[place]bool
	merits   map[place]bool            // met without a written solution, in that session
	engines  map[place]map[string]bool // on which a step was met on its own merit
	helped   map[place]bool            // step is "": a hint or a solution was had in a variant before it was complete
	unaided  map[place]bool            // step is "": a variant was completed without
	variants map[string][]string       // by lab
	last     time.Time                 // of the event before
	gap      time.Duration             // between the newest event and the one before it
}

func newFold(events *session.EventSet, lessons []Lesson) *fold {
	f := &fold{lessons: lessons, were: formerIDs(lessons), known: map[string]Lesson{}, names: map[string]names{}, helps: map[place][]session.Event{},
		read: map[string]bool{}, xp: map[place]int{}, met: map[place]bool{}, merits: map[place]bool{},
		engines: map[place]map[string]bool{}, helped: map[place]bool{}, unaided: map[place]bool{}, variants: map[string][]string{}}
	for _, l := range lessons {
		if l.Lab != "" {
			f.known[l.Lab], f.names[l.Lab] = l, namesOf(l)
		}
	}
	for e := range events.All() {
		if e.Kind != session.SolvedFor && e.Kind != session.Reset {
			continue
		}
		e = f.today(e)
		if _, ours := f.known[e.Lab]; ours {
			p := place{e.Lab, e.Session, e.Step}
			f.helps[p] = append(f.helps[p], session.Event{Kind: e.Kind, Seq: e.Seq})
		}
	}
	return f
}

// today is e with the ids that its lesson, lab and step have now.
func (f *fold) today(e session.Event) session.Event {
	if id, renamed := f.were.labs[e.Lab]; renamed {
		e.Lab = id
	}
	if id, renamed := f.were.lessons[e.Lesson]; renamed {
		e.Lesson = id
	}
	if n, known := f.names[e.Lab]; known && e.Step != "" {
		e.Step = n.today(e.Variant, e.Step)
	}
	return e
}

// merit tells whether e was achieved without a written solution: the session did not know of one, and wrote none
// itself since the files were last reset.
func (f *fold) merit(e session.Event) bool {
	var last session.Event
	for _, h := range f.helps[place{e.Lab, e.Session, e.Step}] {
		// By Seq and not by time: within a session it tells the order whatever the clock does.
		if h.Seq < e.Seq && h.Seq > last.Seq {
			last = h
		}
	}
	return !e.Solved && last.Kind != session.SolvedFor
}

// add takes an event in. ours tells whether it is of a lab of the course. It tells whether that changed what is met
// and read.
func (f *fold) add(first bool, e session.Event, ours bool) (changed bool) {
	f.gap = 0
	if !first {
		f.gap = e.Time.Sub(f.last)
	}
	f.last = e.Time
	if e.Kind == session.Read {
		changed = !f.read[e.Lesson]
		f.read[e.Lesson] = true
	}
	if !ours {
		return changed
	}
	switch e.Kind {
	case session.Hinted, session.SolvedFor:
		f.helped[place{e.Lab, e.Variant, ""}] = true
	case session.StepMet:
		changed = f.stepMet(e)
	}
	return changed
}

// seen remembers the variants of a lab that the student did something in. No lab has as many as maxVariants.
func (f *fold) seen(e session.Event) {
	if had := f.variants[e.Lab]; len(had) < maxVariants && !slices.Contains(had, e.Variant) {
		f.variants[e.Lab] = append(f.variants[e.Lab], e.Variant)
	}
}

// stepMet tells whether it is news that e's step is met.
func (f *fold) stepMet(e session.Event) bool {
	at, variant, merit := place{e.Lab, e.Variant, e.Step}, place{e.Lab, e.Variant, ""}, f.merit(e)
	if f.met[at] && (!merit || f.merits[at] && f.engines[at][e.Engine]) {
		return false
	}
	f.seen(e)
	before := f.all(e.Lab, e.Variant, f.met)
	f.met[at] = true
	if !merit {
		return true
	}
	f.merits[at] = true
	if f.engines[at] == nil {
		f.engines[at] = map[string]bool{}
	}
	f.engines[at][e.Engine] = true
	f.award(e)
	if !before && f.all(e.Lab, e.Variant, f.merits) && !f.helped[variant] {
		f.unaided[variant] = true
	}
	return true
}

// award gives the XP of a step, once. What an event says of its XP counts for nothing.
func (f *fold) award(e session.Event) {
	at := place{e.Lab, "", f.names[e.Lab].pays[e.Step]}
	if _, had := f.xp[at]; had {
		return
	}
	for _, s := range f.known[e.Lab].in(e.Variant) {
		if s.ID == e.Step {
			f.xp[at] = s.XP
		}
	}
}

// all tells whether every step of a variant of a known lab is in set.
func (f *fold) all(lab, variant string, set map[place]bool) bool {
	steps := f.known[lab].in(variant)
	for _, s := range steps {
		if !set[place{lab, variant, s.ID}] {
			return false
		}
	}
	return len(steps) > 0
}

// passed tells whether every step of a lab is met in some variant, with or without help. That a session said so is no
// proof: it may have known other steps, or never have been.
func (f *fold) passed(lab string) bool {
	for _, v := range f.variants[lab] {
		if f.all(lab, v, f.met) {
			return true
		}
	}
	return lab == ""
}

// done counts the lessons that are read and whose lab is passed.
func (f *fold) done() int {
	n := 0
	for _, l := range f.lessons {
		if f.read[l.ID] && f.passed(l.Lab) {
			n++
		}
	}
	return n
}

// holds tells whether a condition holds after e, the newest event, of a lab of the course or of none. changed is what add
// said of it.
func (f *fold) holds(w when, e session.Event, changed bool) bool {
	switch {
	case w.Check != "":
		return e.Kind == session.Judged && string(e.CheckKind) == w.Check && e.Got != nil && begins(e.Got.String(), w.Got) &&
			string(e.Outcome) == cmp.Or(w.Outcome, "met") && f.merit(e)
	case w.Completed != nil:
		return changed && e.Kind == session.StepMet && f.completed(*w.Completed, e.Lab)
	case w.Lessons == all:
		return changed && len(f.lessons) > 0 && f.done() == len(f.lessons)
	case w.Lessons != 0:
		return changed && f.done() >= int(w.Lessons)
	case w.Return > 0:
		return f.gap >= time.Duration(w.Return)*24*time.Hour
	}
	return false
}

// begins tells whether a fact begins with the words of start: "status 400" does not begin with "status 4".
func begins(fact, start string) bool {
	return start == "" || fact == start || strings.HasPrefix(fact, start+" ")
}

func (f *fold) completed(c completed, lab string) bool {
	if len(c.Variants) == 0 {
		return slices.ContainsFunc(f.variants[lab], func(v string) bool { return f.completedIn(c, lab, v) })
	}
	for _, v := range c.Variants {
		if !f.completedIn(c, lab, v) {
			return false
		}
	}
	return true
}

func (f *fold) completedIn(c completed, lab, variant string) bool {
	if !f.all(lab, variant, f.merits) || c.Unaided && !f.unaided[place{lab, variant, ""}] {
		return false
	}
	for _, s := range f.known[lab].in(variant) {
		if c.Engine != "" && !f.engines[place{lab, variant, s.ID}][c.Engine] {
			return false
		}
	}
	return true
}

func (f *fold) standing(t Tables, got map[string]time.Time) Standing {
	s := Standing{Lessons: len(f.lessons), LessonsDone: f.done(), States: map[string]LessonState{}, Levels: slices.Clone(t.levels)}
	for _, l := range f.lessons {
		state := f.state(l)
		s.States[l.ID] = state
		s.XP += state.XP
	}
	for _, l := range t.levels {
		if s.XP < l.XP {
			s.NextXP = l.XP
			break
		}
		s.Level, s.LevelName, s.LevelXP = l.Number, l.Name, l.XP
	}
	for _, a := range t.achievements {
		at, ok := got[a.ID]
		s.Achievements = append(s.Achievements, Achievement{ID: a.ID, Name: a.Name, How: a.How, Got: ok, When: at})
		if ok {
			s.Got++
		}
	}
	return s
}

func (f *fold) state(l Lesson) LessonState {
	s := LessonState{Read: f.read[l.ID], Passed: f.passed(l.Lab), Steps: len(l.Steps), Left: l.XP}
	if s.Read {
		s.XP, s.Left = l.XP, 0
	}
	s.Done = s.Read && s.Passed
	for _, v := range f.variants[l.Lab] {
		met := 0
		for _, step := range l.in(v) {
			if f.met[place{l.Lab, v, step.ID}] {
				met++
			}
		}
		if met > s.Met {
			s.Met, s.Steps = met, len(l.in(v))
		}
	}
	names, counted := f.names[l.Lab], map[string]bool{}
	for _, step := range l.all() {
		key := names.pays[step.ID]
		if counted[key] {
			continue
		}
		counted[key] = true
		if xp, had := f.xp[place{l.Lab, "", key}]; had {
			s.XP += xp
		} else {
			s.Left += step.XP
		}
	}
	return s
}
