package nginxconf

import (
	"slices"
	"strconv"
)

// Bounds of how far a request is followed.
const (
	maxChanges = 10 // of the URI in one request (NGX_HTTP_MAX_URI_CHANGES)
	maxHops    = 5  // from nginx to itself
	maxChoices = 10 // of what cannot be told, on one way
	maxWays    = 48 // that a request may take
)

// Hop is what is in force where one request is served, or handed on.
type Hop struct {
	Value string
	Where Directive // that sets it; the zero Directive where it is nginx's default
	Found bool      // something sets it, or its default is known
}

// Way is how a request may go through nginx.
type Way struct {
	Hops     []Hop      // where it ends, once for each time that nginx hands it on to itself
	Proxied  bool       // a proxy_pass hands it on; otherwise nginx answers by itself
	Status   int        // of nginx's own answer; 0 where that is not known, or it is proxied
	Path     string     // that is handed on; "" where it is not known
	Failures int        // how many proxy_pass had to fail before, for an error_page to lead here
	Doubt    *Directive // what keeps from telling where the request ends: the way breaks off there; nil for nothing
}

// Ways gives every way that the request may take, at least one, with the values of a directive where it ends. There are
// several where a directive rests on what only the running nginx knows; doubts are those directives.
func Ways(tree []Directive, r Request, directive string) (ways []Way, doubts []Directive) {
	if r.Header == nil {
		r.Header = Upgrade()
	}
	defined := definitions(tree)
	path := []bool{}
	for {
		c := &chooser{path: path}
		w := &walk{tree: tree, r: r, directive: directive, defined: defined, choose: c}
		way := w.follow()
		if c.tooMany || len(ways) >= maxWays {
			way = Way{Doubt: c.last()}
		}
		ways = append(ways, way)
		for _, d := range c.doubts {
			if !slices.ContainsFunc(doubts, func(x Directive) bool { return x.same(d) }) {
				doubts = append(doubts, d)
			}
		}
		if len(ways) > maxWays {
			return ways, doubts
		}
		path = c.path
		for len(path) > 0 && path[len(path)-1] { // the next way: the last choice that was not taken
			path = path[:len(path)-1]
		}
		if len(path) == 0 {
			return ways, doubts
		}
		path[len(path)-1] = true
	}
}

// chooser goes through what cannot be told: once as if it did not hold, and once as if it did.
type chooser struct {
	path    []bool
	made    int
	before  map[string]bool // what was chosen already, on this way: it is not chosen anew
	doubts  []Directive
	tooMany bool
}

func (c *chooser) holds(d Directive, about string) bool {
	key := d.File + ":" + strconv.Itoa(d.Line) + " " + d.Name + " " + d.Value() + " " + about
	if v, ok := c.before[key]; ok {
		return v
	}
	if c.made == maxChoices {
		c.tooMany = true
		return false
	}
	if c.made == len(c.path) {
		c.path = append(c.path, false)
	}
	if c.before == nil {
		c.before = map[string]bool{}
	}
	v := c.path[c.made]
	c.before[key] = v
	c.made++
	c.doubts = append(c.doubts, d)
	return v
}

func (c *chooser) last() *Directive {
	if len(c.doubts) == 0 {
		return &Directive{}
	}
	return &c.doubts[len(c.doubts)-1]
}

// walk is one request on one way through nginx's phases (ngx_http_core_module): the server's rewrites, the location, its
// rewrites, access, try_files, content.
type walk struct {
	tree      []Directive
	r         Request
	directive string
	defined   map[string]Directive
	choose    *chooser

	http      []Directive
	server    Directive
	tls       bool
	locations []*Location
	uri, args string
	raw       bool // the URI is as it was sent
	broken    bool // a rewrite with break made the URI, of which the location's prefix is no part any more
	set       map[string]text
	maps      map[string]text
	captured  map[string]string
	internal  bool // by a rewrite, an error page or try_files
	changes   int
	errorPage bool // one was taken
	way       Way
	steps     int

	at        *Location // nil for none but the server
	levels    [][]Directive
	condition []Directive // the block of the if that holds in the location; nil for none
}

// next says what a phase leads to.
type next int

const (
	goOn      next = iota // with the following phase
	fromStart             // with the server's rewrites: an internal redirect
	find                  // with the location for a new URI
	inPlace               // with the rewrites of the location that was set: a named one
	ended
)

// follow takes the request to its end.
func (w *walk) follow() Way {
	for hop := 0; ; hop++ {
		target, again := w.serve(hop > 0)
		if !again {
			return w.way
		}
		if hop == maxHops {
			return w.doubt(target.directive)
		}
		w.r = target.request
	}
}

