package probe_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// hub is a backend in which every message goes to everybody in the room. It logs as the labs' backends do.
type hub struct {
	log      *probe.Log
	rooms    int           // clients are put into them in turn: processes that share nothing
	ping     time.Duration // 0 for never; who does not answer within as long again is dropped
	maxBytes int64
	token    string

	mu    sync.Mutex
	conns []*member
}

type member struct {
	*websocket.Conn
	room    int
	writing sync.Mutex
	answer  time.Time // of the newest pong
}

func (h *hub) say(values map[string]any) {
	line, _ := json.Marshal(values)
	h.log.Append(time.Now(), string(line))
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/token":
		fmt.Fprintln(w, h.token)
		return
	case h.token != "" && r.URL.Query().Get("token") != h.token && r.Header.Get("Authorization") != "Bearer "+h.token:
		http.Error(w, "no token", http.StatusForbidden)
		return
	case r.Header.Get("Origin") == "https://evil.example":
		http.Error(w, "not from there", http.StatusForbidden)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }, Subprotocols: []string{"chat.v2"}}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	id := r.Header.Get(probe.Header)
	h.say(map[string]any{"event": "handshake", "probe": id, "path": r.URL.Path, "headers": map[string]string{"x-knock": r.Header.Get("X-Knock")}, "http_version": "1.1"})
	h.mu.Lock()
	m := &member{Conn: conn, room: len(h.conns) % h.rooms, answer: time.Now()}
	h.conns = append(h.conns, m)
	h.mu.Unlock()
	h.serve(m, id)
}

func (h *hub) serve(m *member, id string) {
	defer m.Close()
	began, stop := time.Now(), make(chan struct{})
	defer close(stop)
	if h.maxBytes > 0 {
		m.SetReadLimit(h.maxBytes)
	}
	if h.ping > 0 {
		_ = m.SetReadDeadline(time.Now().Add(2 * h.ping))
		m.SetPongHandler(func(string) error { return m.SetReadDeadline(time.Now().Add(2 * h.ping)) })
		go func() {
			for {
				select {
				case <-time.After(h.ping):
					_ = m.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
				case <-stop:
					return
				}
			}
		}()
	}
	for {
		kind, data, err := m.ReadMessage()
		if err != nil {
			code := 1006
			var c *websocket.CloseError
			if errors.As(err, &c) {
				code = c.Code
			}
			h.say(map[string]any{"event": "close", "probe": id, "code": code, "seconds": time.Since(began).Seconds()})
			return
		}
		h.mu.Lock()
		for _, other := range h.conns {
			if other.room == m.room {
				other.writing.Lock()
				_ = other.WriteMessage(kind, data)
				other.writing.Unlock()
			}
		}
		h.mu.Unlock()
	}
}

// Do is the probe.Actor of a hub: kill tears every connection, stop closes them in order.
func (h *hub) Do(_ context.Context, a course.Action) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.conns {
		switch verb, _ := a.Verb(); verb {
		case "stop":
			_ = m.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1001, ""), time.Now().Add(time.Second))
			m.Close()
		case "kill":
			m.NetConn().Close()
		}
	}
	h.conns = nil
	return nil
}

type actingTarget struct {
	*target
	hub  *hub
	done []string
}

func (t *actingTarget) Do(ctx context.Context, a course.Action) error {
	verb, service := a.Verb()
	t.done = append(t.done, verb+" "+service)
	return t.hub.Do(ctx, a)
}

func serveHub(t *testing.T, h *hub) *actingTarget {
	t.Helper()
	h.rooms = max(h.rooms, 1)
	tg := newTarget()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	h.log = tg.add("proxy", srv.Listener.Addr().String())
	return &actingTarget{target: tg, hub: h}
}

