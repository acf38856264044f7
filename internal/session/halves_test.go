package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/workspace"
)

// couple is an engine whose two services take any file but one that says "bad".
type couple struct {
	envs   []*halves
	start  error // what the next Start ends with
	remove error // what every removal ends with
	undo   error // what starting a service again ends with, in the first environment
}

func (c *couple) Name() string { return "docker" }

func (c *couple) Start(_ context.Context, _ string, _ course.Environment, files []File, _ func(Stage)) (Environment, error) {
	if err := c.start; err != nil {
		c.start = nil
		return nil, err
	}
	v := &halves{couple: c, disk: map[string]string{}, died: make(chan struct{})}
	if len(c.envs) == 0 {
		v.undo = c.undo
	}
	c.envs = append(c.envs, v)
	return v, v.Put(context.Background(), files)
}

type halves struct {
	couple  *couple
	undo    error
	disk    map[string]string // by service
	applied []string
	stops   int
	log     probe.Log
	died    chan struct{}
}

func (v *halves) Services() []string               { return []string{"a", "b"} }
func (v *halves) Addr(string, int) (string, error) { return "", errors.New("nobody is there") }
func (v *halves) Exec(context.Context, string, ...string) (probe.ExecResult, error) {
	return probe.ExecResult{}, nil
}
func (v *halves) ReadFile(context.Context, string, string) ([]byte, error) {
	return nil, fs.ErrNotExist
}
func (v *halves) Log(string) *probe.Log { return &v.log }
func (v *halves) Died() <-chan struct{} { return v.died }
func (v *halves) Cause() error          { return nil }

func (v *halves) Put(_ context.Context, files []File) error {
	for _, f := range files {
		v.disk[f.Service] = string(f.Data)
	}
	return nil
}

func (v *halves) Apply(_ context.Context, service string) (Applied, error) {
	if v.disk[service] == "bad" {
		return Applied{Message: "this is bad"}, nil
	}
	v.applied = append(v.applied, service+"="+v.disk[service])
	return Applied{OK: true}, nil
}

func (v *halves) Do(_ context.Context, a course.Action) error {
	if verb, _ := a.Verb(); verb == "start" && v.undo != nil {
		return v.undo
	}
	return nil
}

func (v *halves) Stop(context.Context) error {
	v.stops++
	return v.couple.remove
}

func coupleLab(t *testing.T) course.Lab {
	t.Helper()
	out := fstest.MapFS{}
	for name, data := range map[string]string{
		"compose.yaml": "services: { a: { image: \"a:1\", ports: [\"127.0.0.1::80\"] }, b: { image: \"b:1\", ports: [\"127.0.0.1::80\"] } }\n",
		"lab.yaml": `title: { en: A, ko: 가 }
variant: one
engines: [docker]
edit: [{ path: a, service: a, target: /a }, { path: b, service: b, target: /b }]
steps:
  - id: first
    title: { en: A, ko: 가 }
    checks: [{ exec: { service: a, command: ["true"] } }]
  - id: acting
    title: { en: A, ko: 가 }
    checks: [{ before: [{ kill: b }], exec: { service: a, command: ["true"] } }]
`,
		"files/a": "1", "files/b": "1",
		"solutions/first/a": "2", "solutions/first/b": "2",
		"solutions/acting/a": "3", "solutions/acting/b": "3",
	} {
		out[name] = &fstest.MapFile{Data: []byte(data), Mode: 0o644}
	}
	lab, err := course.LoadLab(out, "lab", "")
	if err != nil {
		t.Fatal(err)
	}
	return lab
}

