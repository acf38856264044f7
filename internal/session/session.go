package session

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/workspace"
)

// Config says what a session is about. Lab, Files and Engine are needed.
type Config struct {
	Lab       course.Lab
	Files     *workspace.Workspace
	Engine    Engine
	Observers []Observer // told in this order
	History   History    // what the student has achieved before; zero for nothing
	// Recall reads History again before a step is checked, as another program of the student may have written a
	// solution, or met the step, meanwhile. nil for never; an error leaves what is known.
	Recall func() (History, error)
	From   string // step to begin with; "" for the first that is not met
	Now    func() time.Time
}

// History is what earlier sessions of the same lab achieved.
type History struct {
	Met     map[string]bool // by step id
	Solved  map[string]bool // the solution was written, and the files were not reset since
	Awarded map[string]bool // its XP were given
	Hints   map[string]int  // how many hints were shown
}

// Recall reads a student's events for what was achieved in a lab, in its variant. XP are given once a step, though,
// whatever the variant. What was achieved under an earlier id of a step, or of
// the lab, is theirs.
func Recall(events *EventSet, lab course.Lab) History {
	h := History{Met: map[string]bool{}, Solved: map[string]bool{}, Awarded: map[string]bool{}, Hints: map[string]int{}}
	steps := stepNames(lab)
	for e := range events.All() {
		if e.Lab != lab.ID && !slices.Contains(lab.Was, e.Lab) {
			continue
		}
		step, known := steps[e.Step]
		if !known {
			continue
		}
		if e.Kind == StepMet && !e.Solved {
			h.Awarded[step.ID] = true
		}
		if e.Variant != lab.Variant {
			continue
		}
		switch e.Kind {
		case StepMet:
			h.Met[step.ID] = true
		case SolvedFor:
			h.Solved[step.ID] = true
		case Reset:
			delete(h.Solved, step.ID)
		case Hinted:
			h.Hints[step.ID] = min(max(h.Hints[step.ID], e.Number), len(step.Hints))
		}
	}
	return h
}

// stepNames are a lab's steps by their ids and by those that they had before.
func stepNames(lab course.Lab) map[string]course.Step {
	steps := map[string]course.Step{}
	for _, s := range lab.Steps {
		for _, old := range s.Was {
			steps[old] = s
		}
	}
	for _, s := range lab.Steps { // whatever a step was called: an id that is in use is its step's
		steps[s.ID] = s
	}
	return steps
}

// Session is one student in one lab. Its methods may be called from several goroutines, but only one of Boot, Check,
// Run and Live runs at a time; Live does all the rest through Requests.
type Session struct {
	c  Config
	id string

	mu       sync.Mutex // guards what follows, and the order of events
	progress Progress
	began    time.Time // of the first event
	seq      int
	failed   error // of an observer
	env      Environment
	left     []removal    // of what could not be removed
	inForce  course.Files // what env serves; nil for not known
	good     course.Files // what env last accepted
	wanted   course.Files // what the latest apply was asked to put in force
	base     course.Files // the student's when the current step was begun or last met; nil for not known
}

// New prepares a session; nothing runs yet.
func New(c Config) (*Session, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Session{c: c, id: newID(), progress: NewProgress(c.Lab)}
	s.progress.Engine = c.Engine.Name()
	for i := range s.progress.Steps {
		step := &s.progress.Steps[i]
		step.Met, step.Earlier = c.History.Met[step.ID], c.History.Met[step.ID]
		step.Solved, step.Hints = c.History.Solved[step.ID], c.History.Hints[step.ID]
		step.Awarded = c.History.Awarded[step.ID]
	}
	s.progress.Current = c.History.next(c.Lab)
	if c.From != "" {
		_, i, ok := c.Lab.Step(c.From)
		if !ok {
			return nil, fmt.Errorf("lab %s has no step %q", c.Lab.ID, c.From)
		}
		s.progress.Current = i
	}
	return s, nil
}

// Next is the step that a session begins with unless it is told another: the first that is not met, or where all are,
// the first.
func (h History) Next(lab course.Lab) course.Step { return lab.Steps[h.next(lab)] }

func (h History) next(lab course.Lab) int {
	return max(0, slices.IndexFunc(lab.Steps, func(s course.Step) bool { return !h.Met[s.ID] }))
}

// newID gives 16 hexadecimal digits that nobody else has.
func newID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails, by its documentation
	return hex.EncodeToString(b)
}

// ID labels everything that the session makes.
func (s *Session) ID() string { return s.id }

// Progress is where the session stands now.
func (s *Session) Progress() Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.progress
}

// Lab is the lab that the session is about.
func (s *Session) Lab() course.Lab { return s.c.Lab }

// emit completes e, folds it into the progress and tells the observers. After an observer has failed, every emit
// returns its error.
func (s *Session) emit(e Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	s.seq++
	if s.began.IsZero() {
		s.began = s.c.Now()
	}
	if e.Kind == Completed {
		e.Seconds = s.c.Now().Sub(s.began).Seconds()
	}
	e.ID, e.Seq, e.Time = fmt.Sprintf("%s-%06d", s.id, s.seq), s.seq, s.c.Now()
	e.Session, e.Lab, e.Variant, e.Engine = s.id, s.c.Lab.ID, s.c.Lab.Variant, s.c.Engine.Name()
	s.progress = s.progress.Apply(e)
	for _, o := range s.c.Observers {
		if err := o.Observe(e, s.progress); err != nil {
			s.failed = err
			return err
		}
	}
	return nil
}

func (s *Session) environment() Environment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.env
}
