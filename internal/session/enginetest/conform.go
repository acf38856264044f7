// Package enginetest has what tests need of engines: Conform, the test that each session.Engine must pass, and Fake,
// an engine without containers for the tests of those who use engines.
//
// It drives engines through session's interfaces only and does not know which one it is looking at.
package enginetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// patience bounds every wait of the tests: for logs, for ends, for removal.
const patience = 20 * time.Second

// Conform runs the tests that every session.Engine must pass. engine gives the engine under test; it is called once
// a subtest and may skip. env is the environment of lab 03-reverse-proxy with nginx: services "backend" (8000) and
// "proxy" (8080). files gives the editable files as they stand after the named step of that lab: "" for as handed
// out, "drop-upgrade", "forward-upgrade", "idle-drop", "restore".
func Conform(t *testing.T, engine func(t *testing.T) session.Engine, env course.Environment,
	files func(name string) []session.File) {
	t.Helper()
	tests := []struct {
		name string
		run  func(*bench)
	}{
		{"boots", boots},
		{"logs", logs},
		{"runs commands", runsCommands},
		{"applies", applies},
		{"refuses", refuses},
		{"is never stale", neverStale},
		{"settles a cancelled apply", settles},
		{"keeps old connections", keepsOld},
		{"starts side by side", sideBySide},
		{"leaves nothing when cancelled", cancelled},
		{"stops twice", stopsTwice},
		{"notices an end", noticesEnd},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			t.Cleanup(func() {
				if !t.Failed() && !t.Skipped() {
					goleak.VerifyNone(t, before)
				}
			})
			test.run(&bench{T: t, engine: engine(t), env: env, files: files})
		})
	}
}

// bench is one subtest: the engine under test and what it is to run.
type bench struct {
	*testing.T
	engine session.Engine
	env    course.Environment
	files  func(string) []session.File
}

func newID() string { return "c" + strings.ToLower(rand.Text()[:12]) }

// start brings up the environment with the files as handed out, and stops it with the test.
func (b *bench) start() session.Environment {
	b.Helper()
	v, err := b.engine.Start(b.Context(), newID(), b.env, b.files(""), nil)
	if err != nil {
		b.Fatalf("Start: %v", err)
	}
	b.Cleanup(func() { b.stop(v) })
	return v
}

func (b *bench) stop(v session.Environment) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := v.Stop(ctx); err != nil {
		b.Errorf("Stop: %v", err)
	}
}

// apply puts files and applies them to the proxy.
func (b *bench) apply(v session.Environment, files []session.File) session.Applied {
	b.Helper()
	if err := v.Put(b.Context(), files); err != nil {
		b.Fatalf("Put: %v", err)
	}
	a, err := v.Apply(b.Context(), "proxy")
	if err != nil {
		b.Fatalf("Apply: %v", err)
	}
	return a
}

// accepted is apply of files that must be taken.
func (b *bench) accepted(v session.Environment, files []session.File) {
	b.Helper()
	if a := b.apply(v, files); !a.OK || a.Message != "" {
		b.Fatalf("Apply of good files: %+v", a)
	}
}

// edited is the first of the files with a text replaced.
func (b *bench) edited(files []session.File, old, new string) []session.File {
	b.Helper()
	if !bytes.Contains(files[0].Data, []byte(old)) {
		b.Fatalf("the file has no %q", old)
	}
	out := append([]session.File(nil), files...)
	out[0].Data = bytes.Replace(files[0].Data, []byte(old), []byte(new), 1)
	return out
}

func boots(b *bench) {
	var mu sync.Mutex
	open := map[[2]string]bool{}
	told := 0
	v, err := b.engine.Start(b.Context(), newID(), b.env, b.files(""), func(s session.Stage) {
		if !mu.TryLock() {
			b.Error("two stages were told at once")
			return
		}
		defer mu.Unlock()
		told++
		if s.End {
			delete(open, [2]string{s.Name, s.Subject})
		} else {
			open[[2]string{s.Name, s.Subject}] = true
		}
	})
	if err != nil {
		b.Fatalf("Start: %v", err)
	}
	defer b.stop(v)
	if told == 0 || len(open) > 0 {
		b.Errorf("%d stages were told, and of these did not end: %v", told, open)
	}
	var want []string
	for _, s := range b.env.Services {
		want = append(want, s.Name)
	}
	if got := strings.Join(v.Services(), " "); got != strings.Join(want, " ") {
		b.Errorf("Services() = %s, want %s", got, want)
	}
	for _, s := range b.env.Services {
		main, err := v.Addr(s.Name, 0)
		if err != nil || !strings.HasPrefix(main, "127.0.0.1:") {
			b.Errorf("Addr(%s, 0) = %q, %v: not on loopback", s.Name, main, err)
		}
		if same, _ := v.Addr(s.Name, s.Ports[0]); same != main {
			b.Errorf("Addr(%s, %d) = %q, want the main port's %q", s.Name, s.Ports[0], same, main)
		}
		if got := status(b, v, s.Name, ""); got != 101 {
			b.Errorf("a handshake with %s: status %d, want 101", s.Name, got)
		}
	}
	checkUnknown(b, v)
	for _, f := range b.files("") {
		data, err := v.ReadFile(b.Context(), f.Service, f.Path)
		if err != nil || !bytes.Equal(data, f.Data) {
			b.Errorf("ReadFile(%s) gives %d bytes, %v; want what was laid in", f.Path, len(data), err)
		}
	}
	if _, err := v.ReadFile(b.Context(), "proxy", "/no/such/file"); err == nil {
		b.Error("ReadFile of a file that is not there gives no error")
	}
	checkAlive(b, v)
}

