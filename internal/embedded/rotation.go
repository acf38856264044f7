package embedded

import (
	"net"
	"strconv"
	"sync"
	"time"
)

// peer is one server of an upstream.
type peer struct {
	host         string
	port         int
	weight       int
	maxFails     int
	maxConns     int
	failTimeout  time.Duration
	backup, down bool

	current, effective, fails, conns int
	accessed, checked                time.Time
}

// rotation is the state of nginx's weighted round robin.
type rotation struct{ mu sync.Mutex }

// pick gives the next peer that is not in tried, or nil (ngx_http_upstream_get_round_robin_peer): servers that failed
// too often are left out for their fail_timeout, backup servers come when there is no other.
func (u *upstream) pick(tried map[*peer]bool) *peer {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, backup := range []bool{false, true} {
		var best *peer
		total := 0
		for _, p := range u.peers {
			full := p.maxConns > 0 && p.conns >= p.maxConns
			failed := len(u.peers) > 1 && p.maxFails > 0 && p.fails >= p.maxFails && time.Since(p.checked) <= p.failTimeout
			if p.backup != backup || p.down || tried[p] || full || failed {
				continue
			}
			if p.effective == 0 && p.fails == 0 {
				p.effective = p.weight
			}
			p.current += p.effective
			total += p.effective
			if p.effective < p.weight {
				p.effective++
			}
			if best == nil || p.current > best.current {
				best = p
			}
		}
		if best != nil {
			best.current -= total
			best.conns++
			if time.Since(best.checked) > best.failTimeout {
				best.checked = time.Now()
			}
			return best
		}
	}
	return nil
}

// free gives a peer back; disabled says that it is now left out for its fail_timeout.
func (u *upstream) free(p *peer, failed bool) (disabled bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	p.conns--
	if len(u.peers) == 1 {
		return false
	}
	if failed {
		now := time.Now()
		p.fails++
		p.accessed, p.checked = now, now
		if p.maxFails > 0 {
			p.effective = max(0, p.effective-p.weight/p.maxFails)
			return p.fails >= p.maxFails
		}
		return false
	}
	if p.accessed.Before(p.checked) {
		p.fails = 0
	}
	return false
}

func (p *peer) address(ip string) string { return net.JoinHostPort(ip, strconv.Itoa(p.port)) }
