package embedded

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// pass proxies the request, to one peer after the other where one fails, and says whether the connection goes on.
func (r *request) pass(p *pass) bool {
	u, status := r.chooseUpstream(p)
	if status != 0 {
		return r.fail(status)
	}
	if status := r.readBody(); status != 0 {
		return r.fail(status)
	}
	r.proxy.uri = r.proxyURI(p)
	if r.proxy.head = r.requestHead(); r.exhausted {
		return r.fail(500)
	}
	tried := map[*peer]bool{}
	for {
		peer := u.pick(tried)
		r.action = "connecting to upstream"
		began := time.Now()
		if peer == nil {
			r.proxy.name = u.name
			r.proxy.addrs = append(r.proxy.addrs, u.name)
			r.log(logError, "no live upstreams")
			r.finished(502, began)
			return r.fail(502)
		}
		tried[peer] = true
		x := &exchange{r: r, began: began}
		status := x.do(peer)
		failed := status == 502 || status == 504
		if u.free(peer, failed && !x.answered) {
			r.log(logWarn, "upstream server temporarily disabled")
		}
		if x.answered {
			return x.more
		}
		r.finished(status, began)
		if !failed || len(tried) >= u.usable() || x.sentRequest && (r.method == "POST" || r.method == "PATCH") {
			if status == 499 {
				r.status = 499
				r.access()
				return false
			}
			return r.fail(status)
		}
	}
}

// usable is how many servers may be tried for one request.
func (u *upstream) usable() int {
	n := 0
	for _, p := range u.peers {
		if !p.down {
			n++
		}
	}
	return n
}

// finished notes how a try ended, for $upstream_status and its like.
func (r *request) finished(status int, began time.Time) {
	shown := "-"
	if status != 0 {
		shown = itoa(status)
	}
	r.proxy.statuses = append(r.proxy.statuses, shown)
	r.proxy.times = append(r.proxy.times, seconds(time.Since(began)))
}

// chooseUpstream gives the upstream, which a proxy_pass with variables names only now. A status other than 0 is the answer.
func (r *request) chooseUpstream(p *pass) (*upstream, int) {
	r.proxy.used = true
	if p.dynamic == nil {
		r.proxy.host, r.proxy.port = p.host, p.port
		return p.upstream, 0
	}
	url := p.dynamic.fill(r)
	rest, ok := strings.CutPrefix(url, "http://")
	if !ok {
		r.log(logError, `invalid URL prefix in "`+url+`"`)
		return nil, 500
	}
	host, port, uri, why := parseURL(rest, true)
	if why != "" {
		r.log(logError, why+` in upstream "`+rest+`"`)
		return nil, 500
	}
	r.proxy.host, r.proxy.port = strings.TrimSuffix(rest, uri), port
	if port == 0 {
		r.proxy.port = 80
	}
	r.proxy.uri = uri
	for _, u := range r.conn.gen.conf.upstreams {
		if strings.EqualFold(u.name, host) && (u.group && port == 0 || !u.group && u.port == r.proxy.port) {
			return u, 0
		}
	}
	if net.ParseIP(host) == nil {
		// nginx asks a resolver at run time, even for names in /etc/hosts; the lab has none.
		r.log(logError, "no resolver defined to resolve "+host)
		return nil, 502
	}
	return &upstream{name: host, peers: []*peer{{host: host, port: r.proxy.port, weight: 1}}}, 0
}

// proxyURI is what stands in the request line to the upstream (ngx_http_proxy_create_request).
func (r *request) proxyURI(p *pass) string {
	if p.dynamic != nil && r.proxy.uri != "" {
		return r.proxy.uri
	}
	if p.uri == "" && !r.rewritten {
		return r.target
	}
	rest := r.uri
	if p.uri != "" && !r.detached {
		rest = strings.TrimPrefix(r.uri, r.loc.match.Pattern)
	}
	if r.quoted {
		rest = escape(rest)
	}
	if p.uri != "" && !r.detached {
		rest = p.uri + rest
	}
	if r.args != "" {
		rest += "?" + r.args
	}
	return rest
}

// requestHead is the head sent upstream: what proxy_set_header says, then the client's other headers.
func (r *request) requestHead() string {
	var b strings.Builder
	version := "1.0"
	if r.set.http11 {
		version = "1.1"
	}
	b.WriteString(r.method + " " + r.proxy.uri + " HTTP/" + version + "\r\n")
	for _, h := range r.set.headers {
		if v := h.value.fill(r); v != "" {
			b.WriteString(h.name + ": " + v + "\r\n")
		}
	}
	for _, f := range r.head.fields {
		if !r.set.replaces(f.name) {
			b.WriteString(f.name + ": " + f.value + "\r\n")
		}
	}
	b.WriteString("\r\n")
	return b.String()
}

func (s *settings) replaces(name string) bool {
	for _, h := range s.headers {
		if strings.EqualFold(h.name, name) {
			return true
		}
	}
	return false
}