func evaluateOn(t *testing.T, tg probe.Target, c course.Check) probe.Verdict {
	t.Helper()
	if c.Limit == 0 {
		c.Limit = 5 * time.Second
	}
	v, err := probe.NewRun(tg, nil).Evaluate(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var ws = course.Endpoint{Via: "proxy", Path: "/ws"}

func reach(expect string, clients int) course.Check {
	return course.Check{Kind: course.KindReach, Reach: &course.Reach{Send: "hello", Expect: expect, Within: 300 * time.Millisecond,
		Settle: 20 * time.Millisecond, Join: []course.Group{{Endpoint: ws, Clients: 1}, {Endpoint: ws, Clients: clients - 1}}}}
}

func TestReach(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rooms   int
		expect  string
		outcome probe.Outcome
		got     string
	}{
		{"one process reaches all", 1, "all", probe.Met, "reached 5 5"},
		{"one process, though several are wanted", 1, "not-all", probe.NotMet, "reached 5 5"},
		{"several processes do not", 3, "all", probe.NotMet, "reached 1 5"},
		{"as it should be", 3, "not-all", probe.Met, "reached 1 5"},
		{"alone", 6, "none", probe.Met, "reached 0 5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := evaluateOn(t, serveHub(t, &hub{rooms: tt.rooms}), reach(tt.expect, 6))
			if v.Outcome != tt.outcome || v.Got.String() != tt.got {
				t.Errorf("got %s %q, want %s %q", v.Outcome, v.Got, tt.outcome, tt.got)
			}
		})
	}
	grouped := reach("", 4)
	grouped.Reach.Join[1].Expect = "none"
	v := evaluateOn(t, serveHub(t, &hub{rooms: 1}), grouped)
	wantVerdict(t, v, probe.NotMet, "group-reached proxy 3 3", "state-shared")
}

// TestSilenceOfTheDead wants a connection that has ended not to count as one that hears nothing.
func TestSilenceOfTheDead(t *testing.T) {
	for _, expect := range []string{"not-all", "none"} {
		v := evaluateOn(t, serveHub(t, &hub{rooms: 3, maxBytes: 5}), reach(expect, 6))
		wantVerdict(t, v, probe.NotMet, "closed close 1009", "")
		grouped := reach("", 3)
		grouped.Reach.Join[1].Expect = expect
		v = evaluateOn(t, serveHub(t, &hub{maxBytes: 5}), grouped)
		wantVerdict(t, v, probe.NotMet, "closed close 1009", "")
	}
	v := evaluateOn(t, serveHub(t, &hub{maxBytes: 5}), reach("all", 3))
	wantVerdict(t, v, probe.NotMet, "reached 0 2", "state-not-shared")
}

