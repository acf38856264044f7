package session

import (
	"fmt"

	"github.com/cwk-stream/lab/internal/course"
)

// Request is something that the student asks of a live session.
type Request struct {
	Kind RequestKind
	Step string // for RequestGoto
}

// RequestKind names a kind of request.
type RequestKind string

// The requests. What comes of each is an Event.
const (
	RequestCheck  RequestKind = "check"  // check now → Checking …; cancels a check in flight
	RequestNext   RequestKind = "next"   // the next step → Moved, then a check of what was saved early; nothing if this one is not met or is the last
	RequestGoto   RequestKind = "goto"   // Step → Moved; any step may be visited again
	RequestHint   RequestKind = "hint"   // one hint more → Hinted; nothing if there is none left
	RequestSolve  RequestKind = "solve"  // write the solution into the student's files → SolvedFor, then a check
	RequestReset  RequestKind = "reset"  // the files as the step began → Reset, then they are applied
	RequestCancel RequestKind = "cancel" // give up the check in flight → Cancelled
	RequestBoot   RequestKind = "boot"   // after Trouble: try again → Booting
)

// Hint shows one hint more of the current step. It tells the number of the hint, 0 if there is none left.
func (s *Session) Hint() (int, error) {
	p := s.Progress()
	current, ok := p.Step()
	if !ok {
		return 0, nil
	}
	step, _, _ := s.c.Lab.Step(current.ID)
	if current.Hints >= len(step.Hints) {
		return 0, nil
	}
	n := current.Hints + 1
	return n, s.emit(Event{Kind: Hinted, Step: step.ID, Number: n})
}

// Next moves on to the next step, if the current one is met and there is one.
func (s *Session) Next() error {
	step, ok := s.next()
	if !ok {
		return nil
	}
	return s.Goto(step)
}

// next is the step that Next moves on to, if it does.
func (s *Session) next() (step string, ok bool) {
	p := s.Progress()
	current, ok := p.Step()
	if !ok || !current.Met || p.Current+1 >= len(p.Steps) {
		return "", false
	}
	return p.Steps[p.Current+1].ID, true
}

// Goto makes step the current one.
func (s *Session) Goto(step string) error {
	if _, _, ok := s.c.Lab.Step(step); !ok {
		return fmt.Errorf("lab %s has no step %q", s.c.Lab.ID, step)
	}
	s.begun(nil)
	return s.emit(Event{Kind: Moved, Step: step})
}

// Solve writes the current step's solution into the student's files; what they had is kept in a backup folder.
func (s *Session) Solve() error {
	current, ok := s.Progress().Step()
	if !ok {
		return nil
	}
	files, err := s.c.Lab.Solution(current.ID)
	if err != nil {
		return err
	}
	backup, err := s.c.Files.Write(files)
	if err != nil {
		return &filesError{err}
	}
	return s.emit(Event{Kind: SolvedFor, Step: current.ID, Message: backup})
}

// Begin gives the files as they are when the step of that index begins: the solution of the one before it, or those
// first handed out.
func (s *Session) Begin(index int) (course.Files, error) {
	if index <= 0 {
		return s.c.Lab.Initial()
	}
	return s.c.Lab.Solution(s.c.Lab.Steps[index-1].ID)
}

// Reset puts the student's files back to what they are when the current step begins; what they had is kept in a
// backup folder.
func (s *Session) Reset() error {
	p := s.Progress()
	files, err := s.Begin(min(p.Current, len(s.c.Lab.Steps)-1))
	if err != nil {
		return err
	}
	backup, err := s.c.Files.Write(files)
	if err != nil {
		return &filesError{err}
	}
	s.begun(files)
	current, _ := p.Step()
	return s.emit(Event{Kind: Reset, Step: current.ID, Message: backup})
}
