package session_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/embedded"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/workspace"
	"github.com/cwk-stream/lab/labs"
	"github.com/cwk-stream/lab/lessons"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func lab03(t testing.TB) course.Lab {
	t.Helper()
	c, err := course.Load(lessons.FS, labs.FS)
	if err != nil {
		t.Fatal(err)
	}
	lab, err := c.Lab("03-reverse-proxy", "nginx")
	if err != nil {
		t.Fatal(err)
	}
	return lab
}

// desk is a student with a live session.
type desk struct {
	t        testing.TB
	lab      course.Lab
	s        *session.Session
	files    *workspace.Workspace
	requests chan session.Request
	ended    chan error

	mu     sync.Mutex
	events []session.Event
	last   session.Progress
	change chan struct{}
	seen   int // events up to here were waited for
}

// sit starts a live session of lab 03 on engine, nil for the embedded one.
func sit(t testing.TB, engine session.Engine, o ...session.Observer) *desk {
	t.Helper()
	return sitAfter(t, session.History{}, engine, o...)
}

// sitAfter is sit for a student who has been there before.
func sitAfter(t testing.TB, before session.History, engine session.Engine, o ...session.Observer) *desk {
	t.Helper()
	if engine == nil {
		engine = embedded.New(embedded.Options{})
	}
	d := &desk{t: t, lab: lab03(t), requests: make(chan session.Request), ended: make(chan error, 1), change: make(chan struct{}, 1)}
	initial, err := d.lab.Initial()
	if err != nil {
		t.Fatal(err)
	}
	if d.files, err = workspace.Open(t.TempDir(), initial); err != nil {
		t.Fatal(err)
	}
	d.s, err = session.New(session.Config{Lab: d.lab, Files: d.files, Engine: engine, History: before,
		Observers: append([]session.Observer{session.ObserverFunc(d.observe)}, o...)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { d.ended <- d.s.Live(ctx, d.requests) }()
	t.Cleanup(func() {
		cancel()
		<-d.ended
		stop, done := context.WithTimeout(context.Background(), 10*time.Second)
		defer done()
		if err := d.s.Stop(stop); err != nil && d.s.Progress().Phase != session.PhaseStopped {
			t.Log("stop:", err)
		}
	})
	return d
}

func (d *desk) observe(e session.Event, p session.Progress) error {
	d.mu.Lock()
	d.events, d.last = append(d.events, e), p
	d.mu.Unlock()
	select {
	case d.change <- struct{}{}:
	default:
	}
	return nil
}

// wait waits for the next event of a kind after the last one that was waited for.
func (d *desk) wait(kind session.Kind) session.Event {
	d.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		d.mu.Lock()
		for i := d.seen; i < len(d.events); i++ {
			if d.events[i].Kind == kind {
				d.seen = i + 1
				e := d.events[i]
				d.mu.Unlock()
				return e
			}
		}
		d.mu.Unlock()
		select {
		case <-d.change:
		case <-deadline:
			d.t.Fatalf("no event %q came; all: %s", kind, d.kinds())
		}
	}
}

func (d *desk) kinds() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, e := range d.events {
		if e.Kind != session.Seen && e.Kind != session.Staged {
			out = append(out, string(e.Kind))
		}
	}
	return strings.Join(out, " ")
}

