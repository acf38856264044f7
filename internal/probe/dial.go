package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cwk-stream/lab/internal/course"
)

// Bounds of what a server may send us. They are far above what any of the lab's servers sends.
const (
	maxHandshake = 64 << 10 // bytes of a handshake's answer, header and body together
	maxMessage   = 1 << 20  // bytes of one WebSocket message
)

// answer is what came of a handshake.
type answer struct {
	conn   *websocket.Conn // nil unless status is 101 and flaw is ""
	status int             // 0 where there was no answer
	text   string          // status line without the version, such as "400 Bad Request"
	header http.Header
	body   string // the beginning of it, where status is not 101
	reason string // why there was no answer: one of course.Refusals, "timeout", "too-long", or the system's words
	flaw   string // header for whose sake a client must fail the connection although status is 101; "" for none

	// noToken is why nothing was sent, where the token was to be fetched first and did not come: the status of that
	// answer, one of the above reasons, or "malformed". It says nothing about the endpoint, so status is 0 then.
	noToken string

	alpn, subprotocol string // that were agreed upon; "" for none
}

// got is what came of a handshake, as a fact.
func (a answer) got() Fact {
	switch {
	case a.noToken != "":
		return NewFact("no-token", a.noToken)
	case a.flaw != "":
		return NewFact("bad-handshake", a.flaw)
	case a.status == 0:
		return NewFact("refused", a.reason)
	}
	return NewFact("status", strconv.Itoa(a.status))
}

// meaning is what it usually means that this came where one of want was wanted.
func (a answer) meaning(want ...int) string {
	switch {
	case a.noToken != "":
		return "no-token"
	case a.flaw != "":
		return "bad-handshake"
	case a.status == 0:
		return refusalMeaning(a.reason)
	}
	return statusMeaning(a.status, want...)
}

// refused tells whether the endpoint itself gave no answer, for the reason that is wanted; "" wants an answer.
func (a answer) refused(want string) bool {
	return a.status == 0 && a.noToken == "" && want != "" && a.reason == want
}

// dial opens a WebSocket at an endpoint and notes both directions of the handshake as the client saw them. An error
// means that the endpoint is not known or ctx ended; that there was no answer is an answer.
func (l *look) dial(ctx context.Context, e course.Endpoint, note string) (answer, error) {
	service, port := e.Service()
	addr, err := l.run.target.Addr(service, port)
	if err != nil {
		return answer{}, fmt.Errorf("finding %s: %w", e.Via, err)
	}
	header, path, early, err := l.credentials(ctx, e)
	if err != nil || early != nil {
		return orNone(early), err
	}
	guard := &guard{}
	if guard.tls, err = l.clientTLS(ctx, e); err != nil {
		return answer{}, err
	}
	l.saw(Exchange{From: "you", To: service, Kind: WireRequest, Text: "GET " + e.Path + " HTTP/1.1",
		Notes: requestNotes(e, note)})
	scheme := "ws"
	if guard.tls != nil {
		scheme = "wss"
	}
	dialer := websocket.Dialer{NetDialContext: guard.dial, NetDialTLSContext: guard.dialTLS, Subprotocols: e.Subprotocols}
	stop := l.watchSilence(ctx, service)
	conn, res, err := dialer.DialContext(ctx, scheme+"://"+addr+path, header)
	stop()
	guard.stop()
	if ours := cannotConnect(e.Via, err); ours != nil {
		return answer{}, ours
	}
	if over(ctx) {
		if conn != nil {
			conn.Close()
		}
		return answer{}, ctx.Err()
	}
	a := answer{conn: conn, alpn: guard.alpn}
	switch {
	case res != nil:
		a.flaw = flaw(res, err)
		l.answered(&a, service, res)
	default:
		a.reason = guard.reason(err)
		l.saw(Exchange{From: service, To: "you", Kind: WireRefused, Text: a.reason})
	}
	if conn != nil {
		conn.SetReadLimit(maxMessage)
		a.subprotocol = conn.Subprotocol()
	}
	return a, nil
}

// flaw is the header for whose sake the dialer took a 101 for no handshake (RFC 6455, section 4.1), "" where it did not.
func flaw(res *http.Response, err error) string {
	switch {
	case err == nil || res.StatusCode != http.StatusSwitchingProtocols:
		return ""
	case !HasToken(res.Header.Values("Upgrade"), "websocket"):
		return "Upgrade"
	case !HasToken(res.Header.Values("Connection"), "upgrade"):
		return "Connection"
	case errors.Is(err, websocket.ErrBadHandshake):
		return "Sec-WebSocket-Accept"
	}
	return "Sec-WebSocket-Extensions" // one that was not asked for
}

// HasToken tells whether one of the fields of a header that is a list (RFC 9110, section 5.6.1) has a token, whatever its
// case.
func HasToken(fields []string, token string) bool {
	for t := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		if strings.EqualFold(strings.TrimSpace(t), token) {
			return true
		}
	}
	return false
}

// answered fills in and notes an HTTP answer.
func (l *look) answered(a *answer, service string, res *http.Response) {
	a.status, a.header = res.StatusCode, res.Header
	a.text = fmt.Sprintf("%d %s", res.StatusCode, http.StatusText(res.StatusCode))
	x := Exchange{From: service, To: "you", Kind: WireResponse, Text: a.text}
	if a.conn == nil {
		if a.body = bodyOf(res); a.body != "" {
			x.Notes = []string{a.body}
		}
	}
	if a.flaw != "" {
		x.Notes = append(x.Notes, a.flaw+": "+orDash(strings.Join(res.Header.Values(a.flaw), ", ")))
	}
	if p := res.Header.Get("Sec-Websocket-Protocol"); p != "" {
		x.Notes = append(x.Notes, "Sec-WebSocket-Protocol: "+p)
	}
	l.saw(x)
}

func orNone(a *answer) answer {
	if a == nil {
		return answer{}
	}
	return *a
}

// requestNotes are the headers of a handshake that are worth showing.
func requestNotes(e course.Endpoint, note string) []string {
	var notes []string
	if note != "" {
		notes = append(notes, note)
	}
	notes = append(notes, "Upgrade: websocket", "Connection: Upgrade")
	if e.TLS != nil {
		notes = append(notes, "TLS")
	}
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		notes = append(notes, name+": "+e.Headers[name])
	}
	if len(e.Subprotocols) > 0 {
		notes = append(notes, "Sec-WebSocket-Protocol: "+strings.Join(e.Subprotocols, ", "))
	}
	return notes
}

// over tells whether ctx has ended. The dialer puts the same deadline on the socket, which may fire a moment earlier:
// then that moment is waited for.
func over(ctx context.Context) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < time.Millisecond {
		<-ctx.Done()
	}
	return ctx.Err() != nil
}

// bodyOf is the beginning of an answer's body; gorilla/websocket keeps up to 1,024 bytes of it.
func bodyOf(res *http.Response) string {
	if res.Body == nil {
		return ""
	}
	body, _ := io.ReadAll(io.LimitReader(res.Body, 1024))
	return strings.TrimSpace(string(body))
}

// hangUp closes a connection in order: with a close frame, so that the other side does not report 1006.
func hangUp(conn *websocket.Conn) {
	if conn == nil {
		return
	}
	_ = conn.WriteControl(websocket.CloseMessage,
		websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	conn.Close()
}
