package embedded

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// network is what services have between them: names, addresses and ports, as in a container network, laid over ports of
// the loopback interface that the kernel chooses. Addresses are in 172.31.255.0/24; nothing is ever sent there.
type network struct {
	mu     sync.Mutex
	ips    map[string]string // by service
	fronts map[door]*front
	closed bool
	wait   sync.WaitGroup
	faults *faults
	links  links
}

// door is a port of a service. Inside ones are for what the service itself connects to by 127.0.0.1.
type door struct {
	service string
	port    int
	inside  bool
}

// front listens for a door on the loopback interface.
type front struct {
	net.Listener
	open func() bool // whether anything would answer behind the door
}

// connSet are the open connections of a service, so that stopping it can close them.
type connSet struct {
	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
}

func (s *connSet) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.conns == nil {
		s.conns = map[net.Conn]bool{}
	}
	s.conns[c] = true
	return true
}

func (s *connSet) remove(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

func (s *connSet) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *connSet) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.conns {
		_ = c.Close()
	}
}

func newNetwork(services []string) *network {
	n := &network{ips: map[string]string{}, fronts: map[door]*front{}, faults: newFaults()}
	for i, name := range services {
		n.ips[name] = fmt.Sprintf("172.31.255.%d", i+2)
	}
	return n
}

// canonical is a host's name as the names of services are looked up: case and one final dot mean nothing.
func canonical(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// known tells whether a name is that of a service.
func (n *network) known(host string) bool { return n.ips[host] != "" }

// ip gives the address of a host, which is a service, "localhost" or an address already.
func (n *network) ip(host string) string {
	host = strings.Trim(canonical(host), "[]")
	switch {
	case n.ips[host] != "":
		return n.ips[host]
	case host == "localhost":
		return "127.0.0.1"
	}
	return host
}

// listen opens a door; serve gets each connection that comes through, open tells whether there is anything behind it.
func (n *network) listen(d door, open func() bool, serve func(net.Conn)) (*front, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if f, ok := n.fronts[d]; ok {
		return f, nil
	}
	if n.closed {
		return nil, net.ErrClosed
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for port %d of %s: %w", d.port, d.service, err)
	}
	f := &front{Listener: l, open: open}
	n.fronts[d] = f
	n.wait.Add(1)
	go func() {
		defer n.wait.Done()
		defer n.faults.catch(d.service)
		for {
			c, err := l.Accept()
			if err != nil {
				if !errors.Is(err, net.ErrClosed) { // this machine's doing: nobody's configuration is to blame
					n.faults.note(fmt.Errorf("taking a connection to port %d of %s: %w", d.port, d.service, err))
				}
				return
			}
			n.wait.Add(1)
			go func() {
				defer n.wait.Done()
				defer n.faults.catch(d.service)
				serve(c)
			}()
		}
	}()
	return f, nil
}

func (n *network) front(d door) (*front, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f, ok := n.fronts[d]
	return f, ok
}

// errno is an error of the kernel's in nginx's words, "111: Connection refused".
type errno string

func (e errno) Error() string { return string(e) }

const (
	errNoAddress   = errno("99: Cannot assign requested address")
	errNoRoute     = errno("101: Network is unreachable")
	errRefused     = errno("111: Connection refused")
	errUnreachable = errno("113: Host is unreachable")
)

// unreachableAfter is how long a kernel asks for the hardware address of a neighbour that is not there.
const unreachableAfter = 3 * time.Second

// dial connects to a port of an address as from inside service. Addresses outside the network answer nothing, as from
// the lab's containers, which have no way out. gone ends the wait.
func (n *network) dial(service, ip string, port int, limit time.Duration, gone <-chan struct{}) (net.Conn, error) {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return nil, errRefused
	}
	if addr = addr.Unmap(); addr.Is6() { // the lab's network has none, not even a loopback address
		return nil, errNoAddress
	}
	d := door{service: service, port: port, inside: true}
	if !addr.IsLoopback() && !addr.IsUnspecified() {
		if d = n.owner(ip, port); d.service == "" {
			defer n.links.connecting(service, netip.AddrPortFrom(addr, uint16(port)))()
			return nil, n.nobody(addr, limit, gone)
		}
	}
	f, ok := n.front(d)
	if !ok || !f.open() {
		return nil, errRefused
	}
	if limit == 0 { // a connection is never there at once
		return nil, os.ErrDeadlineExceeded
	}
	c, err := net.DialTimeout("tcp", f.Addr().String(), limit)
	if err == nil {
		return n.links.add(c, service, d.service), nil
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return nil, os.ErrDeadlineExceeded
	}
	if slices.ContainsFunc(machineErrors, func(e error) bool { return errors.Is(err, e) }) {
		n.faults.note(fmt.Errorf("connecting from %s to %s: %w", service, d.service, err))
	}
	return nil, errRefused
}

// machineErrors are what this machine lacks, or forbids: no port is closed for that, and no configuration to blame.
var machineErrors = []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL,
	syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EACCES, syscall.EPERM}

func (n *network) owner(ip string, port int) door {
	for name, has := range n.ips {
		if has == ip {
			return door{service: name, port: port}
		}
	}
	return door{}
}

// nobody waits as long as a connection to an address takes to fail: of the lab's network, in which nobody has it, or
// outside of it, where no way leads.
func (n *network) nobody(addr netip.Addr, limit time.Duration, gone <-chan struct{}) error {
	if !netip.MustParsePrefix("172.31.255.0/24").Contains(addr) {
		return errNoRoute
	}
	err := error(os.ErrDeadlineExceeded)
	if unreachableAfter < limit {
		limit, err = unreachableAfter, errUnreachable
	}
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-t.C:
		return err
	case <-gone:
		return net.ErrClosed
	}
}

// close shuts all doors. Connections that came through them are their services' to close.
func (n *network) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for _, f := range n.fronts {
		_ = f.Close()
	}
}
