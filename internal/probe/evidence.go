package probe

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/hint"
)

// patience is how long a check waits for the lines that servers log about what it has just done. They arrive within
// a few milliseconds; a server that logs nothing must not hold up the verdict.
const patience = 400 * time.Millisecond

// backendLine is the JSON line that a lab's backend logs for each handshake and each close.
type backendLine struct {
	Event    string            `json:"event"` // "handshake" or "close"
	Probe    string            `json:"probe"`
	Path     string            `json:"path"`
	Accepted bool              `json:"accepted"`
	Status   int               `json:"status"`
	Version  string            `json:"http_version"`
	Headers  map[string]string `json:"headers"` // names in lower case
	Code     int               `json:"code"`    // close code; 1006 for none
	Seconds  float64           `json:"seconds"`
}

// backendSays reads a line as one of a backend's about this probe.
func (l *look) backendSays(line Line, event string) (backendLine, bool) {
	var b backendLine
	if !strings.Contains(line.Text, l.id) || !strings.HasPrefix(line.Text, "{") {
		return b, false
	}
	err := json.Unmarshal([]byte(line.Text), &b)
	return b, err == nil && b.Event == event && b.Probe == l.id
}

// accessLine is the line of the labs' nginx log format about one request. It is written when the request ends, which
// for an upgraded connection is when the tunnel closes.
var accessLine = regexp.MustCompile(`^([\d.]+) \*(\d+) .* in ([\d.]+) s, upstream (\S+|.*?) answered (\S+).*, probe (\S+)$`)

// access is what a proxy's access log says about one request.
type access struct {
	connection string        // serial number that the error log repeats as *N
	took       time.Duration // $request_time, to the millisecond
	upstream   string        // status of the upstream's answer, "-" for none
	passes     int           // how many times the request was handed on: more than once where an error page took over
}

func (l *look) accessSays(line Line) (access, bool) {
	if c, ok := l.caddySays(line); ok {
		return access{took: c.took(), connection: "caddy"}, c.Msg == caddyAccess || c.Msg == caddyClosed
	}
	if !strings.HasSuffix(line.Text, "probe "+l.id) {
		return access{}, false
	}
	m := accessLine.FindStringSubmatch(line.Text)
	if m == nil {
		return access{}, false
	}
	took, _ := strconv.ParseFloat(m[3], 64)
	return access{connection: m[2], took: time.Duration(took * float64(time.Second)), upstream: m[5],
		passes: 1 + strings.Count(m[4], " : ")}, true
}

// evidence notes what the services logged about a handshake. It returns as soon as one of them has said that it
// received it, or once the proxy has said that no upstream was asked.
func (l *look) evidence(ctx context.Context, via string, a answer) {
	if a.status == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var all hint.Workers
	for _, name := range l.run.target.Services() {
		all.Go(func() {
			if _, found := l.backendReceived(ctx, via, name); found {
				cancel()
			}
		})
	}
	all.Go(func() {
		_, err := l.run.target.Log(via).Wait(ctx, l.run.since[via], func(line Line) bool {
			said, ok := l.accessSays(line)
			return ok && (said.upstream == "-" || said.connection == "caddy" && !l.asked(via))
		})
		if err == nil { // the proxy answered by itself: nobody behind it has anything to say
			cancel()
		}
	})
	all.Wait()
	l.awaitAccess(context.WithoutCancel(ctx), via, a)
	l.proxyLogged(via)
}

// awaitAccess gives a proxy the time to log a handshake that it has answered: it writes the line once the answer is
// sent, and about a connection that goes on, not before that ends. A service that logs no such line costs an answer a
// tenth of a second.
func (l *look) awaitAccess(ctx context.Context, via string, a answer) {
	if a.status == 101 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience/4)
	defer cancel()
	_, _ = l.run.target.Log(via).Wait(ctx, l.run.since[via], func(line Line) bool {
		_, ok := l.accessSays(line)
		return ok
	})
}

// backendReceived waits for a service's line about this probe's handshake and notes it as the second viewpoint.
func (l *look) backendReceived(ctx context.Context, via, service string) (backendLine, bool) {
	log := l.run.target.Log(service)
	if log == nil {
		return backendLine{}, false
	}
	var said backendLine
	line, err := log.Wait(ctx, l.run.since[service], func(line Line) (ok bool) {
		said, ok = l.backendSays(line, "handshake")
		return ok
	})
	if err != nil {
		return backendLine{}, false
	}
	from := via
	if via == service {
		from = "you"
	}
	l.saw(Exchange{At: line.Time, From: from, To: service, Kind: WireRequest,
		Text: "GET " + said.Path + " HTTP/" + said.Version, Notes: handshakeNotes(said.Headers)})
	return said, true
}

// handshakeNotes are the two headers that decide, as the backend received them.
func handshakeNotes(headers map[string]string) []string {
	var notes []string
	for _, name := range []string{"Upgrade", "Connection"} {
		value, ok := headers[strings.ToLower(name)]
		if !ok {
			value = "—"
		}
		notes = append(notes, name+": "+value)
	}
	return notes
}

// asked tells whether Caddy has said that it asked an upstream about this probe's request.
func (l *look) asked(via string) bool {
	for _, line := range l.run.target.Log(via).Since(l.run.since[via]) {
		if c, ok := l.caddySays(line); ok && c.Msg == caddyRoundtrip {
			return true
		}
	}
	return false
}

// proxyLogged notes what a proxy has logged about this probe so far: its access line, and the lines of its error log
// about the same connection. It gives the access line, if there is one.
func (l *look) proxyLogged(service string) (said access, found bool) {
	lines := l.run.target.Log(service).Since(l.run.since[service])
	for _, line := range lines {
		a, ok := l.accessSays(line)
		text := line.Text
		if c, caddy := l.caddySays(line); caddy {
			text = c.String()
			ok = ok || c.Msg == caddyError || c.Msg == caddyLifetime || c.Msg == caddyRoundtrip
			if a.took == 0 || found && said.took > 0 { // the tunnel's own end says more than the access line
				a = said
			}
		}
		if ok {
			said, found = a, true
			l.saw(Exchange{At: line.Time, From: service, Kind: WireLog, Text: text})
		}
	}
	if !found {
		return said, false
	}
	for _, line := range lines {
		if strings.Contains(line.Text, ": *"+said.connection+" ") {
			l.saw(Exchange{At: line.Time, From: service, Kind: WireLog, Text: line.Text})
		}
	}
	return said, true
}
