// Package probe looks at a running environment on the wire and says what it saw: handshakes, echoes, idle
// connections, plain requests, logs, effective settings.
//
// It decides nothing about the student's progress and writes no sentences: a Verdict has codes and values, which
// package locale puts into words. It does not know which engine runs the environment.
package probe

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

// Header names the request header by which the three viewpoints of one probe are tied together: the client sends
// it, nginx's access log and the backend's log repeat it. Its value is unique to one connection.
const Header = "X-Lab-Probe"

// Target is what checks may look at.
type Target interface {
	// Services lists the services, in the order in which they start.
	Services() []string
	// Addr gives the host:port at which a service's container port can be reached from here, always on a loopback
	// address unless the engine is remote. Port 0 means the service's first published port.
	Addr(service string, port int) (string, error)
	// Exec runs a command in a service and waits for it. A command that exits non-zero is not an error.
	Exec(ctx context.Context, service string, argv ...string) (ExecResult, error)
	// ReadFile reads a file of a service.
	ReadFile(ctx context.Context, service, path string) ([]byte, error)
	// Log is everything that a service has written and will write; nil for an unknown service.
	Log(service string) *Log
}

// Actor is what some targets can do beside being looked at.
type Actor interface {
	// Do does one thing to a service, and returns when it is done: a service that was started is ready. What was done
	// to a service is no reason for the environment to be taken for broken.
	Do(ctx context.Context, a course.Action) error
}

// ExecResult is how a command ended.
type ExecResult struct {
	Code           int
	Stdout, Stderr string
}

// Outcome is how a check came out.
type Outcome string

// The outcomes. Unknown is not a failure of the student: the check could not tell, and the verdict says why.
const (
	Met     Outcome = "met"
	NotMet  Outcome = "not-met"
	Unknown Outcome = "unknown"
)

// Fact is one thing wanted or seen, as a code and its values: {"status", ["400"]}. Package locale has the words
// under "fact.<code>".
type Fact struct {
	Code string   `json:"code"`
	Args []string `json:"args,omitempty"`
}

// NewFact makes a Fact. What args mention may come from a server or a log: they are made fit for a terminal and a screen.
func NewFact(code string, args ...string) Fact {
	for i, a := range args {
		args[i] = clean(a)
	}
	return Fact{Code: code, Args: args}
}

// String is the fact in the notation of JSON reports and the journal, the same in every language.
func (f Fact) String() string {
	return strings.TrimSpace(f.Code + " " + strings.Join(f.Args, " "))
}

// MarshalJSON writes the fact as its String.
func (f Fact) MarshalJSON() ([]byte, error) { return json.Marshal(f.String()) }

// UnmarshalJSON reads the notation of String. A value with spaces comes back as several.
func (f *Fact) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	words := strings.Fields(s)
	*f = Fact{}
	if len(words) > 0 {
		f.Code, f.Args = words[0], words[1:]
	}
	return nil
}

// Verdict is what a check found.
type Verdict struct {
	Outcome     Outcome
	Want, Got   Fact
	Meaning     string        // code of what Got usually means, words under "meaning.<code>"; "" for none
	Took        time.Duration // of the whole check, but for undoing what it did
	ClosedAfter time.Duration // how long an idle connection lived by the prober's clock; 0 where it did not close
	LoggedAfter time.Duration // the same by the proxy's own log; 0 where it does not say
	Wire        []Exchange    // what was seen, in order of time, from all viewpoints
}

// Exchange is one thing that passed between two parties, or that one of them logged.
type Exchange struct {
	At    time.Time `json:"at"`
	Probe string    `json:"probe,omitempty"` // value of Header, ties the viewpoints together
	From  string    `json:"from"`            // "you", or a service; for logs the service that wrote the line
	To    string    `json:"to,omitempty"`    // "you", a service, or "" for logs
	Kind  WireKind  `json:"kind"`
	Text  string    `json:"text"`            // "GET /ws HTTP/1.1", "101 Switching Protocols", a log line …; no control characters
	Notes []string  `json:"notes,omitempty"` // "Upgrade: websocket", "Upgrade: —" …
}

// WireKind says what an Exchange is.
type WireKind string

// The kinds of exchanges.
const (
	WireRequest  WireKind = "request"
	WireResponse WireKind = "response"
	WireMessage  WireKind = "message" // a WebSocket message
	WireClose    WireKind = "close"   // the end of a connection; Text says how: "EOF", "close 1000"
	WireLog      WireKind = "log"
	WireOpen     WireKind = "open"    // a connection that is being watched is open; Text is "idle" or "control"
	WireAction   WireKind = "action"  // something was done to a service; Text is the verb of course.Action
	WireRefused  WireKind = "refused" // a connection that did not come about; Text says why
)

// Run looks at one target through any number of checks.
type Run struct {
	target Target
	say    func(Exchange)
	saying sync.Mutex
	since  map[string]int // where each service's log stood when the run began
}

// NewRun begins a run of checks against target. say, if not nil, is given each Exchange as it is seen, from one
// goroutine at a time; it must not block for long.
func NewRun(target Target, say func(Exchange)) *Run {
	r := &Run{target: target, say: say, since: map[string]int{}}
	for _, name := range target.Services() {
		r.since[name] = target.Log(name).Last()
	}
	return r
}

// With is the same run with another one to tell: for a check that runs beside others.
func (r *Run) With(say func(Exchange)) *Run {
	return &Run{target: r.target, say: say, since: r.since}
}

func (r *Run) tell(x Exchange) {
	if r.say != nil {
		r.saying.Lock()
		defer r.saying.Unlock()
		r.say(x)
	}
}

// Evaluate runs one check and says what it saw. A check that does not hold is a Verdict; an error means that it
// cannot be known (the environment is gone, ctx ended). A check that runs into its own limit is a Verdict with outcome
// Unknown that names the limit. What the check does to the environment is undone before Evaluate returns, in time of
// its own; where that fails, the error wraps ErrUndo, whatever else it wraps. Several checks may be evaluated at once,
// unless one of them acts (course.Check.Acts).
func (r *Run) Evaluate(ctx context.Context, check course.Check) (Verdict, error) {
	limited, cancel := context.WithTimeout(ctx, check.Limit)
	defer cancel()
	began := time.Now()
	l := &look{run: r, id: newProbeID(), wire: &wire{}, deeds: &deeds{}}
	var v Verdict
	err := hint.Safely(func() (err error) { // a bug must not keep from undoing
		if err = l.do(limited, check.Before); err == nil {
			v, err = l.check(limited, check)
		}
		return err
	})
	late, took := limited.Err(), time.Since(began) // undoing has time of its own and must not make the check late
	undone := l.undo(ctx)
	if ctx.Err() != nil {
		return Verdict{}, errors.Join(ctx.Err(), undone)
	}
	if found, ok := hint.Find(err); late != nil && !(ok && found.Code == "bug") {
		if silent, ok := l.silent(v.Want); ok {
			silent.Took, silent.Wire = took, l.seen()
			return silent, undone
		}
		v = Verdict{Outcome: Unknown, Want: v.Want, Got: NewFact("timeout", seconds(check.Limit)), Meaning: "cannot-tell"}
		err = nil
	}
	v.Took, v.Wire = took, l.seen()
	return v, errors.Join(err, undone)
}
