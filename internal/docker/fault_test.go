package docker

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/workspace"
)

// line is a socket between this program and the engine: it can be cut, and it can go dead.
type line struct {
	t    *testing.T
	path string

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	dead     chan struct{} // not nil while nothing gets through; closed when that is over
	work     sync.WaitGroup
}

// layLine lays a line to the engine that e has found.
func layLine(t *testing.T, e *Engine) *line {
	path, ok := strings.CutPrefix(e.Host(), "unix://")
	if !ok {
		t.Skip("needs an engine at a socket")
	}
	dir, err := os.MkdirTemp("", "line")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{t: t, path: filepath.Join(dir, "d.sock"), conns: map[net.Conn]bool{}}
	l.join(path)
	t.Cleanup(func() { l.cut(); l.work.Wait(); _ = os.RemoveAll(dir) })
	return l
}

// join lets connections through to the engine's socket.
func (l *line) join(engine string) {
	listener, err := net.Listen("unix", l.path)
	if err != nil {
		l.t.Fatal(err)
	}
	l.mu.Lock()
	l.listener = listener
	l.mu.Unlock()
	l.work.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			e, err := net.Dial("unix", engine)
			if err != nil {
				_ = c.Close()
				continue
			}
			l.mu.Lock()
			l.conns[c], l.conns[e] = true, true
			l.mu.Unlock()
			l.work.Go(func() { l.copy(c, e) })
			l.work.Go(func() { l.copy(e, c) })
		}
	})
}

func (l *line) copy(to, from net.Conn) {
	defer func() {
		if half, ok := to.(*net.UnixConn); ok {
			_ = half.CloseWrite()
		}
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		l.mu.Lock()
		dead := l.dead
		l.mu.Unlock()
		if dead != nil {
			<-dead
			_ = from.Close()
			return
		}
		if _, werr := to.Write(buffer[:n]); werr != nil || err != nil {
			return
		}
	}
}

// silence has nothing come through any more, without anybody being told.
func (l *line) silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = make(chan struct{})
}

// speak ends the silence; what was asked in it is never answered.
func (l *line) speak() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead != nil {
		close(l.dead)
		l.dead = nil
	}
}

// cut ends every connection, and refuses new ones.
func (l *line) cut() {
	l.speak()
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.listener.Close()
	for c := range l.conns {
		_ = c.Close()
	}
	clear(l.conns)
}

// bench is a student with a live session of lab 03, over a line.
type bench struct {
	t      *testing.T
	line   *line
	host   string // path of the engine's socket
	saves  int
	engine *Engine
	s      *session.Session
	files  *workspace.Workspace
	events chan session.Event
	leave  context.CancelFunc
	ended  chan error
}

