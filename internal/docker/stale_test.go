package docker

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestAlternations alternates between two configurations, LAB_ALTERNATIONS times (20 if that is not set), while other
// clients keep connecting, and asks with several handshakes at once as soon as Apply returns: every one of them must
// be answered by the new configuration. This is the claim behind "until" in lab 03's lab.yaml, on the wire: nginx's
// old worker writes "gracefully shutting down" and, before it handles another event, closes its listening sockets.
func TestAlternations(t *testing.T) {
	e := real(t)
	times, _ := strconv.Atoi(os.Getenv("LAB_ALTERNATIONS"))
	times = max(times, 20)
	v, err := e.Start(t.Context(), newID(), lab03(t).Env, files(t)(""), nil)
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
	for i := range times {
		if err := v.Put(t.Context(), files(t)(steps[i%2])); err != nil {
			t.Fatal(err)
		}
		if a, err := v.Apply(t.Context(), "proxy"); err != nil || !a.OK {
			t.Fatalf("apply %d: %+v, %v", i, a, err)
		}
		var got [4]int
		err := each([]string{"0", "1", "2", "3"}, func(j string) (err error) {
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
	t.Logf("%d alternations, %d handshakes, %d stale", times, asked, stale)
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
