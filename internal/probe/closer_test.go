package probe_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// sockets is a target whose services' sockets are told: before the connection, once it is open, and after its end.
type sockets struct {
	*target
	stages [3]map[string][]probe.Socket
	mu     sync.Mutex
	asked  map[string]int
}

func (s *sockets) Sockets(_ context.Context, service string) ([]probe.Socket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stage := min(s.asked[service], 2)
	s.asked[service]++
	list, ok := s.stages[stage][service]
	if !ok {
		return nil, errors.New("no such program")
	}
	return list, nil
}

func socket(local, remote string, state probe.SocketState) probe.Socket {
	return probe.Socket{Local: netip.MustParseAddrPort(local), Remote: netip.MustParseAddrPort(remote), State: state}
}

// TestWhoClosed wants the end of a connection to be put down to the service that sent the first FIN, and to nobody where
// that cannot be seen.
func TestWhoClosed(t *testing.T) {
	const proxy, backend2, third = "10.0.0.3:40000", "10.0.0.2:8000", "10.0.0.4:6379"
	open, here, peer := probe.SocketOpen, probe.SocketClosedHere, probe.SocketClosedByPeer
	listening := probe.Socket{Local: netip.MustParseAddrPort("0.0.0.0:8080"), State: probe.SocketListening}
	type table = map[string][]probe.Socket
	none := table{"proxy": {listening}, "backend": {}}
	during := table{"proxy": {listening, socket(proxy, backend2, open)}, "backend": {socket(backend2, proxy, open)}}
	for _, tt := range []struct {
		name               string
		before, after, end table
		by                 string
		outcome            probe.Outcome
		got                string
	}{
		{"the proxy", none, during, table{"proxy": {socket(proxy, backend2, here)}, "backend": {}}, "proxy", probe.Met, "closed-by proxy"},
		{"the proxy, but the backend is wanted", none, during, table{"proxy": {socket(proxy, backend2, here)}, "backend": {}}, "backend",
			probe.NotMet, "closed-by proxy"},
		{"the backend", none, during, table{"proxy": {}, "backend": {socket(backend2, proxy, here)}}, "backend", probe.Met, "closed-by backend"},
		{"the backend, but the proxy is wanted", none, during, table{"proxy": {socket(proxy, backend2, peer)}, "backend": {socket(backend2, proxy, here)}},
			"proxy", probe.NotMet, "closed-by backend"},
		{"somebody else behind", none, during, table{"proxy": {socket(proxy, backend2, peer)}, "backend": {}}, "proxy", probe.NotMet, "closed-by 10.0.0.2:8000"},
		{"somebody, not to be seen", none, during, none, "proxy", probe.NotMet, "closed-unproven"},
		{"no tables", table{}, table{}, table{}, "proxy", probe.NotMet, "closed-unproven"},
		{"the service itself, as there is none behind", none, none, none, "proxy", probe.Met, "closed-by proxy"},
		{"one that was open before", during, during, table{"proxy": {socket(proxy, backend2, here)}, "backend": {}}, "proxy", probe.Met, "closed-by proxy"},
		{"one of before ends as well", table{"proxy": {socket("10.0.0.3:39999", backend2, open)}, "backend": {}},
			table{"proxy": {socket("10.0.0.3:39999", backend2, open), socket(proxy, backend2, open)}, "backend": {}},
			table{"proxy": {socket("10.0.0.3:39999", backend2, peer), socket(proxy, backend2, here)}, "backend": {}}, "proxy", probe.Met, "closed-by proxy"},
		{"two that differ", none, table{"proxy": {socket("10.0.0.3:39999", backend2, open), socket(proxy, backend2, open)}, "backend": {}},
			table{"proxy": {socket("10.0.0.3:39999", backend2, peer), socket(proxy, backend2, here)}, "backend": {}}, "proxy", probe.NotMet, "closed-unproven"},
		{"by way of itself", none, table{"proxy": {listening, socket("127.0.0.1:5000", "127.0.0.1:9000", open), socket(proxy, backend2, open)}, "backend": {}},
			table{"proxy": {socket("127.0.0.1:5000", "127.0.0.1:9000", peer), socket(proxy, backend2, here)}, "backend": {}}, "proxy", probe.Met, "closed-by proxy"},
		{"the one behind the next", none,
			table{"proxy": {socket(proxy, backend2, open)}, "backend": {socket(backend2, proxy, open), socket("10.0.0.2:50000", third, open),
				{Local: netip.MustParseAddrPort(backend2), State: probe.SocketListening}}},
			table{"proxy": {socket(proxy, backend2, peer)}, "backend": {socket(backend2, proxy, here), socket("10.0.0.2:50000", third, peer)}},
			"backend", probe.NotMet, "closed-by 10.0.0.4:6379"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tg := backend(t, 200*time.Millisecond, false)
			tg.add("backend", "127.0.0.1:1")
			s := &sockets{target: tg, stages: [3]map[string][]probe.Socket{tt.before, tt.after, tt.end}, asked: map[string]int{}}
			v := evaluate(t, s, idle(course.Idle{Closed: &course.IdleClose{After: 200 * time.Millisecond, Within: 190 * time.Millisecond, By: tt.by}}))
			if got := v.Got.Code + " " + v.Got.Args[0]; v.Outcome != tt.outcome || got != tt.got && v.Got.Code != tt.got {
				t.Errorf("%s %q, want %s %q", v.Outcome, v.Got, tt.outcome, tt.got)
			}
		})
	}
}

// TestLogProvesItsOwnService wants a proxy's line about its own limit to be no proof of what another service did.
func TestLogProvesItsOwnService(t *testing.T) {
	v := evaluate(t, backend(t, 200*time.Millisecond, true),
		idle(course.Idle{Closed: &course.IdleClose{After: 200 * time.Millisecond, Within: 190 * time.Millisecond, By: "backend"}}))
	if v.Outcome != probe.NotMet || v.Got.Code != "closed-unproven" {
		t.Errorf("%s %q, want closed-unproven", v.Outcome, v.Got)
	}
}

func TestParseSockets(t *testing.T) {
	got := probe.ParseSockets(`  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 4242 1
   1: 030013AC:9C40 020013AC:1F40 06 00000000:00000000 03:00001770 00000000     0        0 0 3
   2: 0000000000000000FFFF0000030013AC:1F90 0000000000000000FFFF0000010013AC:9999 01 0:0 0:0 0 0 0 1 1
   3: nonsense:1F90 020013AC:1F40 01
   4: 03:1 04:2
`)
	want := []probe.Socket{{Local: netip.MustParseAddrPort("0.0.0.0:8080"), Remote: netip.MustParseAddrPort("0.0.0.0:0"), State: probe.SocketListening},
		socket("172.19.0.3:40000", "172.19.0.2:8000", probe.SocketClosedHere),
		socket("172.19.0.3:8080", "172.19.0.1:39321", probe.SocketOpen)}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
