package session

import (
	"cmp"
	"hash/fnv"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// Began is when the first version of the program was there: nothing was achieved before.
var Began = time.Date(2026, time.November, 22, 0, 0, 0, 0, time.UTC)

// skew is how far ahead another machine's clock may be: one that takes local time for UTC is off by up to 14 hours.
const skew = 24 * time.Hour

// maxName bounds in bytes what an event names: ids, variants, kinds and facts. Whatever is longer was not written by lab.
const maxName = 512

// maxNumber bounds the numbers of an event: its place in a session, that of a hint.
const maxNumber = 1 << 30

// EventSet is what the events of a student say about what was achieved: each id once, in the order of time, and in a
// small part of the memory of the events themselves. It keeps Seq, Time, Kind, Session, Lab, Variant, Engine, Lesson,
// Step, CheckKind, Outcome, Got, Number, XP and Solved. The zero value is not of use: NewEventSet makes one. It may be
// used by one goroutine at a time.
type EventSet struct {
	until   int64             // the latest time that is possible, in nanoseconds of Unix time
	at      []int64           // one a row: nanoseconds of Unix time
	ids     []uint64          // one a row: hash of the id
	cells   []uint32          // columns a row
	text    []string          // what the cells of the first columns mention
	index   map[string]uint32 // of text, but for the names of sessions
	facts   map[uint32]*probe.Fact
	settled int // rows that are in order and of which each has an id of its own
}

// The columns of a row: first those that mention a text, then the numbers.
const (
	colKind = iota
	colSession
	colLab
	colVariant
	colEngine
	colLesson
	colStep
	colCheckKind
	colOutcome
	colGot
	colSeq
	colNumber
	colXP
	colSolved
	columns
	texts = colSeq
)

// NewEventSet makes a set of events. Those that happened before Began, or more than a day after now, are not in it.
func NewEventSet(now time.Time, events ...Event) *EventSet {
	s := &EventSet{until: max(now.UnixNano(), Began.UnixNano()) + int64(skew), facts: map[uint32]*probe.Fact{}}
	for _, e := range events {
		s.Add(e)
	}
	return s
}

// Add puts e into the set. It tells whether that is an event that lab may have written: with an id, a time that can be
// and numbers and names within reason. Of two events under one id the same one stays on every machine. An event of
// the near future is added all the same, and counts once its time has come.
func (s *EventSet) Add(e Event) bool {
	names := namesIn(e)
	if !reasonable(e, names[:]) {
		return false
	}
	s.at = append(s.at, e.Time.UnixNano())
	s.ids = append(s.ids, hashOf(e.ID))
	before := len(s.cells) - columns
	for i, n := range names {
		switch {
		case before >= 0 && s.text[s.cells[before+i]] == n:
			s.cells = append(s.cells, s.cells[before+i])
		case i == colSession: // seldom comes again, once another has begun
			s.cells, s.text = append(s.cells, uint32(len(s.text))), append(s.text, strings.Clone(n))
		default:
			s.cells = append(s.cells, s.intern(n))
		}
	}
	solved := uint32(0)
	if e.Solved {
		solved = 1
	}
	s.cells = append(s.cells, uint32(e.Seq), uint32(e.Number), uint32(min(max(e.XP, 0), maxNumber)), solved)
	return true
}

// namesIn are what e says in the columns of texts.
func namesIn(e Event) [texts]string {
	got := ""
	if e.Got != nil {
		got = e.Got.String()
	}
	return [texts]string{string(e.Kind), e.Session, e.Lab, e.Variant, e.Engine, e.Lesson, e.Step, string(e.CheckKind), string(e.Outcome), got}
}

func reasonable(e Event, names []string) bool {
	if e.ID == "" || len(e.ID) > maxName || min(e.Seq, e.Number) < 0 || max(e.Seq, e.Number) > maxNumber {
		return false
	}
	if e.Time.Before(Began) || e.Time.Year() > 2200 { // beyond that, UnixNano has no number for it
		return false
	}
	return !slices.ContainsFunc(names, func(n string) bool { return len(n) > maxName })
}

// Counts tells whether e is of use now: Add would take it, and its time has come.
func (s *EventSet) Counts(e Event) bool {
	names := namesIn(e)
	return reasonable(e, names[:]) && e.Time.UnixNano() <= s.until
}

func hashOf(id string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	return h.Sum64()
}

func (s *EventSet) intern(text string) uint32 {
	if s.index == nil {
		s.index = map[string]uint32{}
		for i, c := range s.cells {
			if column := i % columns; column < texts && column != colSession {
				s.index[s.text[c]] = c
			}
		}
	}
	i, ok := s.index[text]
	if !ok {
		i = uint32(len(s.text))
		text = strings.Clone(text) // it may be a part of a whole line
		s.text, s.index[text] = append(s.text, text), i
	}
	return i
}

// Len is how many events there are.
func (s *EventSet) Len() int { s.settle(); return len(s.at) }

// All gives the events in the order of time, those of one session in that of Seq, without what the set does not keep.
func (s *EventSet) All() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		s.settle()
		for row := range s.at {
			if s.at[row] > s.until || !yield(s.event(row)) {
				return
			}
		}
	}
}

