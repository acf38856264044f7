package probe

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

// watched is an open connection on which somebody waits for the end.
type watched struct {
	look    *look // of this client
	service string
	conn    *websocket.Conn
	since   time.Time
	ended   chan struct{} // closed when the connection has ended
	at      time.Time     // when it ended
	text    string        // how
	code    int           // its close code, 1006 for none
	echoed  chan string   // messages that came
	pings   atomic.Int64  // that came
	mute    atomic.Bool   // neither pings nor the close are answered
	writing sync.Mutex
	reading hint.Workers
}

// watch reads a connection until its end. Pings are answered, as any client does.
func watch(conn *websocket.Conn) *watched {
	w := &watched{conn: conn, since: time.Now(), ended: make(chan struct{}), echoed: make(chan string, 16)}
	pong, goodbye := conn.PingHandler(), conn.CloseHandler()
	conn.SetPingHandler(func(data string) error {
		if w.mute.Load() {
			return nil
		}
		w.pings.Add(1)
		return pong(data)
	})
	conn.SetCloseHandler(func(code int, text string) error {
		if w.mute.Load() {
			return nil
		}
		return goodbye(code, text)
	})
	w.reading.Go(w.read)
	return w
}

// read reads until the end of the connection.
func (w *watched) read() {
	defer close(w.ended)
	for {
		_, data, err := w.conn.ReadMessage()
		if err != nil {
			w.at, w.text, w.code = time.Now(), closeText(err), closeCode(err)
			return
		}
		select {
		case w.echoed <- string(data):
		default: // nobody asked for so many
		}
	}
}

// over hangs up and waits for the reader to end.
func (w *watched) over() {
	if w != nil {
		hangUp(w.conn)
		w.reading.Wait()
	}
}

// hasEnded tells whether the connection has ended by now.
func (w *watched) hasEnded() bool {
	select {
	case <-w.ended:
		return true
	default:
		return false
	}
}

// sawEnd notes the end of the connection, from the client's viewpoint.
func (w *watched) sawEnd() {
	w.look.saw(Exchange{At: w.at, From: w.service, To: "you", Kind: WireClose, Text: w.text,
		Notes: []string{"idle", seconds(w.at.Sub(w.since)) + " s"}})
}

// say sends a text message. A peer that takes nothing any more does not hold it up for long.
func (w *watched) say(text string) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	_ = w.conn.SetWriteDeadline(time.Now().Add(2 * time.Second))
	return w.conn.WriteMessage(websocket.TextMessage, []byte(text))
}

// alive asks whether the connection still answers: it sends a text and waits for any message.
func (w *watched) alive(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for len(w.echoed) > 0 { // those came before
		<-w.echoed
	}
	if w.say("still there?") != nil {
		return false
	}
	select {
	case <-w.echoed:
		return true
	case <-w.ended:
	case <-ctx.Done():
	}
	return false
}

// open opens a connection to watch; early is the verdict if it cannot be had. role is "idle" or "control".
func (l *look) open(ctx context.Context, e course.Endpoint, role string) (*watched, *Verdict, error) {
	note := ""
	if role == "control" {
		note = "control"
	}
	a, err := l.dial(ctx, e, note)
	if err != nil {
		return nil, nil, err
	}
	if a.conn == nil {
		v := verdict(false, Fact{}, a.got(), a.meaning(101))
		return nil, &v, nil
	}
	service, _ := e.Service()
	w := watch(a.conn)
	w.look, w.service = l, service
	l.saw(Exchange{At: w.since, From: "you", To: service, Kind: WireOpen, Text: role})
	return w, nil, nil
}

// control opens the connection that is held straight to a service; nil for none.
func (l *look) control(ctx context.Context, via, path string) (*watched, *Verdict, error) {
	if via == "" {
		return nil, nil, nil
	}
	return l.open(ctx, course.Endpoint{Via: via, Path: path}, "control")
}

// crowd opens n connections, each by a client of its own. early is the verdict if one cannot be had; the others are
// open all the same.
func (l *look) crowd(ctx context.Context, e course.Endpoint, n int, role string) (open []*watched, early *Verdict, err error) {
	for i := range n {
		w, early, err := l.client(i).open(ctx, e, role)
		if early != nil {
			early.Got.Args = append(early.Got.Args, strconv.Itoa(i+1))
			early.Got.Code = "client-" + early.Got.Code
		}
		if w == nil {
			return open, early, err
		}
		open = append(open, w)
	}
	return open, nil, nil
}

// leave hangs up on all.
func leave(open []*watched) {
	var all hint.Workers
	for _, w := range open {
		all.Go(w.over)
	}
	all.Wait()
}
