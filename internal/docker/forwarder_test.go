package docker

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
)

// manners is a server of which each connection ends as its first word says: "half" answers once the client has sent its
// last; "fin" and "rst" end by themselves after half a second; "stay" says nothing for good.
const manners = `
import socket, struct, threading, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 9000)); s.listen(1000)
def serve(c):
    word = c.recv(4)
    if word == b"half":
        rest = b""
        while True:
            d = c.recv(65536)
            if not d: break
            rest += d
        c.sendall(b"%d" % len(rest))
    elif word == b"echo": c.sendall(word); c.recv(1)
    elif word == b"stay": c.recv(1)
    else:
        time.sleep(.5)
        if word == b"rst!": c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()
while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
`

// TestForwarder: connections go through the forwarder as if it were not there: halves close one by one, an end comes when
// it comes, hundreds are open at once, and a port that nobody listens on is no connection that stays.
func TestForwarder(t *testing.T) {
	e := real(t)
	refs, err := Refs(lab03(t).Env)
	if err != nil {
		t.Fatal(err)
	}
	env := course.Environment{Lab: "manners", Services: []course.Service{{Name: "web", Image: refs[0], Ports: []int{8000, 9000, 9001},
		ReadOnly: true, Pids: 500, Memory: 512 << 20, Ready: course.Ready{Port: 8000, Path: "/"}}}}
	v, err := e.Start(t.Context(), newID(), env, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Stop(context.Background()) })
	background, stop := context.WithCancel(t.Context())
	var server sync.WaitGroup
	server.Go(func() { _, _ = v.Exec(background, "web", "python3.13", "-S", "-c", manners) })
	t.Cleanup(func() { stop(); server.Wait() })
	dial := func(port int) *net.TCPConn {
		addr, err := v.Addr("web", port)
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.DialTimeout("tcp", addr, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		return c.(*net.TCPConn)
	}
	say := func(word string) *net.TCPConn {
		c := dial(9000)
		if _, err := io.WriteString(c, word); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		b := make([]byte, 4)
		if _, err := io.ReadFull(say("echo"), b); err == nil {
			break
		} else if time.Since(begun) > 20*time.Second {
			t.Fatal(err)
		}
	}
	half := say("half" + strings.Repeat("x", 1<<20))
	_ = half.CloseWrite()
	if got, err := io.ReadAll(half); string(got) != "1048576" || err != nil {
		t.Errorf("after one half was closed: %q, %v", got, err)
	}
	for _, word := range []string{"fin!", "rst!"} {
		c, begun := say(word), time.Now()
		n, err := c.Read(make([]byte, 1))
		if took := time.Since(begun); n != 0 || err == nil || took < 400*time.Millisecond || took > 5*time.Second {
			t.Errorf("%s: %d bytes, %v after %v", word, n, err, took)
		}
	}
	if n, err := dial(9001).Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("where nobody listens: %d bytes, %v", n, err)
	}
	var all []*net.TCPConn
	for range 300 {
		all = append(all, say("echo"))
	}
	for i, c := range all {
		if _, err := io.ReadFull(c, make([]byte, 4)); err != nil {
			t.Fatalf("connection %d of %d: %v", i, len(all), err)
		}
	}
}

// TestForwarderEnds: without its forwarder an environment is of no use, and says so.
func TestForwarderEnds(t *testing.T) {
	e := real(t)
	v, err := e.Start(t.Context(), newID(), lab03(t).Env, files(t)(""), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := removeContainer(t.Context(), e.api, v.(*environment).forwarder.container); err != nil {
		t.Fatal(err)
	}
	select {
	case <-v.Died():
		t.Log(v.Cause())
	case <-time.After(20 * time.Second):
		t.Error("nobody noticed")
	}
}