func (s *EventSet) event(row int) Event {
	c := s.cells[row*columns : (row+1)*columns]
	return Event{Time: time.Unix(0, s.at[row]).UTC(), Kind: Kind(s.text[c[colKind]]), Session: s.text[c[colSession]], Lab: s.text[c[colLab]],
		Variant: s.text[c[colVariant]], Engine: s.text[c[colEngine]], Lesson: s.text[c[colLesson]], Step: s.text[c[colStep]],
		CheckKind: course.Kind(s.text[c[colCheckKind]]), Outcome: probe.Outcome(s.text[c[colOutcome]]), Got: s.fact(c[colGot]),
		Seq: int(c[colSeq]), Number: int(c[colNumber]), XP: int(c[colXP]), Solved: c[colSolved] == 1}
}

func (s *EventSet) fact(text uint32) *probe.Fact {
	words := s.text[text]
	if words == "" {
		return nil
	}
	f, ok := s.facts[text]
	if !ok {
		code, args, _ := strings.Cut(words, " ")
		made := probe.NewFact(code, strings.Fields(args)...)
		f = &made
		s.facts[text] = f
	}
	return f
}

// compare tells the order of two rows. It depends on what they say alone, so that it is the same on every machine.
func (s *EventSet) compare(a, b int) int {
	if c := cmp.Compare(s.at[a], s.at[b]); c != 0 {
		return c
	}
	x, y := s.cells[a*columns:(a+1)*columns], s.cells[b*columns:(b+1)*columns]
	c := cmp.Or(strings.Compare(s.text[x[colSession]], s.text[y[colSession]]), cmp.Compare(x[colSeq], y[colSeq]), cmp.Compare(s.ids[a], s.ids[b]))
	for i := 0; c == 0 && i < columns; i++ {
		if i < texts {
			c = strings.Compare(s.text[x[i]], s.text[y[i]])
		} else {
			c = cmp.Compare(x[i], y[i])
		}
	}
	return c
}

// settle puts the rows in order and leaves one of each id.
func (s *EventSet) settle() {
	if s.settled == len(s.at) {
		return
	}
	if s.ordered() && !s.doubled() {
		s.settled = len(s.at)
		return
	}
	rows := make([]int, len(s.at))
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, s.compare)
	had := make(map[uint64]bool, len(rows))
	rows = slices.DeleteFunc(rows, func(row int) bool {
		was := had[s.ids[row]]
		had[s.ids[row]] = true
		return was
	})
	at, ids, cells := make([]int64, len(rows)), make([]uint64, len(rows)), make([]uint32, 0, len(rows)*columns)
	for i, row := range rows {
		at[i], ids[i] = s.at[row], s.ids[row]
		cells = append(cells, s.cells[row*columns:(row+1)*columns]...)
	}
	s.at, s.ids, s.cells, s.settled = at, ids, cells, len(rows)
}

// ordered tells whether the rows are in order, as they are where one machine has written them.
func (s *EventSet) ordered() bool {
	for row := max(s.settled, 1); row < len(s.at); row++ {
		if s.compare(row-1, row) > 0 {
			return false
		}
	}
	return true
}

// doubled tells whether any of the rows that are not settled yet has the id of another.
func (s *EventSet) doubled() bool {
	fresh := slices.Clone(s.ids[s.settled:])
	slices.Sort(fresh)
	for i := 1; i < len(fresh); i++ {
		if fresh[i-1] == fresh[i] {
			return true
		}
	}
	return slices.ContainsFunc(s.ids[:s.settled], func(id uint64) bool {
		_, found := slices.BinarySearch(fresh, id)
		return found
	})
}

// Grow makes room for so many events more.
func (s *EventSet) Grow(events int) {
	s.at, s.ids, s.cells = slices.Grow(s.at, events), slices.Grow(s.ids, events), slices.Grow(s.cells, events*columns)
}