// exchange is one try with one peer.
type exchange struct {
	r           *request
	began       time.Time
	up          net.Conn
	in          *bufio.Reader
	start       string // of the body: what came instead of a head
	sentRequest bool
	answered    bool // the client has got an answer
	more        bool // and its connection goes on
}

// do connects, sends, and relays the answer. The status is that of a failed try; it means nothing if answered.
func (x *exchange) do(p *peer) (status int) {
	r := x.r
	ip := r.conn.gen.nginx.net.ip(p.host)
	r.proxy.name = p.address(ip)
	r.proxy.addrs = append(r.proxy.addrs, r.proxy.name)
	if !r.conn.gen.take() {
		r.log(logError, itoa(r.conn.gen.conf.limit)+" worker_connections are not enough")
		return 500
	}
	defer r.conn.gen.give()
	gone := x.watch()
	up, err := r.conn.gen.nginx.dial(ip, p.port, r.set.connect, gone)
	if err != nil {
		if x.left() {
			return x.abandoned()
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			r.log(logError, "upstream timed out (110: Connection timed out)")
			return 504
		}
		if errors.Is(err, errNoAddress) {
			r.log(logCrit, "connect() to "+r.proxy.name+" failed ("+err.Error()+")")
			return 502
		}
		if errors.Is(err, errNoRoute) {
			r.log(logError, "connect() to "+r.proxy.name+" failed ("+err.Error()+")")
			return 502
		}
		r.log(logError, "connect() failed ("+err.Error()+")")
		return 502
	}
	defer up.Close()
	x.up = up
	r.proxy.connects = append(r.proxy.connects, seconds(time.Since(x.began)))
	r.conn.gen.track(up, true)
	defer r.conn.gen.track(up, false)
	x.sentRequest = true
	r.action = "sending request to upstream"
	_ = up.SetWriteDeadline(sendBy(r.set.send))
	if _, err := io.WriteString(up, r.proxy.head+string(r.body)); err != nil {
		x.left()
		return x.broken(err)
	}
	x.in = bufio.NewReaderSize(up, int(max(1024, min(r.set.headerSize, 16<<10))))
	r.action = "reading response header from upstream"
	return x.read(gone)
}

// read reads the head of the answer and relays the rest.
func (x *exchange) read(gone <-chan struct{}) (status int) {
	r := x.r
	stop := make(chan struct{})
	finished := make(chan struct{})
	go func() { // the client's leaving ends the wait
		defer close(finished)
		defer r.catch()
		select {
		case <-gone:
			_ = x.up.SetReadDeadline(time.Now())
		case <-stop:
		}
	}()
	_ = x.up.SetReadDeadline(time.Now().Add(r.set.read))
	u := &upstreamHead{r: r, in: x.in, most: int(r.set.headerSize)}
	err := u.read()
	close(stop)
	<-finished
	if x.left() {
		return x.abandoned()
	}
	switch {
	case errors.Is(err, errTooBig):
		r.log(logError, "upstream sent too big header")
		return 502
	case errors.Is(err, errSyntax):
		r.log(logError, "upstream sent "+u.wrong)
		return 502
	case errors.Is(err, errNoHead):
		r.log(logError, "upstream sent no valid HTTP/1.0 header")
		r.bare, x.start = true, string(u.raw)
	case err != nil:
		return x.broken(err)
	}
	for _, text := range u.warnings {
		r.log(logWarn, "upstream sent "+text)
	}
	r.proxy.headerTimes = append(r.proxy.headerTimes, seconds(time.Since(x.began)))
	r.upstreamResponse = u.head
	x.answered = true
	if _, wanted := r.head.get("Upgrade"); u.status == 101 && wanted {
		x.upgrade(u.head)
		return 0
	}
	x.relay(u.head, u.status)
	return 0
}

// broken says how the upstream let nginx down.
func (x *exchange) broken(err error) int {
	r := x.r
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		r.log(logError, "upstream timed out (110: Connection timed out)")
		return 504
	case err == io.EOF:
		r.log(logError, "upstream prematurely closed connection")
	default:
		r.log(logError, "recv() failed (104: Connection reset by peer)")
	}
	return 502
}

// watch looks for the client's leaving while nginx waits for the upstream. left ends the watch.
func (x *exchange) watch() <-chan struct{} {
	r := x.r
	gone := make(chan struct{})
	r.watcher = make(chan struct{})
	_ = r.conn.SetReadDeadline(time.Time{})
	go func() {
		defer close(r.watcher)
		defer r.catch()
		if _, err := r.conn.in.Peek(1); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			r.gone = true
			close(gone)
		}
	}()
	return gone
}

// left ends the watch, if it goes on, and tells whether the client has left.
func (x *exchange) left() bool {
	r := x.r
	if r.watcher == nil {
		return r.gone
	}
	_ = r.conn.SetReadDeadline(time.Now())
	<-r.watcher
	r.watcher = nil
	_ = r.conn.SetReadDeadline(time.Time{})
	return r.gone
}

func (x *exchange) abandoned() int {
	x.r.log(logInfo, "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too")
	return 499
}
