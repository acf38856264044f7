package probe_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// pair is two backends in one server, which take their clients in turn.
type pair struct {
	*scripted
	mu    sync.Mutex
	conns []*websocket.Conn
}

func servePair(t *testing.T) *pair {
	p := &pair{scripted: &scripted{target: newTarget()}}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	logs := []*probe.Log{{}, {}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		line, _ := json.Marshal(map[string]any{"event": "handshake", "probe": r.Header.Get(probe.Header)})
		logs[len(p.conns)%2].Append(time.Now(), string(line))
		conn, err := up.Upgrade(w, r, nil)
		p.conns = append(p.conns, conn)
		p.mu.Unlock()
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			if kind, data, err := conn.ReadMessage(); err != nil || conn.WriteMessage(kind, data) != nil {
				return
			}
		}
	}))
	t.Cleanup(srv.Close)
	for i, name := range []string{"proxy", "backend"} {
		p.add(name, srv.Listener.Addr().String())
		p.logs[name] = logs[i]
	}
	return p
}

// cut tears the connections that are open, one after the other, with so much time between any two.
func (p *pair) cut(between time.Duration, which func(i int) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.conns {
		if which(i) {
			time.AfterFunc(time.Duration(i)*between, func() { c.NetConn().Close() })
		}
	}
}

func watching(clients int, e course.WatchExpect) course.Check {
	return course.Check{Kind: course.KindWatch, Watch: &course.Watch{Endpoint: ws, Clients: clients,
		Do: []course.Action{{Kill: "proxy"}}, Expect: e}}
}

// TestAskingWhoServesTakesNoTime wants deadlines to be those of the connections, however many of them are elsewhere.
func TestAskingWhoServesTakesNoTime(t *testing.T) {
	p := servePair(t)
	p.kill = func() error { p.cut(0, func(i int) bool { return i%2 == 0 }); return nil }
	v := evaluateOn(t, p, watching(8, course.WatchExpect{Open: 300 * time.Millisecond,
		Closed: &course.Closed{Codes: []int{1006}, Within: 200 * time.Millisecond, ServedBy: "proxy"}}))
	if v.Outcome != probe.Met || v.Got.Code != "closed-with" {
		t.Errorf("got %s %q", v.Outcome, v.Got)
	}
}

// TestEachComesBackOnItsOwn wants a client not to wait for the others before it tries again.
func TestEachComesBackOnItsOwn(t *testing.T) {
	p := servePair(t)
	p.kill = func() error { p.cut(300*time.Millisecond, func(int) bool { return true }); return nil }
	v := evaluateOn(t, p, watching(3, course.WatchExpect{Closed: &course.Closed{Within: time.Second},
		Back: &course.Back{Within: 250 * time.Millisecond}}))
	if v.Outcome != probe.Met || v.Got.Code != "back" {
		t.Errorf("got %s %q", v.Outcome, v.Got)
	}
}
