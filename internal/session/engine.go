// Package session takes one student through one lab: it boots the environment, lays the student's files into it,
// has the checks run, and decides what was achieved. It is the only package that decides.
//
// Everything that happens is an Event; Progress is the fold of the events; screens, transcripts, JSON and the journal
// are Observers. The package does not know which engine runs the environment, nor who is looking.
package session

import (
	"context"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// Engine runs environments. Package enginetest has the conformance test that each implementation passes.
type Engine interface {
	// Name is what people call it: "docker", "embedded".
	Name() string
	// Start brings up env and returns once every service is ready. files are laid into their services before these
	// start. id is unique and labels all that is made. say, if not nil, is told of each stage as it begins and as it
	// advances; it is called from one goroutine at a time and must not block for long. If Start fails or ctx ends,
	// nothing is left running and nothing is left behind, unless its error wraps a Remains.
	Start(ctx context.Context, id string, env course.Environment, files []File, say func(Stage)) (Environment, error)
}

// Remains is in the chain of Start's error where what Start had made could not be removed.
type Remains struct {
	Err  error                       // why not
	Stop func(context.Context) error // tries again, as an Environment's Stop does
}

func (r *Remains) Error() string { return r.Err.Error() }
func (r *Remains) Unwrap() error { return r.Err }

// File is a file for a service.
type File struct {
	Service string
	Path    string // absolute, in the service
	Data    []byte
}

// Environment is a running environment.
type Environment interface {
	probe.Target
	// Put writes files into their services, replacing what is there. Nothing takes effect before Apply.
	Put(ctx context.Context, files []File) error
	// Apply makes the files of service take effect. It has the service validate them first: if they are refused,
	// Applied says so, and the configuration that was running goes on. Otherwise Apply returns when the new
	// configuration, and no older one, answers new connections. Cancelling ctx may leave either configuration
	// running; the next Apply settles it. An error means that the service could not be asked.
	Apply(ctx context.Context, service string) (Applied, error)
	// Died is closed when a service ended that should be running; Cause then says which, and what it last wrote.
	Died() <-chan struct{}
	Cause() error
	// Stop removes everything that Start made. It is safe to call twice and from several goroutines; after the
	// first call Died never fires. It honours ctx, which must not be the one that ended the session.
	Stop(ctx context.Context) error
}

// Applied is the service's answer to new files.
type Applied struct {
	OK      bool
	Message string        // what the service said against them, in its own words, one line or more; "" if OK
	File    string        // the editable's path in the service that the message names; "" if none
	Line    int           // 1 or more; 0 if none
	Check   time.Duration // how long validation took
	Reload  time.Duration // how long it took from the reload until the new configuration served
}

// Stage is one stage of bringing up an environment.
type Stage struct {
	Name    string `json:"name"`              // "image" (pull), "build", "network", "create", "start", "ready"; words under "stage.<name>"
	Subject string `json:"subject,omitempty"` // the image or the service; "" for all
	Detail  string `json:"detail,omitempty"`  // a line of build output, "4.2 MB of 28 MB"; free text of the engine, no control characters
	Done    int64  `json:"done,omitempty"`    // how far; meaningful where Total is not 0
	Total   int64  `json:"total,omitempty"`   // in bytes for "image", in steps for "build"
	End     bool   `json:"end,omitempty"`     // the stage is over
}
