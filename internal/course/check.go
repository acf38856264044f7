package course

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Check is one thing that must hold. Exactly one of the pointers is set, the one that Kind names.
type Check struct {
	Kind    Kind          `yaml:"-"`
	Limit   time.Duration `yaml:"limit"`   // how long the check may take in all, including what it waits for; never 0 after loading
	Meaning Text          `yaml:"meaning"` // what it usually means if this does not hold; "" for the general words
	Before  []Action      `yaml:"before"`  // what is done to the environment first; it is undone after the check

	Handshake *Handshake `yaml:"handshake"`
	Echo      *Echo      `yaml:"echo"`
	Received  *Received  `yaml:"received"`
	Idle      *Idle      `yaml:"idle"`
	Effective *Effective `yaml:"effective"`
	HTTP      *HTTP      `yaml:"http"`
	Log       *Log       `yaml:"log"`
	Exec      *Exec      `yaml:"exec"`
	Reach     *Reach     `yaml:"reach"`
	Watch     *Watch     `yaml:"watch"`
	Arrivals  *Arrivals  `yaml:"arrivals"`
}

// Kind names a kind of check.
type Kind string

// The kinds of checks.
const (
	KindHandshake Kind = "handshake"
	KindEcho      Kind = "echo"
	KindReceived  Kind = "received"
	KindIdle      Kind = "idle"
	KindEffective Kind = "effective"
	KindHTTP      Kind = "http"
	KindLog       Kind = "log"
	KindExec      Kind = "exec"
	KindReach     Kind = "reach"
	KindWatch     Kind = "watch"
	KindArrivals  Kind = "arrivals"
)

// Endpoint says where a check knocks, and how: a service's first published port, or "service:port" for another one.
type Endpoint struct {
	Via          string            `yaml:"via"`          // service, or service:port
	Path         string            `yaml:"path"`         // origin-form request target, such as /ws
	Headers      map[string]string `yaml:"headers"`      // beyond those of the handshake, such as Origin, Cookie, Authorization
	Subprotocols []string          `yaml:"subprotocols"` // offered, RFC 6455 section 1.9
	TLS          *TLS              `yaml:"tls"`          // nil: in the clear
	Token        *Token            `yaml:"token"`        // nil: none
}

// TLS says how a client makes sure of the server: always, there is no way to look away.
type TLS struct {
	CA         string   `yaml:"ca"`          // PEM file of authorities: "service:/path", or a file of the lab's folder; "": the system's
	ServerName string   `yaml:"server_name"` // name that the certificate must be for; "" for the service's
	ALPN       []string `yaml:"alpn"`        // protocols offered, the preferred first (RFC 7301); nil for none
	Roots      []byte   `yaml:"-"`           // contents of CA where that is a file of the lab
}

// Token is a credential that the client fetches first, and then shows.
type Token struct {
	Via    string        `yaml:"via"`
	Path   string        `yaml:"path"`   // GET; the answer's body is the token, white space around it cut off
	Header string        `yaml:"header"` // header to show it in; "" for none
	Prefix string        `yaml:"prefix"` // before it in the header, such as "Bearer "
	Query  string        `yaml:"query"`  // or: query parameter to show it in
	Age    time.Duration `yaml:"age"`    // how old it is let become before it is shown
}

// Handshake opens a WebSocket (RFC 6455 §4.1) and looks at the answer.
type Handshake struct {
	Endpoint `yaml:",inline"`
	Beside   int             `yaml:"beside"` // connections that are opened first and held meanwhile; each must be accepted
	Expect   HandshakeExpect `yaml:"expect"`
}

// HandshakeExpect is what must come of a handshake. Exactly one of Status and Refused is set.
type HandshakeExpect struct {
	Status      Statuses `yaml:"status"`      // any of them, each 100–599; 101 is success
	Refused     string   `yaml:"refused"`     // no HTTP answer, for this reason: see Refusals
	Contains    string   `yaml:"contains"`    // in the body of an answer other than 101
	Subprotocol string   `yaml:"subprotocol"` // that the server chose
	ALPN        string   `yaml:"alpn"`        // that the server chose in TLS
	Close       int      `yaml:"close"`       // after the 101, the server closes with this code
}

// Statuses are those of HTTP that suit. It is written as one number, or as a list.
type Statuses []int

