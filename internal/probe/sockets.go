package probe

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"github.com/cwk-stream/lab/internal/hint"
)

// Socket is one TCP connection of a service, or a port on which it listens, as its kernel has it.
type Socket struct {
	Local, Remote netip.AddrPort
	State         SocketState
}

// SocketState is what a socket's state says about who ended the connection (RFC 9293, section 3.3.2).
type SocketState int

// The states. One side of an ended connection is left in TIME_WAIT for a minute: the one that sent the first FIN.
const (
	SocketOther        SocketState = iota // being opened, or ended from both sides at once
	SocketListening                       // LISTEN
	SocketOpen                            // ESTABLISHED
	SocketClosedHere                      // FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT: the first FIN was this side's
	SocketClosedByPeer                    // CLOSE_WAIT, LAST_ACK: the first FIN was the other's
	SocketConnecting                      // SYN_SENT: nobody has answered yet
)

// SocketLister is what targets can do whose services have no program that prints /proc/net/tcp.
type SocketLister interface {
	// Sockets lists a service's sockets, those included that were closed within the last minute.
	Sockets(ctx context.Context, service string) ([]Socket, error)
}

// sockets lists the sockets of every service; a service is missing where they cannot be had.
func (l *look) sockets(ctx context.Context) map[string][]Socket {
	all := map[string][]Socket{}
	var mu sync.Mutex
	var waiting hint.Workers
	for _, name := range l.run.target.Services() {
		waiting.Go(func() {
			list := l.socketsOf(ctx, name)
			mu.Lock()
			defer mu.Unlock()
			if list != nil {
				all[name] = list
			}
		})
	}
	waiting.Wait()
	return all
}

func (l *look) socketsOf(ctx context.Context, service string) []Socket {
	if lister, ok := l.run.target.(SocketLister); ok {
		list, err := lister.Sockets(ctx, service)
		if err != nil {
			return nil
		}
		return append([]Socket{}, list...)
	}
	res, err := l.run.target.Exec(ctx, service, "cat", "/proc/net/tcp", "/proc/net/tcp6")
	if err != nil || !strings.Contains(res.Stdout, "local_address") {
		return nil // res.Code says nothing: without IPv6 the second file is missing
	}
	return ParseSockets(res.Stdout)
}

// kernelStates are those of the kernel's tcp_states.h, as /proc/net/tcp prints them.
var kernelStates = map[string]SocketState{"01": SocketOpen, "02": SocketConnecting, "04": SocketClosedHere, "05": SocketClosedHere, "06": SocketClosedHere,
	"08": SocketClosedByPeer, "09": SocketClosedByPeer, "0A": SocketListening}

// ParseSockets reads what /proc/net/tcp and /proc/net/tcp6 print. Lines that are no sockets are left out.
func ParseSockets(text string) []Socket {
	out := []Socket{}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		local, ok1 := kernelAddress(f[1])
		remote, ok2 := kernelAddress(f[2])
		if ok1 && ok2 {
			out = append(out, Socket{Local: local, Remote: remote, State: kernelStates[f[3]]})
		}
	}
	return out
}

// kernelAddress reads "0200A8C0:1F90": words of 32 bits in the machine's byte order, which is little-endian wherever there
// are containers, and a port.
func kernelAddress(s string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(s, ":")
	raw, err := hex.DecodeString(host)
	n, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil || len(raw) != 4 && len(raw) != 16 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.LittleEndian.Uint32(raw[i:]))
	}
	ip, _ := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), true
}
