package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// reason is why there was no answer, as a word of course.Refusals, or in the system's words.
func reason(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "eof"
	case errors.Is(err, errTooLong):
		return "too-long"
	case errors.Is(err, errHTTP2):
		return "alpn-h2"
	}
	if r := tlsReason(err); r != "" {
		return r
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "timeout"
	}
	return clean(err.Error())
}

// tlsReason is why a TLS handshake failed, "" if err is no such thing.
func tlsReason(err error) string {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		roots     x509.SystemRootsError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		remote    *net.OpError
	)
	switch {
	case errors.As(err, &authority), errors.As(err, &roots):
		return "untrusted"
	case errors.As(err, &name):
		return "wrong-name"
	case errors.As(err, &invalid):
		if invalid.Reason == x509.Expired {
			return "expired"
		}
		return "untrusted"
	case errors.As(err, &record):
		return "not-tls"
	case errors.As(err, &alert), errors.As(err, &remote) && remote.Op == "remote error":
		return "tls-alert"
	}
	return ""
}

var (
	errTooLong = errors.New("the answer to the handshake is longer than 64 KiB")
	errHTTP2   = errors.New("the server chose HTTP/2")
)

// guard watches over one handshake: gorilla/websocket neither bounds the length of the answer nor gives up when its
// context is cancelled while it reads.
type guard struct {
	tls     *tls.Config // nil: in the clear
	alpn    string
	conn    *guardedConn
	release func() bool
}

func (g *guard) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	g.conn = &guardedConn{Conn: c, left: maxHandshake}
	g.release = context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	return g.conn, nil
}

// dialTLS is dial with a TLS handshake after it.
func (g *guard) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := g.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	t := tls.Client(c, g.tls)
	if err := t.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, err
	}
	g.alpn = t.ConnectionState().NegotiatedProtocol
	if g.alpn == "h2" {
		c.Close()
		return nil, errHTTP2
	}
	return t, nil
}

// stop ends the watch; from here on, the connection is as any other.
func (g *guard) stop() {
	if g.conn != nil {
		g.release()
		g.conn.open = true
	}
}

// reason is why there was no answer. A TLS alert to who spoke in the clear looks like a torn HTTP answer.
func (g *guard) reason(err error) string {
	if g.tls == nil && g.conn != nil && g.conn.first == alertRecord {
		return "plain-on-tls"
	}
	return reason(err)
}

// alertRecord is how a TLS record begins that carries an alert (RFC 8446, section 5.1).
var alertRecord = [2]byte{21, 3}

type guardedConn struct {
	net.Conn
	left  int
	open  bool
	first [2]byte // that were read
	seen  int
}

func (c *guardedConn) Read(p []byte) (int, error) {
	if c.open {
		return c.Conn.Read(p)
	}
	if c.left <= 0 {
		return 0, errTooLong
	}
	n, err := c.Conn.Read(p)
	c.left -= n
	if n > 0 && c.seen < len(c.first) {
		c.seen += copy(c.first[c.seen:], p[:n])
	}
	return n, err
}
