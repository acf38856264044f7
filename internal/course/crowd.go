package course

import "time"

// Reach has several clients join, lets one of them say something, and looks at who of the others hears it.
type Reach struct {
	Join   []Group       `yaml:"join"`   // at least two clients in all; the first of the first group speaks
	Send   string        `yaml:"send"`   // a text; a number that nobody else knows is put behind it
	Settle time.Duration `yaml:"settle"` // pause between the last handshake and the message; 0 means 100 ms
	Within time.Duration `yaml:"within"` // how long is listened; 0 means 2 s
	Expect string        `yaml:"expect"` // of all others together: all, not-all (at least one hears nothing), none; "" for what the groups say
}

// Group is some clients that join at the same place.
type Group struct {
	Endpoint `yaml:",inline"`
	Clients  int    `yaml:"clients"` // 0 means 1
	Expect   string `yaml:"expect"`  // of this group, the speaker left out: all, not-all, none; "" for no matter
}

// Watch opens one or several WebSockets, does something to the environment or to the clients, and watches what
// becomes of the connections. At least one field of Expect is set.
type Watch struct {
	Endpoint `yaml:",inline"`
	Clients  int           `yaml:"clients"` // 0 means 1
	Mute     bool          `yaml:"mute"`    // once all are open, the clients neither read nor answer: to the server they are gone
	Every    time.Duration `yaml:"every"`   // each client sends a text so often; 0 for never
	Control  string        `yaml:"control"` // service to which another connection is held straight, which must stay open; "" for none
	Do       []Action      `yaml:"do"`      // once all are open; undone after the check. Times count from its end
	Expect   WatchExpect   `yaml:"expect"`
}

// WatchExpect is what must become of the connections.
type WatchExpect struct {
	Closed    *Closed       `yaml:"closed"`
	Open      time.Duration `yaml:"open"` // the clients that Closed does not speak of are still served after so long
	Back      *Back         `yaml:"back"`
	Noticed   *Noticed      `yaml:"noticed"`
	Unnoticed *Noticed      `yaml:"unnoticed"` // After: for so long the service must not notice
	Pings     *Pings        `yaml:"pings"`
}

// Closed is how the connections must end, as the clients see it.
type Closed struct {
	Codes    []int         `yaml:"codes"`     // close codes that are right; 1006 stands for the end without a close frame. nil for any
	After    time.Duration `yaml:"after"`     // not before
	Within   time.Duration `yaml:"within"`    // nor later
	ServedBy string        `yaml:"served_by"` // only those whose handshake this service received, at least one; "" for all
}

// Back is a client's coming back after its connection was closed: it tries ten times a second.
type Back struct {
	Within   time.Duration `yaml:"within"`    // since the close
	ServedBy string        `yaml:"served_by"` // service that must have received the handshake; "" for any
}

// Noticed is a service's word in its log that a connection has ended.
type Noticed struct {
	By     string        `yaml:"by"`
	Codes  []int         `yaml:"codes"` // that the service saw; nil for any
	After  time.Duration `yaml:"after"` // not before
	Within time.Duration `yaml:"within"`
}

// Pings counts the pings that each client receives.
type Pings struct {
	During  time.Duration `yaml:"during"`
	AtLeast int           `yaml:"at_least"`
	AtMost  *int          `yaml:"at_most"` // nil for no bound
}

// Arrivals counts the handshakes that a service receives, by its log, from clients that the environment itself has.
type Arrivals struct {
	By      string        `yaml:"by"`
	Do      []Action      `yaml:"do"`       // first; undone after the check
	During  time.Duration `yaml:"during"`   // how long is counted, from the end of Do
	AtLeast int           `yaml:"at_least"` // in all
	Window  time.Duration `yaml:"window"`   // with AtMost
	AtMost  int           `yaml:"at_most"`  // in any span of Window; 0 for no bound
}

// Action is one thing that is done to the environment. Exactly one field is set; each but Wait names a service.
type Action struct {
	Kill       string        `yaml:"kill"`       // SIGKILL: no time for anything
	Stop       string        `yaml:"stop"`       // SIGTERM, and SIGKILL after its stop_grace_period (10 s if that is 0)
	Start      string        `yaml:"start"`      // one that was killed or stopped; waits until it is ready
	Restart    string        `yaml:"restart"`    // Stop, then Start
	Pause      string        `yaml:"pause"`      // its processes freeze; its kernel still acknowledges
	Unpause    string        `yaml:"unpause"`    //
	Disconnect string        `yaml:"disconnect"` // its network cable is pulled: no FIN, no RST, nothing
	Connect    string        `yaml:"connect"`    //
	Reload     string        `yaml:"reload"`     // as after a change of its files
	Wait       time.Duration `yaml:"wait"`
}

// Verb splits the action into what is done and to which service; "" for Wait, and verb "" if it is not exactly one.
func (a Action) Verb() (verb, service string) {
	n := 0
	for v, s := range map[string]string{"kill": a.Kill, "stop": a.Stop, "start": a.Start, "restart": a.Restart,
		"pause": a.Pause, "unpause": a.Unpause, "disconnect": a.Disconnect, "connect": a.Connect, "reload": a.Reload} {
		if s != "" {
			verb, service = v, s
			n++
		}
	}
	if a.Wait > 0 {
		verb, service = "wait", ""
		n++
	}
	if n != 1 {
		return "", ""
	}
	return verb, service
}

func pauses(actions []Action) time.Duration {
	var d time.Duration
	for _, a := range actions {
		d += a.Wait
	}
	return d
}

// wait is how long the watch lasts if all goes as wanted.
func (w Watch) wait() time.Duration {
	d := w.Expect.Open
	if c := w.Expect.Closed; c != nil {
		d = max(d, c.After)
	}
	if n := w.Expect.Noticed; n != nil {
		d = max(d, n.After)
	}
	if n := w.Expect.Unnoticed; n != nil {
		d = max(d, n.After)
	}
	if p := w.Expect.Pings; p != nil {
		d = max(d, p.During)
	}
	return d + pauses(w.Do)
}

// grace is how much longer it lasts at most.
func (w Watch) grace() time.Duration {
	var d time.Duration
	if c := w.Expect.Closed; c != nil {
		d = max(d, c.Within-c.After)
	}
	if n := w.Expect.Noticed; n != nil {
		d = max(d, n.Within-n.After)
	}
	if b := w.Expect.Back; b != nil {
		d += b.Within
	}
	return d
}
