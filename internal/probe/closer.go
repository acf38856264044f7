package probe

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// closer finds out who ended a connection, by the sockets of the services on its way: a log can be switched off, and one
// that noticed an end is not one that caused it.
type closer struct {
	look          *look
	before, after map[string][]Socket // of each service, before the connection was opened and once it was open
}

// who names the service that sent the first FIN of a connection that came in at via and has ended; the address of it where
// it is no service of the environment's; "" where nothing proves it.
func (c closer) who(ctx context.Context, via string) string {
	ctx, cancel := context.WithTimeout(ctx, proofLimit)
	defer cancel()
	deadline := time.Now().Add(time.Second) // for the service to close its other side, once the client has seen the end
	for {
		now := c.look.sockets(ctx)
		name, sure := c.at(via, now, len(now))
		if sure || time.Now().After(deadline) || !sleep(ctx, 50*time.Millisecond) {
			return name
		}
	}
}

// at judges one service on the way: it ended the connection, unless one that it had made to the next service was ended
// from there. sure is false while that may still change.
func (c closer) at(service string, now map[string][]Socket, hops int) (name string, sure bool) {
	if c.after[service] == nil || now[service] == nil || c.before[service] == nil || hops < 0 {
		return "", true
	}
	onward := c.onward(service, now[service])
	if len(onward) == 0 {
		return service, false // it is the last on the way, or keeps the connection to the next
	}
	for i, s := range onward {
		by, ok := c.ended(service, s, now, hops)
		if !ok || i > 0 && by != name {
			return "", ok && by == name
		}
		name = by
	}
	return name, true
}

// onward are the connections that a service had made and that have ended meanwhile; those made along with the connection
// in question, if there are such.
func (c closer) onward(service string, now []Socket) []Socket {
	var fresh, old []Socket
	for _, s := range c.after[service] {
		if s.State != SocketOpen || !outward(s, c.after[service]) {
			continue
		}
		if i := find(now, s); i >= 0 && now[i].State == SocketOpen {
			continue
		}
		if find(c.before[service], s) < 0 {
			fresh = append(fresh, s)
		} else {
			old = append(old, s)
		}
	}
	if fresh != nil {
		return fresh
	}
	return old
}

// outward tells whether a service made a connection itself, to another one.
func outward(s Socket, all []Socket) bool {
	if s.Remote.Addr().IsLoopback() || s.Remote.Addr() == s.Local.Addr() {
		return false
	}
	return !slices.ContainsFunc(all, func(x Socket) bool {
		return x.State == SocketListening && x.Local.Port() == s.Local.Port()
	})
}

func find(all []Socket, s Socket) int {
	return slices.IndexFunc(all, func(x Socket) bool { return x.Local == s.Local && x.Remote == s.Remote })
}

// ended says who ended a connection from a service to the next one.
func (c closer) ended(service string, s Socket, now map[string][]Socket, hops int) (name string, ok bool) {
	state := SocketOther
	if i := find(now[service], s); i >= 0 {
		state = now[service][i].State
	}
	if state == SocketClosedHere {
		return service, true
	}
	other := Socket{Local: s.Remote, Remote: s.Local}
	for peer, sockets := range now {
		if i := find(sockets, other); i >= 0 && sockets[i].State == SocketClosedHere && peer != service {
			return c.at(peer, now, hops-1)
		}
	}
	if state == SocketClosedByPeer {
		return s.Remote.String(), true
	}
	return "", false
}

// sawCloser notes the proof.
func (l *look) sawCloser(via, who string) {
	text := fmt.Sprintf("TCP: the first FIN came from %s", who)
	l.saw(Exchange{From: via, Kind: WireLog, Text: text})
}
