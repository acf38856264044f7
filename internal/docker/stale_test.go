package docker

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
)

// TestAlternations alternates between two configurations, LAB_ALTERNATIONS times (20 if that is not set), while other
// clients keep connecting, and asks with several handshakes at once as soon as Apply returns: every one of them must
// be answered by the new configuration. This is the claim behind "until" in lab 03's lab.yaml, on the wire: nginx's
// old worker writes "gracefully shutting down" and, before it handles another event, closes its listening sockets.
func TestAlternations(t *testing.T) { alternate(t, lab03(t).Env) }

// TestAlternationsOfWorkers is the same with two workers, each of which closes its sockets when it says so.
func TestAlternationsOfWorkers(t *testing.T) {
	lab := lab03(t)
	main, err := fs.ReadFile(lab.FS, "proxy/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	main = bytes.Replace(main, []byte("worker_processes 1;"), []byte("worker_processes 2;"), 1)
	env := lab.Env
	env.Services = slices.Clone(env.Services)
	for i := range env.Services {
		if s := &env.Services[i]; s.Name == "proxy" {
			s.Command, s.Apply.Validate = []string{"-c", "/etc/nginx/lab/main"}, nil
		}
	}
	alternate(t, env, session.File{Service: "proxy", Path: "/etc/nginx/lab/main", Data: main})
}

func alternate(t *testing.T, env course.Environment, more ...session.File) {
	e := real(t)
	times, _ := strconv.Atoi(os.Getenv("LAB_ALTERNATIONS"))
	times = max(times, 20)
	v, err := e.Start(t.Context(), newID(), env, append(files(t)(""), more...), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = v.Stop(context.Background()) }()
	addr, err := v.Addr("proxy", 0)
	if err != nil {
		t.Fatal(err)
	}
	noise, quiet := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for range 2 {
		clients.Go(func() {
			for pause(noise, 10*time.Millisecond) {
				_, _ = handshake(addr)
			}
		})
	}
	defer clients.Wait()
	defer quiet()
	steps, want := []string{"drop-upgrade", "forward-upgrade"}, []int{400, 101}
	asked, stale := 0, 0
	var took []time.Duration
	for i := range times {
		if err := v.Put(t.Context(), files(t)(steps[i%2])); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		a, err := v.Apply(t.Context(), "proxy")
		took = append(took, time.Since(begun))
		if err != nil || !a.OK {
			t.Fatalf("apply %d: %+v, %v", i, a, err)
		}
		var got [4]int
		err = each([]string{"0", "1", "2", "3"}, func(j string) (err error) {
			got[j[0]-'0'], err = handshake(addr)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range got {
			asked++
			if g != want[i%2] {
				stale++
			}
		}
	}
	t.Logf("%d alternations, %d handshakes, %d stale; applying took %v", times, asked, stale, median(took))
	if stale > 0 {
		t.Errorf("%d of %d handshakes were answered by the previous configuration", stale, asked)
	}
}

// handshake asks for a WebSocket over a connection of its own and gives the status.
func handshake(addr string) (int, error) {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(c, "GET /ws HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n", addr)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err
	}
	_ = r.Body.Close()
	return r.StatusCode, nil
}