// UnmarshalYAML reads either.
func (s *Statuses) UnmarshalYAML(unmarshal func(any) error) error {
	var one int
	if err := unmarshal(&one); err == nil {
		*s = Statuses{one}
		return nil
	}
	return unmarshal((*[]int)(s))
}

// Refusals lists the reasons for which there may be no answer to a handshake.
func Refusals() []string {
	return []string{
		"refused",      // nobody listens
		"reset",        // the connection was torn
		"eof",          // the connection was closed without a word
		"untrusted",    // the certificate is signed by nobody whom the client trusts
		"wrong-name",   // the certificate is for another name
		"expired",      // the certificate's time is over, or not yet come
		"not-tls",      // TLS was spoken to a server that does not
		"plain-on-tls", // TLS was not spoken to a server that does
		"tls-alert",    // the server broke off the TLS handshake
		"alpn-h2",      // the server chose HTTP/2, over which this handshake does not exist
	}
}

// Echo opens a WebSocket, sends a text message, and wants it back, or wants the server to close.
type Echo struct {
	Endpoint `yaml:",inline"`
	Send     string `yaml:"send"`
	Size     int    `yaml:"size"`   // or: a text of so many bytes
	Expect   string `yaml:"expect"` // the answer; "" means the same as was sent
	Close    int    `yaml:"close"`  // or: the close code that the server answers with, such as 1009 (RFC 6455 §7.4.1)
}

// Received opens a WebSocket and looks at the request as a service behind received it, by that service's own log.
// Exactly one of Absent, Present and Equals says what is wanted.
type Received struct {
	Endpoint `yaml:",inline"`
	By       string `yaml:"by"` // service that must have received it
	Header   string `yaml:"header"`
	Absent   bool   `yaml:"absent"`
	Present  bool   `yaml:"present"`
	Equals   string `yaml:"equals"` // compared without regard to case
}

// Idle opens a WebSocket, says nothing on it, and watches. Exactly one of Closed and OpenAfter is set.
type Idle struct {
	Endpoint  `yaml:",inline"`
	Closed    *IdleClose    `yaml:"closed"`
	OpenAfter time.Duration `yaml:"open_after"` // the connection must still be open, and answer an echo, after so long
	Control   string        `yaml:"control"`    // service to which a second connection is held straight, which must stay open; "" for none
}

// IdleClose is how an idle connection must end.
type IdleClose struct {
	After  time.Duration `yaml:"after"`  // not earlier than this, but for the Within below
	Within time.Duration `yaml:"within"` // tolerance, before and after
	By     string        `yaml:"by"`     // service that must have ended the connection: by the first FIN, else by its own log; "" for whoever
}

// Effective asks a service for the value that is in force. With Directive and Path: of an nginx directive where a
// request for Path ends up, with inheritance and defaults, by `nginx -T` of the running proxy. With Command and
// Match: of whatever the command prints; Directive then is what people call it.
type Effective struct {
	Service   string        `yaml:"service"`
	Path      string        `yaml:"path"` // request path whose location is asked for
	Port      int           `yaml:"port"` // where the request comes to; 0 for the service's first published port
	Directive string        `yaml:"directive"`
	Command   []string      `yaml:"command"`
	Match     string        `yaml:"match"`     // RE2 on the output, with one group: the value. Each match counts
	Unit      string        `yaml:"unit"`      // of a bare number: ns, ms or s; "" for s, and for a value that Equals compares as text
	OrAbsent  bool          `yaml:"or_absent"` // no match is well, too: there is no limit
	AtLeast   time.Duration `yaml:"at_least"`  // for values that are times; 0 for no bound
	Equals    string        `yaml:"equals"`    // or: the value itself; with Unit a time, so that 3000 in ms is 3s
}

// HTTP sends one plain request.
type HTTP struct {
	Endpoint `yaml:",inline"`
	Method   string     `yaml:"method"` // "" means GET
	Expect   HTTPExpect `yaml:"expect"`
}

// HTTPExpect is what must come of a request. At least one of Status and Refused is set.
type HTTPExpect struct {
	Status   int               `yaml:"status"`
	Refused  string            `yaml:"refused"`  // no answer, for this reason: see Refusals
	Contains string            `yaml:"contains"` // in the body
	Headers  map[string]string `yaml:"headers"`  // each contains this text
	ALPN     string            `yaml:"alpn"`     // protocol that was negotiated: h2, http/1.1
}

