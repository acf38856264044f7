package embedded

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cwk-stream/lab/internal/nginxconf"
	"github.com/cwk-stream/lab/internal/probe"
)

// nginx stands in for nginx: the master process, as it were. Workers are generations.
type nginx struct {
	service string
	net     *network
	out     *probe.Log
	serial  atomic.Int64 // numbers connections, "*1" in the log
	pids    atomic.Int64
	workers sync.WaitGroup // the watching of old generations

	mu      sync.Mutex // held while files are written or taken into force
	files   map[string][]byte
	old     []*generation // retired, not yet empty
	current atomic.Pointer[generation]
	stopped bool
}

// generation is one configuration in force, with the connections that came under it. It ends with the last of them.
type generation struct {
	nginx   *nginx
	conf    *config
	pid     int
	address string
	retired atomic.Bool

	mu     sync.Mutex
	conns  map[net.Conn]*conn // those of clients; upstreams have no conn
	busy   int                // connections that count against worker_connections
	empty  chan struct{}
	closed bool
}

func (n *nginx) write(line string) { n.out.Append(time.Now(), line) }

func (n *nginx) pid() int { return int(n.pids.Add(1)) + 6 }

// resolve tells whether nginx would find a host.
func (n *nginx) resolve(host string) bool { return n.net.known(canonical(host)) }

// read compiles the files as they are and looks whether logs and addresses can be opened.
func (n *nginx) read() (*config, error) {
	conf, err := compile(n.files, n.resolve)
	if err != nil {
		return conf, err
	}
	for _, d := range conf.tempPaths {
		if err := creatable(d.Args[0]); err != nil {
			return conf, err
		}
	}
	for _, name := range conf.logFiles {
		if err := openable(name); err != nil {
			return conf, err
		}
	}
	return conf, conf.bindable(netip.MustParseAddr(n.net.ips[n.service]))
}

// start takes the files into force for the first time.
func (n *nginx) start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	conf, err := n.read()
	if err != nil {
		return err
	}
	n.notice(conf, 1, logNotice, "embedded stand-in for nginx/"+nginxVersion+": no nginx is running")
	return n.enforce(conf)
}

// reload takes new files into force, as SIGHUP does: connections made before keep to the old ones.
func (n *nginx) reload(conf *config) error {
	old := n.current.Load()
	n.notice(old.conf, 1, logNotice, "signal 1 (SIGHUP) received, reconfiguring")
	n.notice(old.conf, 1, logNotice, "reconfiguring")
	if err := n.enforce(conf); err != nil {
		return err
	}
	n.notice(conf, old.pid, logNotice, "gracefully shutting down")
	old.retire()
	n.old = append(slices.DeleteFunc(n.old, (*generation).isEmpty), old)
	n.workers.Add(1)
	go func() {
		defer n.workers.Done()
		defer n.net.faults.catch(n.service)
		<-old.empty
		for _, text := range []string{"exiting", "exit"} {
			n.notice(conf, old.pid, logNotice, text)
		}
		n.notice(conf, 1, logNotice, fmt.Sprintf("signal 17 (SIGCHLD) received from %d", old.pid))
		n.notice(conf, 1, logNotice, fmt.Sprintf("worker process %d exited with code 0", old.pid))
	}()
	return nil
}

func (n *nginx) enforce(conf *config) error {
	g := &generation{nginx: n, conf: conf, pid: n.pid(), address: n.net.ips[n.service], conns: map[net.Conn]*conn{},
		empty: make(chan struct{})}
	for _, w := range conf.warnings {
		n.notice(conf, 1, logWarn, w)
	}
	n.notice(conf, 1, logNotice, `using the "epoll" event method`)
	for _, l := range conf.listens {
		for _, inside := range []bool{false, true} {
			if err := n.open(int(l.addr.Port()), inside); err != nil {
				return err
			}
		}
	}
	n.notice(conf, 1, logNotice, "start worker processes")
	n.notice(conf, 1, logNotice, fmt.Sprintf("start worker process %d", g.pid))
	n.current.Store(g)
	return nil
}

// open makes a port reachable, whether or not anything listens on it now.
func (n *nginx) open(port int, inside bool) error {
	_, err := n.net.listen(door{n.service, port, inside}, func() bool {
		g := n.current.Load()
		return g != nil && g.listener(port, inside) != nil
	}, func(c net.Conn) { n.accept(c, port, inside) })
	return err
}

// listener finds what listens on a port: the exact address before the wildcard.
func (g *generation) listener(port int, inside bool) *listen {
	var wild *listen
	for _, l := range g.conf.listens {
		a := l.addr.Addr()
		switch {
		case int(l.addr.Port()) != port || a.Is6() && !a.IsUnspecified():
		case a.IsUnspecified():
			if wild == nil || a.Is4() {
				wild = l
			}
		case a.IsLoopback() == inside:
			return l
		}
	}
	return wild
}

// accept serves a client under the configuration in force now.
func (n *nginx) accept(c net.Conn, port int, inside bool) {
	defer c.Close()
	g := n.current.Load()
	l := g.listener(port, inside)
	if l == nil {
		unanswered(c)
		return
	}
	host, clientPort := hostOf(c.RemoteAddr())
	k := &conn{Conn: c, gen: g, listen: l, port: port, serial: n.serial.Add(1), in: bufio.NewReaderSize(c, 1024),
		start: time.Now(), client: host, clientPort: clientPort}
	if !g.take() {
		n.notice(g.conf, g.pid, logWarn, itoa(g.conf.limit)+" worker_connections are not enough")
		return
	}
	defer g.give()
	if !g.add(c, k) {
		// A reload came in between: the configuration in force is another one.
		n.mu.Lock()
		stopped := n.stopped
		n.mu.Unlock()
		if !stopped {
			n.accept(c, port, inside)
		}
		return
	}
	defer g.remove(c)
	k.serve()
}