func TestWatch(t *testing.T) {
	const ms = time.Millisecond
	// The hub knows a client a moment after the client knows that it was accepted.
	settle := course.Action{Wait: 50 * ms}
	stop, kill := []course.Action{settle, {Stop: "proxy"}}, []course.Action{settle, {Kill: "proxy"}}
	two := 2
	closed := func(within time.Duration, codes ...int) course.WatchExpect {
		return course.WatchExpect{Closed: &course.Closed{Codes: codes, Within: within}}
	}
	for _, tt := range []struct {
		name    string
		hub     *hub
		watch   course.Watch
		outcome probe.Outcome
		got     string // first words
		meaning string
	}{
		{"a graceful stop says 1001", &hub{}, course.Watch{Do: stop, Expect: closed(500*ms, 1001)}, probe.Met, "closed-with 1001", ""},
		{"a kill says nothing", &hub{}, course.Watch{Do: kill, Expect: closed(500*ms, 1001, 1012)}, probe.NotMet, "closed-with 1006", "no-close-frame"},
		{"and that can be wanted", &hub{}, course.Watch{Do: kill, Expect: closed(500*ms, 1006)}, probe.Met, "closed-with 1006", ""},
		{"nobody closes", &hub{}, course.Watch{Expect: closed(150 * ms)}, probe.NotMet, "open", ""},
		{"served on", &hub{}, course.Watch{Every: 60 * ms, Expect: course.WatchExpect{Open: 200 * ms}}, probe.Met, "open", ""},
		{"not served on", &hub{}, course.Watch{Do: stop, Expect: course.WatchExpect{Open: 200 * ms}}, probe.NotMet, "closed-with 1001", ""},
		{"comes back", &hub{}, course.Watch{Do: kill, Expect: course.WatchExpect{Closed: &course.Closed{Within: 300 * ms},
			Back: &course.Back{Within: time.Second, ServedBy: "proxy"}}}, probe.Met, "back", ""},
		{"a mute client is noticed", &hub{ping: 100 * ms}, course.Watch{Mute: true, Expect: course.WatchExpect{
			Noticed: &course.Noticed{By: "proxy", After: 50 * ms, Within: time.Second}}}, probe.Met, "noticed proxy", ""},
		{"or not", &hub{}, course.Watch{Mute: true, Expect: course.WatchExpect{
			Noticed: &course.Noticed{By: "proxy", Within: 200 * ms}}}, probe.NotMet, "not-noticed proxy", "half-open"},
		{"as is wanted", &hub{}, course.Watch{Mute: true, Expect: course.WatchExpect{
			Unnoticed: &course.Noticed{By: "proxy", After: 200 * ms}}}, probe.Met, "unaware proxy", ""},
		{"noticed, though it should not", &hub{ping: 50 * ms}, course.Watch{Mute: true, Expect: course.WatchExpect{
			Unnoticed: &course.Noticed{By: "proxy", After: 400 * ms}}}, probe.NotMet, "noticed proxy", ""},
		{"pings", &hub{ping: 50 * ms}, course.Watch{Expect: course.WatchExpect{
			Pings: &course.Pings{During: 300 * ms, AtLeast: 3}}}, probe.Met, "pings", ""},
		{"too many pings", &hub{ping: 10 * ms}, course.Watch{Expect: course.WatchExpect{
			Pings: &course.Pings{During: 200 * ms, AtMost: &two}}}, probe.NotMet, "pings", "ping-flood"},
		{"no pings to who is gone", &hub{}, course.Watch{Do: kill, Expect: course.WatchExpect{
			Pings: &course.Pings{During: 200 * ms, AtMost: &two}}}, probe.NotMet, "closed-with 1006", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.watch.Endpoint, tt.watch.Clients = ws, 2
			v := evaluateOn(t, serveHub(t, tt.hub), course.Check{Kind: course.KindWatch, Watch: &tt.watch})
			if v.Outcome != tt.outcome || len(v.Got.String()) < len(tt.got) || v.Got.String()[:len(tt.got)] != tt.got ||
				v.Meaning != tt.meaning {
				t.Errorf("got %s %q %q, want %s %q %q", v.Outcome, v.Got, v.Meaning, tt.outcome, tt.got, tt.meaning)
			}
		})
	}
}

func TestActionsAreUndone(t *testing.T) {
	tg := serveHub(t, &hub{})
	c := handshake(101, 0)
	c.Before = []course.Action{{Pause: "a"}, {Kill: "b"}, {Wait: time.Millisecond}, {Disconnect: "c"}, {Connect: "c"}}
	wantVerdict(t, evaluateOn(t, tg, c), probe.Met, "status 101", "")
	want := "[pause a kill b disconnect c connect c unpause a start b]"
	if got := fmt.Sprint(tg.done); got != want {
		t.Errorf("done: %s, want %s", got, want)
	}
	c.Limit = time.Second
	if _, err := probe.NewRun(tg.target, nil).Evaluate(t.Context(), c); err == nil {
		t.Error("a target that cannot act gives no error")
	}
}