// Log looks for a line in a service's log since the step's check run began.
type Log struct {
	Service string        `yaml:"service"`
	Match   string        `yaml:"match"` // RE2
	Absent  bool          `yaml:"absent"`
	Within  time.Duration `yaml:"within"` // how long it is waited for, or for its staying away; 0 means 400 ms
}

// Exec runs a command in a service.
type Exec struct {
	Service string     `yaml:"service"`
	Command []string   `yaml:"command"`
	Expect  ExecExpect `yaml:"expect"`
}

// statuses gives the status as a list, empty for none.
func (e HTTPExpect) statuses() []int {
	if e.Status == 0 {
		return nil
	}
	return []int{e.Status}
}

// ExecExpect is how a command must end.
type ExecExpect struct {
	Code  int    `yaml:"code"`
	Match string `yaml:"match"` // RE2 on standard output
}

// Endpoint gives where the check knocks; ok is false for kinds that do not.
func (c Check) Endpoint() (e Endpoint, ok bool) {
	switch c.Kind {
	case KindHandshake:
		return c.Handshake.Endpoint, true
	case KindEcho:
		return c.Echo.Endpoint, true
	case KindReceived:
		return c.Received.Endpoint, true
	case KindIdle:
		return c.Idle.Endpoint, true
	case KindHTTP:
		return c.HTTP.Endpoint, true
	case KindWatch:
		return c.Watch.Endpoint, true
	case KindReach:
		return c.Reach.Join[0].Endpoint, true
	}
	return Endpoint{}, false
}

// Wait is how long the check waits by its nature, for a countdown; 0 for one that answers at once.
func (c Check) Wait() time.Duration {
	wait := time.Duration(0)
	switch {
	case c.Idle != nil && c.Idle.Closed != nil:
		wait = c.Idle.Closed.After
	case c.Idle != nil:
		wait = c.Idle.OpenAfter
	case c.Watch != nil:
		wait = c.Watch.wait()
	case c.Arrivals != nil:
		wait = c.Arrivals.During + pauses(c.Arrivals.Do)
	case c.Log != nil && c.Log.Absent:
		wait = c.Log.Within
	}
	if e, ok := c.Endpoint(); ok && e.Token != nil {
		wait += e.Token.Age
	}
	return wait + pauses(c.Before)
}

// latest is how long the check may wait in the worst case for what it wants to see.
func (c Check) latest() time.Duration {
	switch {
	case c.Idle != nil && c.Idle.Closed != nil:
		return c.Wait() + c.Idle.Closed.Within
	case c.Reach != nil:
		return c.Wait() + c.Reach.Within + c.Reach.Settle
	case c.Watch != nil:
		return c.Wait() + c.Watch.grace()
	case c.Log != nil:
		return max(c.Wait(), c.Log.Within)
	}
	return c.Wait()
}

// Acts tells whether the check does something to the environment; such a check has it for itself.
func (c Check) Acts() bool {
	return len(c.Before) > 0 || c.Watch != nil && len(c.Watch.Do) > 0 || c.Arrivals != nil && len(c.Arrivals.Do) > 0
}

// kinds lists which of the pointers are set.
func (c Check) kinds() []Kind {
	var out []Kind
	for kind, set := range map[Kind]bool{KindHandshake: c.Handshake != nil, KindEcho: c.Echo != nil,
		KindReceived: c.Received != nil, KindIdle: c.Idle != nil, KindEffective: c.Effective != nil,
		KindHTTP: c.HTTP != nil, KindLog: c.Log != nil, KindExec: c.Exec != nil, KindReach: c.Reach != nil,
		KindWatch: c.Watch != nil, KindArrivals: c.Arrivals != nil} {
		if set {
			out = append(out, kind)
		}
	}
	slices.Sort(out)
	return out
}

// Service splits Via into the service and its port, 0 for the first one that is published.
func (e Endpoint) Service() (name string, port int) { return splitVia(e.Via) }

func splitVia(via string) (name string, port int) {
	name, p, _ := strings.Cut(via, ":")
	port, _ = strconv.Atoi(p)
	return name, port
}

// At splits CA into the service and the path of the file there; ok is false for a file of the lab's folder.
func (t TLS) At() (service, path string, ok bool) {
	service, path, ok = strings.Cut(t.CA, ":")
	return service, path, ok
}
