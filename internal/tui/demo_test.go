package tui

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/session"
)

// TestMain plays the demonstration instead of the tests where LAB_TUI_DEMO is set, so that one can look at the
// screens in a terminal: go test -c && LAB_TUI_DEMO=03-reverse-proxy ./tui.test. c plays the step on.
func TestMain(m *testing.M) {
	open, demo := os.LookupEnv("LAB_TUI_DEMO")
	if !demo {
		os.Exit(m.Run())
	}
	if err := playDemo(open); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func playDemo(open string) error {
	dir, err := os.MkdirTemp("", "lab")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t, c, err := newTheatre(dir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go t.play(ctx)
	return Run(ctx, Options{Lang: locale.FromEnv(nil), Back: Background(os.Getenv("LAB_TUI_BACK")), Motion: os.Getenv("LAB_MOTION") != "0",
		Course: c, Open: open, Backend: t, Editor: strings.Fields(os.Getenv("VISUAL"))})
}

// play answers requests as a session would, in its own time.
func (t *theatre) play(ctx context.Context) {
	s := t.stage
	for s.tell == nil && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	s.now = time.Now()
	s.boot()
	time.Sleep(2 * time.Second)
	s.ready()
	for {
		var r session.Request
		select {
		case <-ctx.Done():
			return
		case r = <-t.requests:
		}
		s.now = time.Now()
		t.answer(ctx, r)
	}
}

func (t *theatre) answer(ctx context.Context, r session.Request) {
	s := t.stage
	switch r.Kind {
	case session.RequestNext:
		s.next()
	case session.RequestGoto:
		s.emit(session.Event{Kind: session.Moved, Step: r.Step})
	case session.RequestHint:
		s.emit(session.Event{Kind: session.Hinted, Step: s.step().ID, Number: s.progress.Steps[s.progress.Current].Hints + 1})
	case session.RequestReset:
		s.reject()
	case session.RequestCancel:
		s.stillUpgraded()
	case session.RequestCheck:
		if s.progress.Current == 0 && s.progress.Steps[0].Tries == 0 {
			s.stillUpgraded()
			return
		}
		t.solve(ctx)
	case session.RequestSolve:
		t.solve(ctx)
	}
}

func (t *theatre) solve(ctx context.Context) {
	s := t.stage
	files, _ := s.lab.Solution(s.step().ID)
	for name, data := range files {
		_ = os.WriteFile(t.live.Files.Path(name), data, 0o600)
	}
	switch s.progress.Current {
	case 0:
		s.drop()
	case 1:
		s.forward()
	case 2:
		s.watch()
		select {
		case <-ctx.Done():
		case <-time.After(6 * time.Second):
		}
		s.now = time.Now()
		s.fall()
	default:
		s.restore()
	}
}