func sit(t *testing.T) *bench {
	e := real(t)
	b := &bench{t: t, line: layLine(t, e), host: strings.TrimPrefix(e.Host(), "unix://"),
		events: make(chan session.Event, 10_000), ended: make(chan error, 1)}
	b.engine = New(Options{Host: "unix://" + b.line.path})
	b.engine.limit = 3 * time.Second
	lab := lab03(t)
	initial, err := lab.Initial()
	if err != nil {
		t.Fatal(err)
	}
	if b.files, err = workspace.Open(t.TempDir(), initial); err != nil {
		t.Fatal(err)
	}
	b.s, err = session.New(session.Config{Lab: lab, Files: b.files, Engine: b.engine, From: "forward-upgrade",
		Observers: []session.Observer{session.ObserverFunc(func(e session.Event, _ session.Progress) error {
			b.events <- e
			return nil
		})}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.leave = cancel
	go func() { b.ended <- b.s.Live(ctx, make(chan session.Request)) }()
	t.Cleanup(func() {
		cancel()
		<-b.ended
		b.line.speak()
		stop, done := context.WithTimeout(context.Background(), 30*time.Second)
		defer done()
		if err := b.s.Stop(stop); err != nil {
			t.Log(err)
		}
		if left := ofSession(t, e, b.s.ID()); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		_ = b.engine.Close()
	})
	b.wait(session.Ready, "")
	// Old engines cannot let go of a container that is frozen while something is being executed in it.
	time.Sleep(2 * time.Second)
	return b
}

// wait waits for an event, of a code if that is not "".
func (b *bench) wait(kind session.Kind, code string) session.Event {
	b.t.Helper()
	deadline := time.After(90 * time.Second)
	var last []string
	for {
		select {
		case e := <-b.events:
			if e.Kind != session.Staged && e.Kind != session.Seen {
				last = append(last, string(e.Kind)+" "+e.Code+" "+e.Message)
			}
			if e.Kind == kind && (code == "" || strings.Contains(code, e.Code)) {
				return e
			}
		case <-deadline:
			b.t.Fatalf("no %s %s came; what came: %q", kind, code, last)
		}
	}
}

// docker runs a docker command about this session: @ is the beginning of its names.
func (b *bench) docker(command string) {
	b.t.Helper()
	args := strings.Fields(strings.ReplaceAll(command, "@", "lab-"+b.s.ID()))
	if out, err := exec.Command("docker", args...).CombinedOutput(); err != nil {
		b.t.Fatalf("docker %v: %v\n%s", args, err, out)
	}
}

func (b *bench) save(step string) {
	b.t.Helper()
	data, err := lab03(b.t).Solution(step)
	if err == nil {
		b.saves++ // each save is another text
		text := fmt.Appendf(data["websocket.conf"], "# %d\n", b.saves)
		err = os.WriteFile(b.files.Path("websocket.conf"), text, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// recovers wants the environment back, the step kept, and saves checked again.
func (b *bench) recovers() {
	b.t.Helper()
	b.wait(session.Ready, "")
	if step, _ := b.s.Progress().Step(); step.ID != "forward-upgrade" {
		b.t.Errorf("the step is %s now", step.ID)
	}
	b.save("drop-upgrade")
	b.wait(session.StepUnmet, "")
	b.save("forward-upgrade")
	b.wait(session.StepMet, "")
}

// faults are what can befall a running lab: how to cause it, and the codes under which it may be told.
var faults = []struct {
	name  string
	cause func(*bench)
	codes string
	mend  func(*bench)
}{
	{"proxy killed", func(b *bench) { b.docker("kill @-proxy") }, "service-died", nil},
	{"backend killed", func(b *bench) { b.docker("kill @-backend") }, "service-died", nil},
	{"proxy removed", func(b *bench) { b.docker("rm -f @-proxy") }, "service-died", nil},
	{"proxy paused", func(b *bench) { b.docker("pause @-proxy") }, "service-paused", nil},
	{"backend paused", func(b *bench) { b.docker("pause @-backend") }, "service-paused", nil},
	{"out of memory", func(b *bench) {
		// The one that asks for more would be the one to go: have the main process go.
		args := []string{"exec", "lab-" + b.s.ID() + "-backend", "sh", "-c",
			`echo 1000 >/proc/1/oom_score_adj; exec python3.13 -c "x=[b'x'*(1<<20)*i for i in range(999)]"`}
		_ = exec.Command("docker", args...).Run()
	}, "service-out-of-memory", nil},
	{"network removed", func(b *bench) {
		b.docker("network disconnect -f @ @-proxy")
		// The first may have been noticed, and the containers be on their way out already.
		_ = exec.Command("docker", "network", "disconnect", "-f", "lab-"+b.s.ID(), "lab-"+b.s.ID()+"-backend").Run()
		_ = exec.Command("docker", "network", "rm", "lab-"+b.s.ID()).Run()
	}, "network-gone", nil},
	{"engine silent", func(b *bench) { b.line.silence(); b.save("drop-upgrade") }, "docker-hangs",
		func(b *bench) { b.line.speak() }},
	{"engine restarts", func(b *bench) {
		b.line.cut()
		b.docker("kill @-proxy @-backend")
	}, "docker-unreachable", func(b *bench) { time.Sleep(3 * time.Second); b.line.join(b.host) }},
}

// TestFaults: whatever befalls a running lab is noticed, named, and mended, the step kept.
func TestFaults(t *testing.T) {
	real(t)
	tried, lost, slowest := 0, 0, time.Duration(0)
	var mu sync.Mutex
	t.Run("each", func(t *testing.T) {
		for i, f := range faults {
			if i%3 != 0 && os.Getenv("LAB_TORTURE") == "" {
				continue // the shortened form
			}
			tried++
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				ok := t.Run("is mended", func(t *testing.T) {
					b := sit(t)
					began := time.Now()
					f.cause(b)
					e := b.wait(session.Trouble, f.codes)
					noticed := time.Since(began)
					if e.Code != f.codes {
						t.Errorf("told as %s: %s", e.Code, e.Message)
					}
					if f.mend != nil {
						f.mend(b)
					}
					b.recovers()
					t.Logf("noticed after %.2f s, mended after %.1f s: %s", noticed.Seconds(), time.Since(began).Seconds(), e.Message)
					mu.Lock()
					slowest = max(slowest, noticed)
					mu.Unlock()
				})
				if !ok {
					mu.Lock()
					lost++
					mu.Unlock()
				}
			})
		}
	})
	if f, err := os.OpenFile(os.Getenv("LAB_TORTURE_TABLE"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		defer f.Close()
		fmt.Fprintf(f, "engine faults while a lab runs\t%d\t%d\t%d\t0\tthe slowest noticed after %.1f s\n", tried, tried-lost, lost, slowest.Seconds())
	}
}

// TestLeaveSilentEngine: with an engine that does not answer, leaving takes no longer than it may, and what is left is
// removed once it answers again.
func TestLeaveSilentEngine(t *testing.T) {
	b := sit(t)
	b.line.silence()
	b.save("drop-upgrade")
	b.wait(session.Applying, "")
	began := time.Now()
	b.leave()
	err := <-b.ended
	b.ended <- err
	if took := time.Since(began); took > time.Second {
		t.Errorf("leaving took %v", took)
	}
	began = time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := b.s.Stop(ctx); err == nil || time.Since(began) > 2*time.Second {
		t.Errorf("removing took %v: %v", time.Since(began), err)
	}
	b.line.speak()
	a, err := b.engine.connect(t.Context())
	if err == nil {
		b.engine.launder(t.Context(), a, b.s.ID())
	}
	if left := ofSession(t, b.engine, b.s.ID()); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
