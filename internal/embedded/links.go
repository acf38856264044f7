package embedded

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/probe"
)

// keptLinks bounds how many ended connections are remembered, for the minute that a kernel keeps TIME_WAIT.
const (
	keptLinks = 512
	timeWait  = time.Minute
)

// link is a connection that one service made to another, seen from the one that made it.
type link struct {
	net.Conn
	from, to string
	once     sync.Once
	all      *links
	state    probe.SocketState // of from; guarded by all
	ended    time.Time
}

// Read notes the other side's end. What came before it is read first, so it is noted when from comes to know of it.
func (l *link) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if timeout, ok := err.(net.Error); err != nil && (!ok || !timeout.Timeout()) {
		l.over(probe.SocketClosedByPeer)
	}
	return n, err
}

// Close notes that from ended the connection, unless the other side had.
func (l *link) Close() error {
	l.over(probe.SocketClosedHere)
	return l.Conn.Close()
}

func (l *link) over(state probe.SocketState) {
	l.once.Do(func() {
		l.all.mu.Lock()
		defer l.all.mu.Unlock()
		l.state, l.ended = state, time.Now()
	})
}

// links are the connections between the services, and those that ended lately.
type links struct {
	mu      sync.Mutex
	all     []*link
	pending map[*pending]bool
}

// pending is a connection that nobody has answered yet.
type pending struct {
	from string
	to   netip.AddrPort
}

// connecting notes that a service tries to connect, until the function that it returns is called.
func (s *links) connecting(from string, to netip.AddrPort) (over func()) {
	p := &pending{from, to}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil {
		s.pending = map[*pending]bool{}
	}
	s.pending[p] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.pending, p)
	}
}

func (s *links) add(c net.Conn, from, to string) *link {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.all[:0]
	for i, l := range s.all {
		if l.ended.IsZero() || time.Since(l.ended) < timeWait && i >= len(s.all)-keptLinks {
			kept = append(kept, l)
		}
	}
	clear(s.all[len(kept):])
	l := &link{Conn: c, from: from, to: to, all: s, state: probe.SocketOpen}
	s.all = append(kept, l)
	return l
}

// of lists a service's connections, with the addresses that its container would have.
func (s *links) of(name string, ips map[string]string) []probe.Socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []probe.Socket
	for p := range s.pending {
		if p.from == name {
			out = append(out, probe.Socket{Remote: p.to, State: probe.SocketConnecting})
		}
	}
	for _, l := range s.all {
		local, remote := laid(l.LocalAddr(), ips[l.from]), laid(l.RemoteAddr(), ips[l.to])
		if l.from == name {
			out = append(out, probe.Socket{Local: local, Remote: remote, State: l.state})
		}
		if l.to == name {
			out = append(out, probe.Socket{Local: remote, Remote: local, State: opposite[l.state]},
				probe.Socket{Local: remote, State: probe.SocketListening})
		}
	}
	return out
}

var opposite = map[probe.SocketState]probe.SocketState{probe.SocketOpen: probe.SocketOpen,
	probe.SocketClosedHere: probe.SocketClosedByPeer, probe.SocketClosedByPeer: probe.SocketClosedHere}

// laid is an address of the loopback interface as it would be in the network that is laid over it.
func laid(a net.Addr, ip string) netip.AddrPort {
	at, _ := netip.ParseAddrPort(a.String())
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return at
	}
	return netip.AddrPortFrom(addr, at.Port())
}

// Sockets lists the connections between a service and the others: see probe.SocketLister.
func (v *environment) Sockets(ctx context.Context, name string) ([]probe.Socket, error) {
	if _, err := v.service(name); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return v.net.links.of(name, v.net.ips), nil
}