func (d *desk) save(text string) {
	d.t.Helper()
	if err := os.WriteFile(d.files.Path("websocket.conf"), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// conf gives a step's solution.
func (d *desk) conf(step string) string {
	d.t.Helper()
	files, err := d.lab.Solution(step)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(files["websocket.conf"])
}

func TestSaveIsCheckedOnTheWire(t *testing.T) {
	d := sit(t, nil)
	d.wait(session.Ready)
	d.save(d.conf("drop-upgrade"))
	d.wait(session.Saved)
	v := d.wait(session.Judged)
	if v.Outcome != probe.Met || v.Got.String() != "status 400" {
		t.Errorf("got %s %s, want met status 400", v.Outcome, v.Got)
	}
	e := d.wait(session.StepMet)
	if e.XP != 20 || e.Solved || !e.First {
		t.Errorf("step met: got %+v, want 20 XP, not solved, first", e)
	}
	if p := d.s.Progress(); p.Current != 0 {
		t.Errorf("the session moved on by itself, to step %d", p.Current)
	}
	d.requests <- session.Request{Kind: session.RequestNext}
	if e := d.wait(session.Moved); e.Step != "forward-upgrade" {
		t.Errorf("moved to %q", e.Step)
	}
	d.requests <- session.Request{Kind: session.RequestNext} // not met yet: stays
	d.requests <- session.Request{Kind: session.RequestCheck}
	if e := d.wait(session.StepUnmet); e.Step != "forward-upgrade" || e.Outcome != probe.NotMet {
		t.Errorf("got %+v", e)
	}
}

func TestBrokenConfigurationKeepsTheLastGoodOne(t *testing.T) {
	d := sit(t, nil)
	d.wait(session.Ready)
	d.save(strings.Replace(d.conf("drop-upgrade"), "proxy_buffering off;", "proxy_bufering off;", 1))
	e := d.wait(session.Rejected)
	if e.File != "websocket.conf" || e.Line == 0 || !strings.Contains(e.Message, `unknown directive "proxy_bufering"`) {
		t.Errorf("got %q in %s:%d", e.Message, e.File, e.Line)
	}
	d.save(d.conf("drop-upgrade"))
	d.wait(session.AppliedOK)
	if e := d.wait(session.StepMet); e.Step != "drop-upgrade" {
		t.Errorf("got %+v", e)
	}
	if d.s.Progress().Rejection != nil {
		t.Error("the refusal is still shown")
	}
}

func TestNewSaveCancelsTheCheckInFlight(t *testing.T) {
	d := sit(t, nil)
	d.wait(session.Ready)
	d.requests <- session.Request{Kind: session.RequestGoto, Step: "idle-drop"}
	d.save(d.conf("idle-drop"))
	d.wait(session.Probing) // would take 30 s
	began := time.Now()
	d.save(d.conf("drop-upgrade"))
	d.wait(session.Cancelled)
	v := d.wait(session.Judged)
	if v.Got.String() != "status 400" {
		t.Errorf("got %s, want the new configuration's 400", v.Got)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

// TestNoStaleVerdict saves alternating configurations as fast as verdicts come: each verdict must be about the save
// just before it.
func TestNoStaleVerdict(t *testing.T) {
	d := sit(t, nil)
	d.wait(session.Ready)
	confs, want := []string{d.conf("drop-upgrade"), d.conf("forward-upgrade") + "# again\n"}, []string{"status 400", "status 101"}
	for i := range 200 {
		d.save(confs[i%2])
		v := d.wait(session.Judged)
		for v.Check != 1 { // of the save before
			v = d.wait(session.Judged)
		}
		if v.Got.String() != want[i%2] {
			t.Fatalf("save %d: got %s, want %s", i, v.Got, want[i%2])
		}
	}
}

func TestFileTrouble(t *testing.T) {
	d := sit(t, nil)
	d.wait(session.Ready)
	path := d.files.Path("websocket.conf")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if e := d.wait(session.Rejected); e.Code != "file-gone" || len(e.Args) != 1 || e.Args[0] != path {
		t.Errorf("deleted: got code %q %q", e.Code, e.Args)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if e := d.wait(session.Rejected); e.Code != "file-folder" {
		t.Errorf("folder: got code %q", e.Code)
	}
	d.requests <- session.Request{Kind: session.RequestReset}
	d.wait(session.Reset)
	d.save(d.conf("drop-upgrade"))
	d.wait(session.StepMet)
}

func TestSolvedStepsEarnNothing(t *testing.T) {
	d := sit(t, nil)
	d.wait(session.Ready)
	d.requests <- session.Request{Kind: session.RequestHint}
	if e := d.wait(session.Hinted); e.Number != 1 {
		t.Errorf("hint: got %d", e.Number)
	}
	d.requests <- session.Request{Kind: session.RequestSolve}
	if e := d.wait(session.SolvedFor); e.Message == "" {
		t.Error("no backup of what the student had")
	}
	if e := d.wait(session.StepMet); e.XP != 0 || !e.Solved {
		t.Errorf("got %d XP, solved %v", e.XP, e.Solved)
	}
	d.requests <- session.Request{Kind: session.RequestReset}
	d.wait(session.Reset)
	d.save(d.conf("drop-upgrade") + "# by myself\n")
	if e := d.wait(session.StepMet); e.XP != 20 || e.Solved {
		t.Errorf("done unaided after a reset: got %d XP, solved %v", e.XP, e.Solved)
	}
	d.save(d.conf("drop-upgrade") + "# once more\n")
	if e := d.wait(session.StepMet); e.XP != 0 {
		t.Errorf("done twice: got %d XP", e.XP)
	}
}

// brittle is an engine whose first starts fail, and whose environments can be made to die.
type brittle struct {
	session.Engine
	mu    sync.Mutex
	fails int
	envs  []*brittleEnv
}

type brittleEnv struct {
	session.Environment
	died chan struct{}
}

func (e *brittleEnv) Died() <-chan struct{} { return e.died }
func (e *brittleEnv) Cause() error {
	return hint.With(errors.New("backend ended"), "service-died", "backend")
}

func (b *brittle) Start(ctx context.Context, id string, env course.Environment, files []session.File,
	say func(session.Stage),
) (session.Environment, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails > 0 {
		b.fails--
		return nil, hint.With(errors.New("no such socket"), "docker-unreachable", "x")
	}
	e, err := b.Engine.Start(ctx, id, env, files, say)
	if err != nil {
		return nil, err
	}
	made := &brittleEnv{e, make(chan struct{})}
	b.envs = append(b.envs, made)
	return made, nil
}

func TestEnvironmentThatDiesIsRebuilt(t *testing.T) {
	engine := &brittle{Engine: embedded.New(embedded.Options{})}
	d := sit(t, engine)
	d.wait(session.Ready)
	d.save(d.conf("drop-upgrade"))
	d.wait(session.StepMet)
	d.requests <- session.Request{Kind: session.RequestNext}
	d.wait(session.Moved)
	close(engine.envs[0].died)
	if e := d.wait(session.Trouble); e.Code != "service-died" {
		t.Errorf("got code %q", e.Code)
	}
	d.wait(session.Ready)
	if p := d.s.Progress(); p.Current != 1 || !p.Steps[0].Met {
		t.Errorf("the step was not kept: %+v", p)
	}
	d.save(d.conf("forward-upgrade"))
	d.wait(session.StepMet)
}

// TestEnvironmentThatKeepsDying is given up after a few rebuilds, until the student asks again.
func TestEnvironmentThatKeepsDying(t *testing.T) {
	engine := &brittle{Engine: embedded.New(embedded.Options{})}
	d := sit(t, engine)
	for i := range 3 {
		d.wait(session.Ready)
		engine.mu.Lock()
		close(engine.envs[i].died)
		engine.mu.Unlock()
		d.wait(session.Trouble)
	}
	d.requests <- session.Request{Kind: session.RequestHint} // the loop has settled when it answers
	d.wait(session.Hinted)
	if n := len(engine.envs); n != 3 {
		t.Errorf("started %d times, want 3", n)
	}
	d.requests <- session.Request{Kind: session.RequestBoot}
	d.wait(session.Ready)
}

func TestBootThatFailsIsTriedAgainOnRequest(t *testing.T) {
	engine := &brittle{Engine: embedded.New(embedded.Options{}), fails: 1}
	d := sit(t, engine)
	if e := d.wait(session.Trouble); e.Code != "docker-unreachable" {
		t.Errorf("got code %q", e.Code)
	}
	if p := d.s.Progress(); p.Phase != session.PhaseFailed {
		t.Errorf("phase: got %s", p.Phase)
	}
	d.requests <- session.Request{Kind: session.RequestBoot}
	d.wait(session.Ready)
}

func TestObserverThatFailsEndsTheSession(t *testing.T) {
	full := errors.New("disk full")
	d := sit(t, nil, session.ObserverFunc(func(e session.Event, _ session.Progress) error {
		if e.Kind == session.StepMet {
			return full
		}
		return nil
	}))
	d.wait(session.Ready)
	d.save(d.conf("drop-upgrade"))
	select {
	case err := <-d.ended:
		if !errors.Is(err, full) {
			t.Errorf("got %v, want the observer's error", err)
		}
		d.ended <- err
	case <-time.After(10 * time.Second):
		t.Fatal("the session goes on")
	}
}

// TestProgressIsTheFoldOfTheEvents folds the recorded events again and wants the progress that the session had.
func TestProgressIsTheFoldOfTheEvents(t *testing.T) {
	d := sit(t, nil)
	d.wait(session.Ready)
	d.save(d.conf("drop-upgrade"))
	d.wait(session.StepMet)
	d.requests <- session.Request{Kind: session.RequestNext}
	d.wait(session.Moved)
	d.mu.Lock()
	defer d.mu.Unlock()
	p := session.NewProgress(d.lab)
	for i, e := range d.events {
		if e.Seq != i+1 {
			t.Fatalf("event %d has Seq %d", i, e.Seq)
		}
		p = p.Apply(e)
	}
	if diff := cmp.Diff(d.last, p); diff != "" {
		t.Errorf("progress differs (-session +fold):\n%s", diff)
	}
}

func TestVerifyWithoutAKeyboard(t *testing.T) {
	lab := lab03(t)
	initial, _ := lab.Initial()
	files, err := workspace.Open(t.TempDir(), initial)
	if err != nil {
		t.Fatal(err)
	}
	s, err := session.New(session.Config{Lab: lab, Files: files, Engine: embedded.New(embedded.Options{}), From: "forward-upgrade"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(context.WithoutCancel(t.Context())) }()
	if err := s.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Check(t.Context()); got != probe.Met || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}