func TestHandshakeMore(t *testing.T) {
	h := func(change func(*course.Handshake)) course.Check {
		c := handshake(101, 0)
		change(c.Handshake)
		return c
	}
	for _, tt := range []struct {
		name    string
		check   course.Check
		outcome probe.Outcome
		got     string
	}{
		{"subprotocol", h(func(h *course.Handshake) {
			h.Subprotocols, h.Expect.Subprotocol = []string{"chat.v1", "chat.v2"}, "chat.v2"
		}), probe.Met, "status 101"},
		{"none in common", h(func(h *course.Handshake) { h.Subprotocols, h.Expect.Subprotocol = []string{"chat.v1"}, "chat.v1" }), probe.NotMet, "subprotocol —"},
		{"foreign origin", h(func(h *course.Handshake) {
			h.Headers, h.Expect.Status = map[string]string{"Origin": "https://evil.example"}, course.Statuses{403}
		}), probe.Met, "status 403"},
		{"its words", h(func(h *course.Handshake) {
			h.Headers, h.Expect.Status, h.Expect.Contains = map[string]string{"Origin": "https://evil.example"}, course.Statuses{401, 403}, "nowhere"
		}), probe.NotMet, "body not from there"},
		{"beside others", h(func(h *course.Handshake) { h.Beside = 3 }), probe.Met, "status 101"},
		{"closed after it", h(func(h *course.Handshake) { h.Expect.Close, h.Headers = 1008, nil }), probe.NotMet, "open 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := evaluateOn(t, serveHub(t, &hub{}), tt.check)
			if v.Outcome != tt.outcome || v.Got.String() != tt.got {
				t.Errorf("got %s %q, want %s %q", v.Outcome, v.Got, tt.outcome, tt.got)
			}
		})
	}
}

func TestToken(t *testing.T) {
	tg := serveHub(t, &hub{token: "s3cret"})
	wantVerdict(t, evaluateOn(t, tg, handshake(403, 0)), probe.Met, "status 403", "")
	for _, token := range []course.Token{{Query: "token"}, {Header: "Authorization", Prefix: "Bearer "}} {
		token.Via, token.Path = "proxy", "/token"
		c := handshake(101, 0)
		c.Handshake.Token = &token
		wantVerdict(t, evaluateOn(t, tg, c), probe.Met, "status 101", "")
	}
}

func TestMessageTooBig(t *testing.T) {
	tg := serveHub(t, &hub{maxBytes: 1000})
	big := func(size, code int) course.Check {
		return course.Check{Kind: course.KindEcho, Echo: &course.Echo{Endpoint: ws, Size: size, Close: code}}
	}
	wantVerdict(t, evaluateOn(t, tg, big(5000, 1009)), probe.Met, "closed-code 1009", "")
	wantVerdict(t, evaluateOn(t, tg, big(500, 1009)), probe.NotMet, "message xxxxxxxxxxxx… (500 bytes)", "limit-not-enforced")
	wantVerdict(t, evaluateOn(t, tg, big(500, 0)), probe.Met, "message xxxxxxxxxxxx… (500 bytes)", "")
}

func TestArrivals(t *testing.T) {
	tg := serveHub(t, &hub{})
	dialAll := make(chan struct{})
	go func() {
		defer close(dialAll)
		time.Sleep(50 * time.Millisecond)
		knock := http.Header{"X-Knock": {fmt.Sprintf("%.3f", float64(time.Now().UnixMilli())/1000)}}
		for range 6 { // all knocked at once; the server, slow, answers them over more than the window
			if c, _, err := websocket.DefaultDialer.Dial("ws://"+tg.addrs["proxy"]+"/ws", knock); err == nil {
				defer c.Close()
			}
			time.Sleep(25 * time.Millisecond)
		}
	}()
	check := func(a course.Arrivals) course.Check {
		a.By, a.During = "proxy", 400*time.Millisecond
		return course.Check{Kind: course.KindArrivals, Arrivals: &a}
	}
	v := evaluateOn(t, tg, check(course.Arrivals{AtLeast: 6, AtMost: 3, Window: 40 * time.Millisecond}))
	if v.Outcome != probe.NotMet || v.Got.Code != "arrivals-peak" || v.Meaning != "thundering-herd" {
		t.Errorf("got %s %q %q", v.Outcome, v.Got, v.Meaning)
	}
	<-dialAll
	v = evaluateOn(t, tg, check(course.Arrivals{AtLeast: 1}))
	wantVerdict(t, v, probe.NotMet, "arrivals 0 0.4", "")
}

