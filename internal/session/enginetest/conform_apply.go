package enginetest

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/session"
)

func applies(b *bench) {
	v := b.start()
	for _, step := range []struct {
		name string
		want int
	}{{"drop-upgrade", 400}, {"forward-upgrade", 101}, {"idle-drop", 101}, {"drop-upgrade", 400}, {"restore", 101}} {
		b.accepted(v, b.files(step.name))
		if got := status(b, v, "proxy", ""); got != step.want {
			b.Errorf("after %s: status %d, want %d", step.name, got, step.want)
		}
	}
	a := b.apply(v, b.files("restore"))
	if !a.OK || a.Reload <= 0 {
		b.Errorf("applying the same again: %+v; want OK and how long it took", a)
	}
	checkAlive(b, v)
}

// refuses: a broken file is answered with the service's own words, its path and line, and what was running goes on.
func refuses(b *bench) {
	v := b.start()
	b.accepted(v, b.files("drop-upgrade"))
	good := b.files("forward-upgrade")
	path := good[0].Path
	lineOf := func(files []session.File, text string) int {
		before, _, _ := strings.Cut(string(files[0].Data), text)
		return strings.Count(before, "\n") + 1
	}
	for _, test := range []struct{ old, new, says string }{
		{"proxy_buffering off;", "proxy_bufering off;", `unknown directive "proxy_bufering"`},
		{"map $http_upgrade $connection_upgrade {", "map $http_upgrade $another {", `unknown "connection_upgrade" variable`},
		{"listen 8080;", "listen eighty;", "eighty"},
	} {
		broken := b.edited(good, test.old, test.new)
		a := b.apply(v, broken)
		file, line := path, lineOf(broken, test.new)
		if strings.HasPrefix(test.new, "map") {
			file, line = "", 0 // variables are looked up after the files were read: nginx names no place
		}
		if a.OK || !strings.Contains(a.Message, test.says) || a.File != file || a.Line != line {
			b.Errorf("with %q: %+v; want a refusal with %q in %s:%d", test.new, a, test.says, file, line)
		}
		if got := status(b, v, "proxy", ""); got != 400 {
			b.Errorf("after a refusal: status %d, want the old configuration's 400", got)
		}
	}
	b.accepted(v, good)
	if got := status(b, v, "proxy", ""); got != 101 {
		b.Errorf("a good file after refusals: status %d, want 101", got)
	}
	checkAlive(b, v)
}

// neverStale: no connection made after Apply returned is answered by an older configuration.
func neverStale(b *bench) {
	v := b.start()
	steps := []string{"drop-upgrade", "forward-upgrade"}
	want := []int{400, 101}
	for i := range 30 {
		b.accepted(v, b.files(steps[i%2]))
		var got [4]int
		var wg sync.WaitGroup
		for j := range got {
			wg.Go(func() { got[j] = status(b, v, "proxy", "") })
		}
		wg.Wait()
		for _, g := range got {
			if g != want[i%2] {
				b.Fatalf("after apply %d: statuses %v, want %d", i+1, got, want[i%2])
			}
		}
	}
}

// settles: after an Apply that was given up half-way, the next one is not taken in by what is left of it.
func settles(b *bench) {
	v := b.start()
	steps := []string{"drop-upgrade", "forward-upgrade"}
	want := []int{400, 101}
	for i := range 8 {
		if err := v.Put(b.Context(), b.files(steps[(i+1)%2])); err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(b.Context(), time.Duration(i)*20*time.Millisecond)
		_, _ = v.Apply(ctx, "proxy")
		cancel()
		b.accepted(v, b.files(steps[i%2]))
		if got := status(b, v, "proxy", ""); got != want[i%2] {
			b.Fatalf("after one apply given up after %d ms and another: status %d, want %d", i*20, got, want[i%2])
		}
	}
	checkAlive(b, v)
}

// keepsOld: connections that are open during an Apply stay so, and keep the limits with which they were opened.
func keepsOld(b *bench) {
	v := b.start()
	short := b.edited(b.files("idle-drop"), "proxy_read_timeout 30s;", "proxy_read_timeout 2s;")
	b.accepted(v, b.files("restore"))
	long := dial(b, v, "proxy", "")
	defer long.Close()
	b.accepted(v, short)
	limited := dial(b, v, "proxy", "")
	defer limited.Close()
	opened := time.Now()
	b.accepted(v, b.files("drop-upgrade"))
	echo(b, long, "still here")
	if d := untilClosed(limited, patience); d == 0 {
		b.Error("a connection opened under a limit of 2 s was not closed")
	} else if d = time.Since(opened); d < 1900*time.Millisecond || d > 3*time.Second {
		b.Errorf("a connection opened under a limit of 2 s was closed after %v", d)
	}
	line := waitLine(b, v.Log("proxy"), 0, "upstream timed out")
	if !strings.Contains(line.Text, "while proxying upgraded connection") {
		b.Errorf("the proxy says %s", line.Text)
	}
	echo(b, long, "and still")
}