// unanswered ends a connection to a port on which nothing listens the way the lab's forwarder does, which accepts it before
// it knows: without a word, a moment later.
func unanswered(c net.Conn) {
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, _ = io.Copy(io.Discard, c)
}

// take counts a connection against worker_connections; false if there are too many. One is nginx's own.
func (g *generation) take() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.busy >= g.conf.limit-2 {
		return false
	}
	g.busy++
	return true
}

func (g *generation) give() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy--
}

// add notes a client's connection; false if the generation takes no more.
func (g *generation) add(c net.Conn, k *conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || k != nil && g.retired.Load() {
		return false
	}
	g.conns[c] = k
	return true
}

func (g *generation) remove(c net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	g.check()
}

// track notes or forgets a connection to an upstream.
func (g *generation) track(c net.Conn, on bool) {
	if !on {
		g.remove(c)
	} else if !g.add(c, nil) {
		_ = c.Close()
	}
}

// check tells that the last connection has ended. The caller holds mu.
func (g *generation) check() {
	if g.retired.Load() && len(g.conns) == 0 {
		select {
		case <-g.empty:
		default:
			close(g.empty)
		}
	}
}

// retire takes no more clients and closes connections that wait for another request.
func (g *generation) retire() {
	g.mu.Lock()
	g.retired.Store(true)
	conns := maps.Clone(g.conns)
	g.check()
	g.mu.Unlock()
	for _, k := range conns {
		if k != nil {
			k.retire()
		}
	}
}

func (g *generation) isEmpty() bool {
	select {
	case <-g.empty:
		return true
	default:
		return false
	}
}

// stop closes every connection of every generation. Nothing takes new ones any more.
func (n *nginx) stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stopped = true
	if g := n.current.Load(); g != nil {
		g.closeAll()
	}
	for _, g := range n.old {
		g.closeAll()
	}
}

// closeAll ends every connection.
func (g *generation) closeAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.retired.Store(true)
	for c := range g.conns {
		_ = c.Close()
	}
	g.check()
}

// test is nginx -t: what it writes on standard error, and its exit code. The caller holds mu.
func (n *nginx) test() (*config, string, int) {
	conf, err := n.read()
	pid := n.pid()
	var b strings.Builder
	say := func(level severity, text string) {
		fmt.Fprintf(&b, "%s [%s] %d#%d: %s\n", stamp(), level, pid, pid, text)
	}
	for _, w := range conf.warnings {
		say(logWarn, w)
	}
	var late *lateError
	if err == nil || errors.As(err, &late) {
		b.WriteString("nginx: the configuration file " + mainConf + " syntax is ok\n")
	}
	if err == nil {
		b.WriteString("nginx: configuration file " + mainConf + " test is successful\n")
		return conf, b.String(), 0
	}
	say(severityOf(err), err.Error())
	if late != nil && late.twice {
		b.WriteString("nginx: [emerg] " + err.Error() + "\n")
	}
	b.WriteString("nginx: configuration file " + mainConf + " test failed\n")
	return conf, b.String(), 1
}

// exec runs what the stand-in has of the nginx command.
func (n *nginx) exec(argv []string) (probe.ExecResult, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch strings.Join(argv, " ") {
	case "nginx -t":
		_, out, code := n.test()
		return probe.ExecResult{Code: code, Stderr: out}, true
	case "nginx -q -t", "nginx -t -q", "nginx -tq", "nginx -qt":
		_, out, code := n.test()
		if code == 0 {
			out = strings.Join(lines(out, "nginx: "), "")
		}
		return probe.ExecResult{Code: code, Stderr: out}, true
	case "nginx -T":
		conf, out, code := n.test()
		if code != 0 {
			return probe.ExecResult{Code: code, Stderr: out}, true
		}
		return probe.ExecResult{Stdout: conf.source.Dump(), Stderr: out}, true
	case "nginx -v":
		return probe.ExecResult{Stderr: "nginx version: nginx/" + nginxVersion + " (embedded stand-in)\n"}, true
	}
	return probe.ExecResult{}, false
}

// lines gives the lines of text that do not begin with without.
func lines(text, without string) []string {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, without) {
			kept = append(kept, line)
		}
	}
	return kept
}

// severityOf is the level of the error log that nginx reports an error of a configuration at.
func severityOf(err error) severity {
	var e *nginxconf.Error
	if errors.As(err, &e) {
		return severity(slices.Index(severities[:], e.Severity()))
	}
	return 1
}

// at gives the place that an error names.
func at(err error) (file string, line int) {
	var e *nginxconf.Error
	if errors.As(err, &e) {
		return e.File, e.Line
	}
	return "", 0
}

// dial connects as from inside nginx's container.
func (n *nginx) dial(ip string, port int, limit time.Duration, gone <-chan struct{}) (net.Conn, error) {
	c, err := n.net.dial(n.service, ip, port, limit, gone)
	if err == nil {
		n.serial.Add(1) // nginx numbers all connections, whoever opened them
	}
	return c, err
}