// checkUnknown asks for a service that is not there.
func checkUnknown(b *bench, v session.Environment) {
	b.Helper()
	if _, err := v.Addr("nobody", 0); err == nil {
		b.Error("Addr of an unknown service gives no error")
	}
	if v.Log("nobody") != nil {
		b.Error("Log of an unknown service is not nil")
	}
	if err := v.Put(b.Context(), []session.File{{Service: "nobody", Path: "/x"}}); err == nil {
		b.Error("Put into an unknown service gives no error")
	}
}

func checkAlive(b *bench, v session.Environment) {
	b.Helper()
	select {
	case <-v.Died():
		b.Errorf("Died fired: %v", v.Cause())
	default:
	}
	if err := v.Cause(); err != nil {
		b.Errorf("Cause() = %v while all run", err)
	}
}

// logs: what passed is in the logs of both services, under its probe id, in order, with times.
func logs(b *bench) {
	v := b.start()
	id := newID()
	began := time.Now()
	c := dial(b, v, "proxy", id)
	echo(b, c, "안녕")
	c.Close()
	for _, name := range []string{"backend", "proxy"} {
		line := waitLine(b, v.Log(name), 0, id)
		if d := line.Time.Sub(began); d < -2*time.Second || d > patience {
			b.Errorf("%s's line is %v from when it was written", name, d)
		}
		if strings.ContainsAny(line.Text, "\r\n") {
			b.Errorf("%s's line has a newline: %q", name, line.Text)
		}
		lines := v.Log(name).Since(0)
		for i, l := range lines {
			if l.Seq != i+1 {
				b.Fatalf("%s's line %d has Seq %d", name, i+1, l.Seq)
			}
		}
	}
	handshake := waitLine(b, v.Log("backend"), 0, id)
	for _, want := range []string{`"event":"handshake"`, `"accepted":true`, `"upgrade":"websocket"`} {
		if !strings.Contains(handshake.Text, want) {
			b.Errorf("the backend's line has no %s: %s", want, handshake.Text)
		}
	}
	last := waitLine(b, v.Log("backend"), handshake.Seq, id)
	if !strings.Contains(last.Text, `"event":"close"`) || !strings.Contains(last.Text, `"code":1006`) {
		b.Errorf("after a torn connection the backend wrote %s", last.Text)
	}
	if access := waitLine(b, v.Log("proxy"), 0, id); !strings.Contains(access.Text, `"GET /ws HTTP/1.1" 101 in `) {
		b.Errorf("the proxy's access log says %s", access.Text)
	}
}

func waitLine(b *bench, l *probe.Log, after int, text string) probe.Line {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	line, err := l.Wait(ctx, after, func(l probe.Line) bool { return strings.Contains(l.Text, text) })
	if err != nil {
		b.Fatalf("no line with %s: %v", text, err)
	}
	return line
}

func runsCommands(b *bench) {
	v := b.start()
	r, err := v.Exec(b.Context(), "proxy", "nginx", "-t")
	if err != nil || r.Code != 0 {
		b.Errorf("nginx -t: %+v, %v", r, err)
	}
	r, err = v.Exec(b.Context(), "proxy", "nginx", "-T")
	if err != nil || r.Code != 0 || !strings.Contains(r.Stdout, "proxy_pass http://websocket_backend;") {
		b.Errorf("nginx -T: code %d, %d bytes, %v", r.Code, len(r.Stdout), err)
	}
	broken := b.edited(b.files(""), "proxy_buffering", "proxy_bufering")
	if err := v.Put(b.Context(), broken); err != nil {
		b.Fatal(err)
	}
	r, err = v.Exec(b.Context(), "proxy", "nginx", "-t")
	if err != nil || r.Code != 1 || !strings.Contains(r.Stderr, `unknown directive "proxy_bufering"`) {
		b.Errorf("nginx -t of a broken file: %+v, %v; want code 1 and no error", r, err)
	}
	if got := status(b, v, "proxy", ""); got != 101 {
		b.Errorf("Put without Apply took effect: status %d", got)
	}
	if _, err := v.Exec(b.Context(), "nobody", "true"); err == nil {
		b.Error("Exec in an unknown service gives no error")
	}
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	if _, err := v.Exec(ctx, "proxy", "nginx", "-t"); err == nil {
		b.Error("Exec with a ctx that has ended gives no error")
	}
}
