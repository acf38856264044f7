package docker

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// What an engine may answer. Whatever listens at its address is believed no further than that.
const (
	maxAnswer  = 4 << 20  // bytes of an answer that is read whole
	maxValues  = 100_000  // commas in one: lists of nothing take more memory than they take bytes
	maxMessage = 1 << 20  // bytes of one message of a stream of them
	maxOutputs = 1 << 30  // bytes of all messages of a build, a pull, a load
	maxImage   = 32 << 30 // bytes of an image that is saved
	maxFrame   = 1 << 20  // bytes of one frame of a container's output; engines send 32 KiB at most
	maxHead    = 1 << 20  // bytes before a connection is given over
)

// errTooMuch is why reading an answer was given up.
var errTooMuch = errors.New("the engine's answer does not end where it should")

// boundClient is a client for an engine whose answers are bounded.
type boundClient struct {
	*client.Client
	transport *http.Transport
	opts      []client.Opt // by which the engine is found
}

// newClient makes a client for the engine at host. One that shows a certificate that is asked for is believed.
func newClient(host string, certified bool) (api, error) {
	opts := []client.Opt{client.WithHost(host), client.WithUserAgent("lab")}
	if certified && strings.HasPrefix(host, "tcp://") {
		return client.New(append(opts, client.WithTLSClientConfigFromEnv())...)
	}
	plain, err := client.New(opts...)
	if err != nil {
		return nil, err
	}
	c := &boundClient{opts: opts, transport: &http.Transport{DialContext: overseen(plain.Dialer()), DisableCompression: true,
		MaxResponseHeaderBytes: maxHead, MaxIdleConns: 8, IdleConnTimeout: 30 * time.Second}}
	c.Client, err = client.New(append(slices.Clone(opts), client.WithHTTPClient(&http.Client{Transport: boundTransport{c.transport},
		CheckRedirect: client.CheckRedirect}))...)
	return c, err
}

// ExecAttach starts a command and gives its connection over.
func (c *boundClient) ExecAttach(ctx context.Context, id string, o client.ExecAttachOptions) (client.ExecAttachResult, error) {
	// The client that does it makes a connection of its own in any case, and not by what bounds the others'.
	a, err := client.New(append(slices.Clone(c.opts), client.WithDialContext(c.transport.DialContext),
		client.WithAPIVersion(c.ClientVersion()))...)
	if err != nil {
		return client.ExecAttachResult{}, err
	}
	return attach(ctx, func(ctx context.Context) (client.ExecAttachResult, error) { return a.ExecAttach(ctx, id, o) })
}

// Close frees the connections.
func (c *boundClient) Close() error {
	c.transport.CloseIdleConnections()
	return c.Client.Close()
}

type boundTransport struct{ inner http.RoundTripper }

func (t boundTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	r, err := t.inner.RoundTrip(request)
	if err == nil {
		bound(r)
	}
	return r, err
}

// bound has an answer of an engine end with errTooMuch where it is longer than it can be.
func bound(r *http.Response) {
	b := &boundBody{ReadCloser: r.Body, left: maxAnswer, values: maxValues}
	switch path := r.Request.URL.Path; {
	case r.StatusCode >= http.StatusBadRequest:
	case strings.HasSuffix(path, "/events"):
		b.left, b.values, b.lines = -1, -1, true
	case strings.HasSuffix(path, "/build"), strings.HasSuffix(path, "/images/create"), strings.HasSuffix(path, "/images/load"):
		b.left, b.values, b.lines = maxOutputs, -1, true
	case strings.HasSuffix(path, "/logs"):
		b.left, b.values = -1, -1 // its frames are bounded where they are read
	case strings.HasSuffix(path, "/images/get"):
		b.left, b.values = maxImage, -1
	case strings.HasSuffix(path, "/archive"):
		b.left, b.values = maxFile+1<<20, -1
	}
	r.Body = b
}

// boundBody is a body that may have so many bytes and values, or so long lines; negative means any number.
type boundBody struct {
	io.ReadCloser
	left   int64
	values int
	lines  bool
	line   int
}

func (b *boundBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left >= 0 {
		if b.left -= int64(n); b.left < 0 {
			return 0, errTooMuch
		}
	}
	if b.values >= 0 {
		if b.values -= bytes.Count(p[:n], []byte{','}); b.values < 0 {
			return 0, errTooMuch
		}
	}
	if b.lines {
		if i := bytes.LastIndexByte(p[:n], '\n'); i >= 0 {
			b.line = n - i - 1
		} else if b.line += n; b.line > maxMessage {
			return 0, errTooMuch
		}
	}
	return n, err
}

// demux parts a container's output into its two streams, as stdcopy does, without believing how long a frame is.
func demux(stdout, stderr io.Writer, r io.Reader) error {
	_, err := stdcopy.StdCopy(stdout, stderr, &frames{r: r})
	return err
}

// frames passes on frames of at most maxFrame bytes.
type frames struct {
	r    io.Reader
	head [8]byte
	have int // of head
	left int // of the frame's content
}

func (f *frames) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	for rest := p[:n]; len(rest) > 0; {
		if f.left > 0 {
			skip := min(f.left, len(rest))
			f.left, rest = f.left-skip, rest[skip:]
			continue
		}
		took := copy(f.head[f.have:], rest)
		f.have, rest = f.have+took, rest[took:]
		if f.have < len(f.head) {
			break
		}
		f.have = 0
		if size := binary.BigEndian.Uint32(f.head[4:]); size > maxFrame {
			return 0, errTooMuch
		} else {
			f.left = int(size)
		}
	}
	return n, err
}

// handover is the key of a context under which a connection is dialled that will be given over: until then it obeys
// the context, which clients do not see to. The value is a **overseenConn, for the connection.
type handover struct{}

// overseen makes the connections of dial obey their context's deadline and a bound until they are given over.
func overseen(dial func(context.Context) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := dial(ctx)
		made, ok := ctx.Value(handover{}).(**overseenConn)
		if err != nil || !ok {
			return c, err
		}
		if deadline, ok := ctx.Deadline(); ok {
			_ = c.SetDeadline(deadline)
		}
		o := &overseenConn{Conn: c}
		o.left.Store(maxHead)
		*made = o
		return o, nil
	}
}

type overseenConn struct {
	net.Conn
	left atomic.Int64 // bytes until it is given over; negative afterwards
}

func (c *overseenConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if left := c.left.Load(); left >= 0 {
		if left -= int64(n); left < 0 {
			return 0, errTooMuch
		}
		c.left.CompareAndSwap(left+int64(n), left)
	}
	return n, err
}

// CloseWrite ends what is sent.
func (c *overseenConn) CloseWrite() error {
	if half, ok := c.Conn.(client.CloseWriter); ok {
		return half.CloseWrite()
	}
	return nil
}

// attach has a call give over its connection, which from then on obeys nobody.
func attach(ctx context.Context, call func(context.Context) (client.ExecAttachResult, error)) (client.ExecAttachResult, error) {
	var made *overseenConn
	r, err := call(context.WithValue(ctx, handover{}, &made))
	if err != nil || made == nil {
		return r, err
	}
	made.left.Store(-1)
	return r, made.SetDeadline(time.Time{})
}