// serve takes the request through one nginx server; again says that it hands it on to itself, as target.
func (w *walk) serve(fromSelf bool) (target handedOn, again bool) {
	w.http = httpBlock(w.tree)
	c := chooseServer(w.http, w.r.Port, w.r.Host, fromSelf)
	switch {
	case c.doubt != nil:
		w.doubt(*c.doubt)
		return handedOn{}, false
	case !c.found:
		w.way.Proxied = false
		return handedOn{}, false
	}
	w.server, w.tls = c.server, c.tls
	w.set, w.maps, w.captured = map[string]text{}, map[string]text{}, nil
	w.internal, w.changes, w.errorPage, w.raw, w.broken = false, maxChanges+1, false, true, false
	if c.values.ok {
		w.capture(c.values)
	}
	w.locations = nil
	for _, d := range w.server.Block {
		if d.Name == "location" && d.IsBlock() {
			w.locations = append(w.locations, NewLocation(d))
		}
	}
	w.enter(nil)
	merge, _ := nearest(w.levels, "merge_slashes")
	var ok bool
	if w.uri, w.args, ok = splitTarget(w.r.Path, merge.Value() != "off"); !ok {
		return w.answer(400), false
	}
	for do := fromStart; do != ended; {
		if w.steps++; w.steps > maxSteps {
			w.doubt(w.server)
			return handedOn{}, false
		}
		if do, target, again = w.round(do); again {
			return target, true
		}
	}
	return handedOn{}, false
}

// round goes through the phases once, beginning where do says.
func (w *walk) round(do next) (_ next, target handedOn, again bool) {
	if do == fromStart {
		w.enter(nil)
		if do = w.rewrite(w.server.Block); do == ended || do == fromStart || do == inPlace {
			return do, target, false
		}
		do = find
	}
	if do == find {
		if do = w.locate(); do != goOn {
			return do, target, false
		}
	}
	if w.at != nil {
		if do = w.rewrite(w.at.Block.Block); do != goOn {
			return do, target, false
		}
	}
	if do = w.access(); do != goOn {
		return do, target, false
	}
	if do = w.tryFiles(); do != goOn {
		return do, target, false
	}
	return w.content()
}

// enter makes a location the one whose settings count; nil for the server itself.
func (w *walk) enter(l *Location) {
	w.at, w.condition = l, nil
	w.levels = append([][]Directive{w.http, w.server.Block}, trail(w.locations, l)...)
}

// innermost is the level whose own directives count.
func (w *walk) innermost() []Directive {
	if w.condition != nil {
		return w.condition
	}
	return w.levels[len(w.levels)-1]
}

// all are the levels, outermost first, with that of an if that holds.
func (w *walk) all() [][]Directive {
	if w.condition == nil {
		return w.levels
	}
	return append(slices.Clone(w.levels), w.condition)
}

// nearest gives a directive from the innermost level that has it; the last one there.
func nearest(levels [][]Directive, name string) (Directive, bool) {
	for _, level := range slices.Backward(levels) {
		for _, d := range slices.Backward(level) {
			if d.Name == name {
				return d, true
			}
		}
	}
	return Directive{}, false
}

// locate finds the location for the URI.
func (w *walk) locate() next {
	var l *Location
	var redirect bool
	l, _, redirect = findBy(w.locations, w.uri, func(l *Location) bool {
		m, known := l.Regexp.match(w.uri)
		if !known {
			return w.choose.holds(l.Block, w.uri)
		}
		if m.ok {
			w.capture(m)
		}
		return m.ok
	})
	w.enter(l)
	if redirect {
		w.answer(301)
		return ended
	}
	if l != nil && !w.internal && slices.ContainsFunc(l.Block.Block, func(d Directive) bool { return d.Name == "internal" }) {
		return w.fail(404)
	}
	return goOn
}

// answer ends the way with nginx's own answer.
func (w *walk) answer(status int) handedOn {
	w.way.Status, w.way.Proxied = status, false
	w.note()
	return handedOn{}
}

// doubt ends the way where it cannot be told how it goes on.
func (w *walk) doubt(d Directive) Way {
	w.way = Way{Doubt: &d}
	return w.way
}

// note adds the value that is in force where the request is now.
func (w *walk) note() {
	levels := w.all()
	if slices.Contains(ownLevelOnly, w.directive) {
		levels = [][]Directive{w.innermost()}
	}
	if d, ok := nearest(levels, w.directive); ok {
		w.way.Hops = append(w.way.Hops, Hop{Value: d.Value(), Where: d, Found: true})
		return
	}
	value, ok := defaults[w.directive]
	w.way.Hops = append(w.way.Hops, Hop{Value: value, Found: ok})
}

// same tells whether two directives are one, as far as a person would say.
func (d Directive) same(other Directive) bool {
	return d.File == other.File && d.Line == other.Line && d.Name == other.Name && d.Value() == other.Value()
}