// authority makes a certificate authority, and a server certificate of it for name.
func authority(t *testing.T, name string, notAfter time.Time) (ca []byte, server tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Lab CA"}, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: notAfter}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER}),
		tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key}
}

func TestTLS(t *testing.T) {
	serve := func(name string, notAfter time.Time, h2 bool) (*target, []byte) {
		ca, cert := authority(t, name, notAfter)
		h := &hub{rooms: 1}
		srv := httptest.NewUnstartedServer(h)
		srv.Config.ErrorLog = quiet()
		srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}
		if srv.EnableHTTP2 = h2; h2 {
			srv.TLS.NextProtos = []string{"h2", "http/1.1"}
		}
		srv.StartTLS()
		t.Cleanup(srv.Close)
		tg := newTarget()
		h.log = tg.add("proxy", srv.Listener.Addr().String())
		return tg, ca
	}
	good, ca := serve("proxy", time.Now().Add(time.Hour), true)
	old, oldCA := serve("proxy", time.Now().Add(-time.Minute), false)
	check := func(e course.HandshakeExpect, x *course.TLS) course.Check {
		c := handshake(0, 0)
		c.Handshake.Expect, c.Handshake.TLS = e, x
		return c
	}
	refused := func(why string) course.HandshakeExpect { return course.HandshakeExpect{Refused: why} }
	for _, tt := range []struct {
		name    string
		target  *target
		check   course.Check
		outcome probe.Outcome
		got     string
	}{
		{"trusted", good, check(course.HandshakeExpect{Status: course.Statuses{101}, ALPN: "http/1.1"}, &course.TLS{Roots: ca, CA: "x", ALPN: []string{"http/1.1"}}), probe.Met, "status 101"},
		{"nobody trusts the lab", good, check(refused("untrusted"), &course.TLS{}), probe.Met, "refused untrusted"},
		{"another name", good, check(refused("wrong-name"), &course.TLS{Roots: ca, CA: "x", ServerName: "elsewhere"}), probe.Met, "refused wrong-name"},
		{"too old", old, check(refused("expired"), &course.TLS{Roots: oldCA, CA: "x"}), probe.Met, "refused expired"},
		{"HTTP/2 is chosen", good, check(refused("alpn-h2"), &course.TLS{Roots: ca, CA: "x", ALPN: []string{"h2", "http/1.1"}}), probe.Met, "refused alpn-h2"},
		{"ws:// on a TLS port", good, check(course.HandshakeExpect{Status: course.Statuses{400}}, nil), probe.Met, "status 400"},
		{"wss:// on a plain port", backend(t, 0, false), check(refused("not-tls"), &course.TLS{Roots: ca, CA: "x"}), probe.Met, "refused not-tls"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := evaluate(t, tt.target, tt.check)
			if v.Outcome != tt.outcome || v.Got.String() != tt.got {
				t.Errorf("got %s %q, want %s %q", v.Outcome, v.Got, tt.outcome, tt.got)
			}
		})
	}
	get := course.Check{Kind: course.KindHTTP, HTTP: &course.HTTP{Endpoint: course.Endpoint{Via: "proxy", Path: "/token",
		TLS: &course.TLS{Roots: ca, CA: "x", ALPN: []string{"h2", "http/1.1"}}}, Expect: course.HTTPExpect{Status: 200, ALPN: "h2"}}}
	wantVerdict(t, evaluate(t, good, get), probe.Met, "status 200", "")
}
