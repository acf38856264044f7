package session_test

import (
	"context"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/embedded"
	"github.com/cwk-stream/lab/internal/session"
)

// slow is an engine that does what a test wants just before its environment is ready, and takes its time to apply.
type slow struct {
	session.Engine
	last chan func()
}

type slowEnvironment struct{ session.Environment }

func (s slow) Start(ctx context.Context, id string, env course.Environment, files []session.File, say func(session.Stage)) (session.Environment, error) {
	e, err := s.Engine.Start(ctx, id, env, files, say)
	if err == nil {
		(<-s.last)()
	}
	return slowEnvironment{e}, err
}

func (e slowEnvironment) Apply(ctx context.Context, service string) (session.Applied, error) {
	select {
	case <-time.After(500 * time.Millisecond): // longer than it takes to be told of a save
	case <-ctx.Done():
	}
	return e.Environment.Apply(ctx, service)
}

// TestSaveInTheLastMomentOfBooting: a save that the start itself still puts in force is checked like any other.
func TestSaveInTheLastMomentOfBooting(t *testing.T) {
	s := slow{embedded.New(embedded.Options{}), make(chan func())}
	d := sit(t, s)
	s.last <- func() { d.save(d.conf("drop-upgrade")) }
	d.wait(session.Ready)
	if v := d.wait(session.Judged); v.Got.String() != "status 400" {
		t.Errorf("got %s, want status 400", v.Got)
	}
}
