package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

// handshake opens a WebSocket and looks at the answer (RFC 6455, sections 4.1 and 4.2.2).
func (l *look) handshake(ctx context.Context, h course.Handshake) (Verdict, error) {
	want := NewFact("status", codes(h.Expect.Status))
	if h.Expect.Refused != "" {
		want = NewFact("refused", h.Expect.Refused)
	}
	held, early, err := l.crowd(ctx, h.Endpoint, h.Beside, "")
	defer leave(held)
	if early != nil || err != nil {
		return withWant(early, NewFact("beside", strconv.Itoa(h.Beside))), err
	}
	a, err := l.dial(ctx, h.Endpoint, "")
	if err != nil {
		return Verdict{Want: want}, err
	}
	service, _ := h.Service()
	l.evidence(ctx, service, a)
	defer hangUp(a.conn)
	switch {
	case a.status == 0:
		return verdict(a.refused(h.Expect.Refused), want, a.got(), a.meaning(h.Expect.Status...)), nil
	case a.flaw != "":
		return verdict(false, want, a.got(), a.meaning()), nil
	case !slices.Contains(h.Expect.Status, a.status):
		return verdict(false, want, a.got(), a.meaning(h.Expect.Status...)), nil
	}
	return l.handshakeMore(ctx, h, a)
}

// handshakeMore judges what a check wants of a handshake beyond its status.
func (l *look) handshakeMore(ctx context.Context, h course.Handshake, a answer) (Verdict, error) {
	e := h.Expect
	switch {
	case e.Contains != "" && !strings.Contains(a.body, e.Contains):
		return verdict(false, NewFact("body-contains", e.Contains), NewFact("body", a.body), ""), nil
	case e.Subprotocol != a.subprotocol && e.Subprotocol != "":
		return verdict(false, NewFact("subprotocol", e.Subprotocol), NewFact("subprotocol", orDash(a.subprotocol)), ""), nil
	case e.ALPN != a.alpn && e.ALPN != "":
		return verdict(false, NewFact("alpn", e.ALPN), NewFact("alpn", orDash(a.alpn)), ""), nil
	case e.Close == 0:
		got := a.got()
		return verdict(true, got, got, ""), nil
	}
	service, _ := h.Service()
	return l.closesWith(ctx, a.conn, service, e.Close)
}

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

// closesWith reads until the server closes, and looks at its code.
func (l *look) closesWith(ctx context.Context, conn *websocket.Conn, service string, code int) (Verdict, error) {
	want := NewFact("closes-with", strconv.Itoa(code))
	defer context.AfterFunc(ctx, func() { _ = conn.NetConn().SetDeadline(time.Unix(1, 0)) })()
	_ = conn.SetReadDeadline(time.Now().Add(closing))
	for {
		_, data, err := conn.ReadMessage()
		if err == nil {
			l.saw(Exchange{From: service, To: "you", Kind: WireMessage, Text: string(data)})
			continue
		}
		if ctx.Err() != nil {
			return Verdict{Want: want}, ctx.Err()
		}
		if reason(err) == "timeout" {
			return verdict(false, want, NewFact("open", seconds(closing)), ""), nil
		}
		l.saw(Exchange{From: service, To: "you", Kind: WireClose, Text: closeText(err)})
		return verdict(closeCode(err) == code, want, NewFact("closed-code", strconv.Itoa(closeCode(err))), ""), nil
	}
}

// closing is how long a server is given to close a connection that it must not keep.
const closing = 3 * time.Second

// refusalMeaning is what it usually means that there is no answer.
func refusalMeaning(reason string) string {
	switch reason {
	case "untrusted", "wrong-name", "expired", "not-tls", "plain-on-tls", "alpn-h2", "tls-alert":
		return reason
	}
	return "connection-refused"
}

// withWant completes a verdict that came early; none for nil.
func withWant(early *Verdict, want Fact) Verdict {
	if early == nil {
		return Verdict{Want: want}
	}
	early.Want = want
	return *early
}

// plainAnswers are what backends say to an ordinary GET where they expect a WebSocket handshake.
var plainAnswers = []int{400, 404, 426}

