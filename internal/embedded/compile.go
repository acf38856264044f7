package embedded

import (
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// mainConf is nginx's main configuration file.
const mainConf = "/etc/nginx/nginx.conf"

// config is a configuration that the stand-in can serve.
type config struct {
	source    nginxconf.Config
	warnings  []string // of nginx -t, in nginx's words without time and level
	listens   []*listen
	servers   []*server
	upstreams []*upstream
	maps      map[string]*mapping // by variable
	assigned  map[string]bool     // variables that set defines
	captured  map[string]bool     // variables that named groups define
	mainLogs  []errorLog
	logFiles  []string // in order
	tempPaths []nginxconf.Directive
	limit     int // worker_connections
}

// level is one context that directives are inherited through: main, http, a server or a location. It keeps directives
// as read, once they were found valid; settings are made from them when all are read.
type level struct {
	kind      scope
	parent    *level
	set       map[string][]nginxconf.Directive
	server    *server
	location  *location     // nil above locations
	branch    *branch       // of an if block
	redirects []redirection // proxy_redirect with two parameters, or default
	compiled  bool          // proxy_set_header of this level has been compiled
}

func (l *level) below(kind scope) *level {
	return &level{kind: kind, parent: l, set: map[string][]nginxconf.Directive{}, server: l.server, location: l.location}
}

// find gives the directives of that name on the nearest level that has any.
func (l *level) find(name string) []nginxconf.Directive {
	for ; l != nil; l = l.parent {
		if found := l.set[name]; found != nil {
			return found
		}
	}
	return nil
}

// compiler turns a tree into a config, in nginx's order, so that the first complaint is nginx's first.
type compiler struct {
	table   table
	readers map[string]func(*compiler, *level, nginxconf.Directive) error
	resolve func(host string) bool // whether the stand-in's network knows a host
	conf    *config
	http    *level
	formats map[string]template
	defined map[string]bool // variables that the configuration defines
	used    []string        // variables in the order in which nginx indexes them
	usedAt  map[string]nginxconf.Directive
	group   *upstream // the upstream block being read
	refused error     // the first refusal by name: what nginx itself complains of comes before it
}

// compile reads the configuration and judges it as nginx -t does. resolve tells whether a host name exists.
func compile(files map[string][]byte, resolve func(host string) bool) (*config, error) {
	source, broken := nginxconf.ParseFiles(mainConf, files)
	c := &compiler{table: newTable(), readers: readers(), resolve: resolve, defined: map[string]bool{},
		usedAt: map[string]nginxconf.Directive{},
		conf: &config{source: source, maps: map[string]*mapping{}, assigned: map[string]bool{},
			captured: map[string]bool{}, limit: 512}}
	main := &level{kind: inMain, set: map[string][]nginxconf.Directive{}}
	combined, _ := parseTemplate(combinedFormat)
	c.formats = map[string]template{"combined": combined}
	if err := c.block(main, source.Tree); err != nil {
		return c.conf, err
	}
	if broken != nil {
		return c.conf, broken
	}
	if main.set["events"] == nil {
		return c.conf, &nginxconf.Error{Text: `no "events" section in configuration`}
	}
	c.conf.mainLogs = errorLogs(main)
	return c.conf, c.refused
}

// block judges the directives of one context in order.
func (c *compiler) block(l *level, tree []nginxconf.Directive) error {
	for _, d := range tree {
		if strings.IndexByte(d.Name+d.Value(), 0) >= 0 {
			return refuse(d, "a NUL byte")
		}
		if err := c.table.check(d, l.kind); err != nil {
			return err
		}
		err := c.directive(l, d)
		if r, ok := err.(*unsupported); ok {
			if c.refused == nil {
				c.refused = r
			}
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) directive(l *level, d nginxconf.Directive) error {
	name := d.Name
	if l.kind == inUpstream {
		name = "upstream." + name
	}
	if read, ok := c.readers[name]; ok {
		return read(c, l, d)
	}
	if s, ok := slots[name]; ok {
		if s.once && l.set[d.Name] != nil {
			return say(d, "is duplicate")
		}
		if s.check != nil {
			if err := s.check(d); err != nil {
				return err
			}
		}
		l.set[d.Name] = append(l.set[d.Name], d)
		if strings.HasSuffix(d.Name, "_temp_path") {
			return c.tempPath(d)
		}
		if d.Name == "error_log" {
			c.conf.logFiles = append(c.conf.logFiles, d.Args[0])
		}
		return nil
	}
	if err := c.judge(l, d); err != nil {
		return err
	}
	if isQuiet(d.Name) {
		return nil
	}
	return refuse(d, `directive "`+d.Name+`"`)
}

// unsupported says that nginx knows something which the stand-in does not. Nothing is ever silently left out. The rest of the
// configuration is still read, as nginx may have a complaint of its own further down.
type unsupported struct{ err *nginxconf.Error }

func (r *unsupported) Error() string { return r.err.Error() }
func (r *unsupported) Unwrap() error { return r.err }

func refuse(d nginxconf.Directive, what string) error {
	text := what + " is not in the embedded stand-in for nginx (real nginx has it: use Docker, --engine docker)"
	return &unsupported{&nginxconf.Error{Text: text, File: d.File, Line: d.Line}}
}

// template reads a text with variables; the complaint names the place d.
func (c *compiler) template(d nginxconf.Directive, text string) (template, error) {
	t, complaint := parseTemplate(text)
	if complaint != "" {
		return nil, fail(d, complaint)
	}
	for _, name := range t.variables() {
		c.use(d, name)
	}
	return t, nil
}

// use notes a variable that the directive d needs.
func (c *compiler) use(d nginxconf.Directive, name string) {
	if _, known := c.usedAt[name]; !known {
		c.used = append(c.used, name)
		c.usedAt[name] = d
	}
}

// variables judges the variables used, once all are defined, in nginx's order.
func (c *compiler) variables() error {
	var missing error
	for _, name := range c.used {
		switch {
		case c.defined[name] || standIn(name):
		case c.table.variable(name):
			if missing == nil {
				missing = refuse(c.usedAt[name], `variable "$`+name+`"`)
			}
		default:
			return &nginxconf.Error{Text: `unknown "` + name + `" variable`}
		}
	}
	return missing
}

func (c *compiler) warn(text string) { c.conf.warnings = append(c.conf.warnings, text) }
