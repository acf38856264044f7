package embedded

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// upgrade passes 101 on and then bytes, in both directions, until one side ends or nothing passes for
// proxy_read_timeout (ngx_http_upstream_process_upgraded).
func (x *exchange) upgrade(h head) {
	r := x.r
	r.status = 101
	r.keepalive = false
	var b strings.Builder
	r.beginRelayed(&b, h)
	r.others(&b, h, func() { b.WriteString("Connection: upgrade\r\n") })
	b.WriteString("\r\n")
	n, err := r.send(b.String())
	r.sent = int64(n)
	if err == nil {
		r.action = "proxying upgraded connection"
		_ = r.conn.SetWriteDeadline(time.Time{})
		_ = x.up.SetDeadline(time.Time{})
		t := &tunnel{client: r.conn, up: x.up, idle: r.set.read, clientSend: r.set.clientSend, upSend: r.set.send}
		switch t.run(x) {
		case tunnelIdle:
			r.log(logInfo, "upstream timed out (110: Connection timed out)")
		case tunnelStuck:
			r.log(logInfo, "client timed out (110: Connection timed out)")
		}
		r.sentBody = t.down.Load()
		r.sent += r.sentBody
	}
	r.finished(101, x.began)
	r.access()
}

// tunnel is an upgraded connection. nginx has one timer for reading from the upstream, which every event on either side
// sets anew: that is why traffic from the client alone keeps the tunnel open. It closes both sides when either ends;
// a half-closed tunnel does not exist.
type tunnel struct {
	client             net.Conn
	up                 net.Conn
	idle               time.Duration // proxy_read_timeout
	clientSend, upSend time.Duration // send_timeout, proxy_send_timeout
	down               atomic.Int64  // bytes sent to the client

	ended sync.Once
	how   tunnelEnd
}

type tunnelEnd int

const (
	tunnelClosed tunnelEnd = iota
	tunnelIdle             // nothing passed for too long
	tunnelStuck            // the client took nothing for too long
)

// tunnelBuffer is nginx's proxy_buffer_size. Bytes; two for each tunnel.
const tunnelBuffer = 4 << 10

// run passes bytes on until the tunnel ends, and says how it did.
func (t *tunnel) run(x *exchange) tunnelEnd {
	timer := time.AfterFunc(t.idle, func() { t.end(tunnelIdle) })
	defer timer.Stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer x.r.catch()
		t.copy(t.up, x.r.conn.in, timer, t.upSend, nil)
	}()
	t.copy(t.client, x.in, timer, t.clientSend, &t.down)
	<-done
	return t.how
}

// copy passes one direction on. The reader has what came along with the head, and then the connection.
func (t *tunnel) copy(to net.Conn, from io.Reader, timer *time.Timer, limit time.Duration, count *atomic.Int64) {
	buf := make([]byte, tunnelBuffer)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			timer.Reset(t.idle)
			_ = to.SetWriteDeadline(sendBy(limit))
			sent, err := to.Write(buf[:n])
			if count != nil {
				count.Add(int64(sent))
			}
			if err != nil {
				how := tunnelClosed
				if e, ok := err.(net.Error); ok && e.Timeout() {
					how = tunnelIdle
					if to == t.client {
						how = tunnelStuck
					}
				}
				t.end(how)
				return
			}
		}
		if err != nil {
			t.end(tunnelClosed)
			return
		}
	}
}

// end closes both sides; the first reason counts.
func (t *tunnel) end(how tunnelEnd) {
	t.ended.Do(func() {
		t.how = how
		_ = t.client.Close()
		_ = t.up.Close()
	})
}