// statusMeaning is what a status usually means where others were wanted; none are where no answer was.
func statusMeaning(got int, want ...int) string {
	switch {
	case got == 101 && slices.ContainsFunc(want, func(s int) bool { return slices.Contains(plainAnswers, s) }):
		return "upgrade-still-forwarded"
	case got == 101 && len(want) > 0 && want[0] >= 400:
		return "let-in"
	case got == 101:
		return ""
	case got == 400 && slices.Contains(want, 101):
		return "proxy-dropped-upgrade"
	case got == 404:
		return "backend-not-found"
	case got == 502:
		return "bad-gateway"
	case got == 504:
		return "gateway-timeout"
	case got >= 300 && got < 400:
		return "redirected"
	}
	return ""
}

// echo opens a WebSocket, sends a text message and waits for the answer, or for the close.
func (l *look) echo(ctx context.Context, e course.Echo) (Verdict, error) {
	send := e.Send
	if e.Size > 0 {
		send = strings.Repeat("x", e.Size)
	}
	expect := e.Expect
	if expect == "" {
		expect = send
	}
	want := NewFact("message", brief(expect))
	if e.Close != 0 {
		want = NewFact("closes-with", strconv.Itoa(e.Close))
	}
	a, err := l.dial(ctx, e.Endpoint, "")
	if err != nil {
		return Verdict{Want: want}, err
	}
	if a.conn == nil {
		return verdict(false, want, a.got(), a.meaning(101)), nil
	}
	defer hangUp(a.conn)
	service, _ := e.Service()
	write := func(context.Context) error { return a.conn.WriteMessage(websocket.TextMessage, []byte(send)) }
	if len(send) > firstPart {
		write = func(ctx context.Context) error { return writeInTwo(ctx, a.conn, []byte(send)) }
	}
	answer, err := l.exchange(ctx, a.conn, service, send, write)
	switch {
	case err == nil && e.Close != 0:
		return verdict(false, want, NewFact("message", brief(answer)), "limit-not-enforced"), nil
	case err == nil:
		return verdict(answer == expect, want, NewFact("message", brief(answer)), ""), nil
	case ctx.Err() != nil:
		return Verdict{Want: want}, ctx.Err()
	case e.Close != 0:
		return verdict(closeCode(err) == e.Close, want, NewFact("closed-code", strconv.Itoa(closeCode(err))), ""), nil
	}
	return verdict(false, want, NewFact("closed", closeText(err)), ""), nil
}

// brief is a message as facts and the wire show it.
func brief(s string) string {
	if len(s) <= 200 {
		return clean(s)
	}
	return fmt.Sprintf("%s… (%d bytes)", clean(s[:12]), len(s))
}

// exchange sends a text message, as write does, and reads the next one meanwhile.
func (l *look) exchange(ctx context.Context, conn *websocket.Conn, service, send string, write func(context.Context) error) (string, error) {
	defer context.AfterFunc(ctx, func() { _ = conn.NetConn().SetDeadline(time.Unix(1, 0)) })()
	l.saw(Exchange{From: "you", To: service, Kind: WireMessage, Text: brief(send)})
	var writer hint.Workers
	var writing error
	wctx, refused := context.WithCancel(ctx)
	defer refused()
	writer.Go(func() { writing = write(wctx) })
	// A server that refuses a message may hang up before it has read all of it: what it said is still to be read.
	_, data, err := conn.ReadMessage()
	if err != nil {
		refused() // nobody reads what is still to be written
		_ = conn.NetConn().SetDeadline(time.Unix(1, 0))
	}
	if writer.Wait(); err != nil {
		if closeCode(err) == 0 && writing != nil {
			err = writing
		}
		l.saw(Exchange{From: service, To: "you", Kind: WireClose, Text: closeText(err)})
		return "", err
	}
	l.saw(Exchange{From: service, To: "you", Kind: WireMessage, Text: brief(string(data))})
	return string(data), nil
}

// closeCode is the code of the close frame that ended a connection; 1006 for the end without one, 0 for no end.
func closeCode(err error) int {
	var c *websocket.CloseError
	switch {
	case errors.As(err, &c):
		return c.Code
	case reason(err) == "eof", reason(err) == "reset":
		return websocket.CloseAbnormalClosure
	}
	return 0
}

// closeText is how a connection ended: with a close frame and its code (RFC 6455, section 7.4), or without one.
func closeText(err error) string {
	var c *websocket.CloseError
	switch {
	case errors.As(err, &c) && c.Code == websocket.CloseAbnormalClosure:
		return "EOF" // the end of TCP without a close frame, which gorilla calls 1006
	case errors.As(err, &c):
		return "close " + strconv.Itoa(c.Code)
	}
	return reason(err)
}