// seat is a session that runs on engine, and how its files are written.
func seat(t *testing.T, engine Engine, from string) (s *Session, write func(a, b string)) {
	t.Helper()
	lab := coupleLab(t)
	initial, err := lab.Initial()
	if err != nil {
		t.Fatal(err)
	}
	files, err := workspace.Open(t.TempDir(), initial)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = New(Config{Lab: lab, Files: files, Engine: engine, From: from}); err != nil {
		t.Fatal(err)
	}
	return s, func(a, b string) {
		t.Helper()
		for name, text := range map[string]string{"a": a, "b": b} {
			if err := os.WriteFile(filepath.Clean(files.Path(name)), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// halfRefused are saves, one after the other, and what is applied for each: after one of two services took its file and
// the other refused, nobody may take the old files for those in force.
var halfRefused = []struct{ a, b, applied string }{
	{"bad", "2", ""},
	{"1", "1", ""}, // still in force
	{"2", "bad", "a=2"},
	{"1", "1", "a=1 b=1"},
	{"1", "3", "b=3"},
	{"1", "bad", ""},
	{"1", "3", ""},
}

func TestHalfARefusal(t *testing.T) {
	engine := &couple{}
	s, write := seat(t, engine, "")
	if err := s.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, save := range halfRefused {
		engine.envs[0].applied = nil
		write(save.a, save.b)
		outcome, err := s.Check(t.Context())
		if err != nil || (outcome == probe.Met) != (save.a != "bad" && save.b != "bad") {
			t.Errorf("save %d: %s, %v", i, outcome, err)
		}
		if got := strings.Join(engine.envs[0].applied, " "); got != save.applied {
			t.Errorf("save %d: applied %q, want %q", i, got, save.applied)
		}
	}
}

func TestHalfARefusalInRehearsal(t *testing.T) {
	engine := &couple{}
	st := &stage{play: Play{Lab: coupleLab(t), Engine: engine}}
	if err := st.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, save := range halfRefused {
		engine.envs[0].applied = nil
		rejected, err := st.apply(t.Context(), course.Files{"a": []byte(save.a), "b": []byte(save.b)})
		if err != nil || (rejected != nil) != (save.a == "bad" || save.b == "bad") {
			t.Errorf("save %d: %v, %v", i, rejected, err)
		}
		if got := strings.Join(engine.envs[0].applied, " "); got != save.applied {
			t.Errorf("save %d: applied %q, want %q", i, got, save.applied)
		}
	}
}

// TestStopTriesAgain: what could not be removed is not forgotten, whoever tried first.
func TestStopTriesAgain(t *testing.T) {
	hangs := errors.New("the engine hangs")
	engine := &couple{remove: hangs}
	s, _ := seat(t, engine, "")
	if err := s.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	l := &live{s: s, ctx: t.Context()}
	if err := l.stop(); err != nil { // as before a rebuild
		t.Fatal(err)
	}
	left := &halves{couple: engine}
	engine.start = fmt.Errorf("no: %w", &Remains{Err: hangs, Stop: left.Stop})
	if err := s.Boot(t.Context()); !errors.Is(err, hangs) {
		t.Fatal(err)
	}
	if err := s.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Stop(t.Context()); !errors.Is(err, hangs) {
			t.Errorf("Stop says %v", err)
		}
	}
	engine.remove = nil
	if err := s.Stop(t.Context()); err != nil || s.Progress().Phase != PhaseStopped {
		t.Error(err, s.Progress().Phase)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if got := []int{engine.envs[0].stops, left.stops, engine.envs[1].stops}; !slices.Equal(got, []int{4, 3, 3}) {
		t.Errorf("removals were tried %v times", got)
	}
}

// TestFailedUndo: an environment in which a check could not undo what it did is replaced.
func TestFailedUndo(t *testing.T) {
	engine := &couple{undo: fmt.Errorf("%w: it does not start", probe.ErrUndo)}
	s, write := seat(t, engine, "acting")
	events := make(chan Event, 100)
	s.c.Observers = []Observer{ObserverFunc(func(e Event, _ Progress) error {
		events <- e
		return nil
	})}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Live(ctx, nil) }()
	defer func() { cancel(); <-ended }()
	wait := func(kind Kind) Event {
		t.Helper()
		for {
			select {
			case e := <-events:
				if e.Kind == kind {
					return e
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("no %s came", kind)
			}
		}
	}
	wait(Ready)
	write("1", "2")
	if e := wait(Trouble); !strings.Contains(e.Message, "does not start") {
		t.Errorf("told as %s", e.Message)
	}
	wait(Ready)
	write("1", "3")
	wait(StepMet)
}

// TestFailedUndoOfACheckGivenUp: the same where the check was given up meanwhile, for a save, which is checked then.
func TestFailedUndoOfACheckGivenUp(t *testing.T) {
	bent := fmt.Errorf("%w: it does not start", probe.ErrUndo)
	s, _ := seat(t, &couple{}, "acting")
	if err := s.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	l := &live{s: s, ctx: t.Context(), done: make(chan error, 1)}
	l.start(func(ctx context.Context) error { <-ctx.Done(); return errors.Join(ctx.Err(), bent) })
	l.startCheck()
	if l.busy || !l.again || !errors.Is(l.bent, probe.ErrUndo) {
		t.Errorf("busy %v, again %v, bent %v: want a check after the rebuild", l.busy, l.again, l.bent)
	}
	if err := l.rebuild(l.bent); err != nil || !l.booting || l.bent != nil {
		t.Errorf("%v, booting %v, bent %v", err, l.booting, l.bent)
	}
	l.abandon()
}

func TestFailedUndoInRehearsal(t *testing.T) {
	engine := &couple{undo: fmt.Errorf("%w: it does not start", probe.ErrUndo)}
	trials, err := Rehearse(t.Context(), Rehearsal{Plays: []Play{{Lab: coupleLab(t), Engine: engine}}, Step: "acting"})
	if err != nil || len(trials) < 2 || trials[0].Finding != "environment-broke" || trials[1].Outcome != probe.Met {
		t.Errorf("%+v, %v", trials, err)
	}
	if len(engine.envs) != 2 {
		t.Errorf("%d environments, want another one after the first trial", len(engine.envs))
	}
}
