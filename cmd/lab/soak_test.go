package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/session"
)

// footprint is what a process holds.
type footprint struct {
	goroutines, files int
	heap, rss         float64 // MiB
}

func (f footprint) String() string {
	return fmt.Sprintf("%d goroutines, %d files, heap %.1f MiB, RSS %.0f MiB", f.goroutines, f.files, f.heap, f.rss)
}

// look looks at this process after a garbage collection.
func look() footprint {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f := footprint{goroutines: runtime.NumGoroutine(), heap: float64(m.HeapAlloc) / (1 << 20)}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		f.files = len(open)
	}
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		var kib float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kib); n == 1 {
			f.rss = kib / 1024
		}
	}
	return f
}

// soakTime is LAB_SOAK, else 15 minutes of torture, or 15 seconds.
func soakTime() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("LAB_SOAK")); err == nil {
		return d
	}
	return time.Duration(long(15, 15*60)) * time.Second
}

// TestSoak holds one session, saving and checking without a pause, and wants it to need no more at the end than once
// it was warm.
func TestSoak(t *testing.T) {
	engine := engineEmbedded
	if docker.New(docker.Options{}).Available(t.Context()) == nil {
		engine = engineDocker
	}
	home := t.TempDir()
	a := &app{world: world{in: strings.NewReader(""), out: io.Discard, err: io.Discard,
		getenv: func(name string) string { return map[string]string{"LAB_HOME": home}[name] }}}
	defer a.release()
	target, err := a.find("03", "")
	if err != nil {
		t.Fatal(err)
	}
	verdicts, ready := make(chan session.Event, 100), make(chan struct{}, 1)
	observe := session.ObserverFunc(func(e session.Event, _ session.Progress) error {
		switch e.Kind {
		case session.StepMet, session.StepUnmet, session.Trouble:
			verdicts <- e
		case session.Ready:
			select {
			case ready <- struct{}{}:
			default: // the environment was built anew
			}
		}
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	r, err := a.begin(ctx, plan{target: target, engine: engine, live: true}, observe)
	if err != nil {
		t.Fatal(err)
	}
	requests, ended := make(chan session.Request), make(chan error, 1)
	go func() { ended <- r.Live(ctx, requests) }()
	s := &soak{t: t, r: r, verdicts: verdicts}
	defer func() {
		cancel()
		<-ended
		if err := a.end(context.WithoutCancel(ctx), r, nil); err != nil {
			t.Error(err)
		}
	}()
	select {
	case <-ready: // a save before the files are watched would be none
	case e := <-verdicts:
		t.Fatal(e.Message)
	}
	s.run(requests)
	s.judge(engine)
}

type soak struct {
	t        *testing.T
	r        *running
	verdicts <-chan session.Event
	saves    int
	troubles int
	wrong    int
	looks    []footprint
}

// run saves two versions in turn, and waits for each one's verdict.
func (s *soak) run(requests chan<- session.Request) {
	end := time.Now().Add(soakTime())
	every := max(soakTime()/30, time.Second)
	next := time.Now().Add(2 * every) // until it is warm
	steps := []string{"forward-upgrade", "drop-upgrade"}
	want := []session.Kind{session.StepUnmet, session.StepMet}
	for time.Now().Before(end) {
		conf, err := fs.ReadFile(s.r.Lab().FS, "solutions/"+steps[s.saves%2]+"/websocket.conf")
		if err == nil {
			conf = append(conf, fmt.Sprintf("# save %d\n", s.saves)...)
			err = os.WriteFile(s.r.Files.Path("websocket.conf"), conf, 0o600)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		select {
		case e := <-s.verdicts:
			if e.Kind == session.Trouble {
				s.troubles++
				s.t.Logf("trouble: %s", e.Message)
			} else if e.Kind != want[s.saves%2] {
				s.wrong++
			}
		case <-time.After(time.Minute):
			s.t.Fatalf("no verdict within a minute of save %d", s.saves)
		}
		if s.saves++; s.saves%50 == 0 {
			requests <- session.Request{Kind: session.RequestHint}
		}
		if now := time.Now(); now.After(next) {
			s.looks, next = append(s.looks, look()), now.Add(every)
		}
	}
}

// judge compares the first looks with the last ones: the least of several, for what is only in flight is no growth.
func (s *soak) judge(engine string) {
	third := max(len(s.looks)/3, 1)
	if len(s.looks) < 2 {
		s.t.Fatalf("only %d looks in %v", len(s.looks), soakTime())
	}
	first, last := least(s.looks[:third]), least(s.looks[len(s.looks)-third:])
	row := tally{Harness: "soak on " + engine, Tried: s.saves, Survived: s.saves - s.wrong - s.troubles, Lost: s.wrong + s.troubles,
		Note: fmt.Sprintf("%v; %v at first; %v at last", soakTime(), first, last)}
	if last.goroutines > first.goroutines || last.files > first.files || last.heap > 1.2*first.heap+1 || last.rss > 1.15*first.rss+4 {
		s.t.Errorf("it grew: %v, then %v", first, last)
	}
	row.report(s.t)
}

func least(all []footprint) footprint {
	out := all[0]
	for _, f := range all[1:] {
		out.goroutines, out.files = min(out.goroutines, f.goroutines), min(out.files, f.files)
		out.heap, out.rss = min(out.heap, f.heap), min(out.rss, f.rss)
	}
	return out
}
