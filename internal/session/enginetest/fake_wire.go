package enginetest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// fakeConfig is what the fake proxy understands of a configuration.
type fakeConfig struct {
	upgrade bool          // Upgrade is forwarded
	idle    time.Duration // proxy_read_timeout; nginx's default is 60 s
}

var (
	directives  = strings.Fields("map default '' upstream server listen server_name location proxy_pass proxy_http_version proxy_set_header proxy_read_timeout proxy_send_timeout proxy_buffering }")
	readTimeout = regexp.MustCompile(`^proxy_read_timeout\s+(\w+);`)
	setUpgrade  = regexp.MustCompile(`(?i)^proxy_set_header\s+upgrade\s+\$http_upgrade;`)
)

// read gives the configuration in a service's files, or what is wrong with them.
func (s *fakeService) read(files map[string][]byte) (c fakeConfig, refused session.Applied) {
	c.idle = time.Minute
	for key, data := range files {
		path, ok := strings.CutPrefix(key, s.Name+"/")
		if !ok || s.Service.Apply.Stub != "nginx" {
			continue
		}
		for i, line := range strings.Split(string(data), "\n") {
			line = strings.TrimSpace(line)
			word, rest, _ := strings.Cut(line, " ")
			wrong := ""
			switch {
			case word == "" || strings.HasPrefix(word, "#"):
			case !slices.Contains(directives, word):
				wrong = fmt.Sprintf("unknown directive %q", word)
			case word == "listen" && strings.Trim(rest, "0123456789; ") != "":
				wrong = fmt.Sprintf("host not found in %q of the \"listen\" directive", strings.TrimSuffix(rest, ";"))
			}
			if wrong != "" {
				place := fmt.Sprintf(" in /%s:%d", path, i+1)
				return c, session.Applied{Message: "[emerg] " + wrong + place, File: "/" + path, Line: i + 1}
			}
			c.upgrade = c.upgrade || setUpgrade.MatchString(line)
			if m := readTimeout.FindStringSubmatch(line); m != nil {
				c.idle, _ = time.ParseDuration(m[1])
			}
		}
		if strings.Count(string(data), "$connection_upgrade") == 1 {
			return c, session.Applied{Message: `[emerg] unknown "connection_upgrade" variable`}
		}
	}
	return c, session.Applied{}
}

// keep remembers a connection that was taken over from the server; false means that the service is down.
func (s *fakeService) keep(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = true
	return !s.down
}

func (s *fakeService) forget(c net.Conn) {
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// backend answers like the lab's FastAPI application.
func (s *fakeService) backend(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/ws" {
		_, _ = io.WriteString(w, `{"ok":true}`)
		return
	}
	id := r.Header.Get(probe.Header)
	headers := map[string]string{"host": r.Host}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	say := func(values map[string]any) {
		values["probe"] = any(id)
		if id == "" {
			values["probe"] = nil
		}
		line, _ := json.Marshal(values)
		s.log.Append(time.Now(), string(line))
	}
	ok := websocket.IsWebSocketUpgrade(r)
	status := map[bool]int{true: 101, false: 400}[ok]
	say(map[string]any{"event": "handshake", "path": "/ws", "accepted": ok, "status": status, "http_version": "1.1", "headers": headers})
	if !ok {
		http.Error(w, `{"error":"not a WebSocket handshake"}`, http.StatusBadRequest)
		return
	}
	u := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	c, err := u.Upgrade(w, r, nil)
	if err != nil || !s.keep(c.NetConn()) {
		return
	}
	defer s.forget(c.NetConn())
	begun := time.Now()
	for {
		kind, data, err := c.ReadMessage()
		if err == nil {
			err = c.WriteMessage(kind, data)
		}
		if err != nil {
			code := websocket.CloseAbnormalClosure
			if e, ok := err.(*websocket.CloseError); ok {
				code = e.Code
			}
			say(map[string]any{"event": "close", "code": code, "seconds": time.Since(begun).Seconds()})
			return
		}
	}
}

// proxy passes a request on as the configuration says that was in force when it came.
func (s *fakeService) proxy(w http.ResponseWriter, r *http.Request, v *FakeEnvironment) {
	s.mu.Lock()
	config := s.config
	s.mu.Unlock()
	if r.URL.Path != "/ws" {
		http.NotFound(w, r)
		return
	}
	begun, status := time.Now(), 0
	defer func() {
		s.log.Append(time.Now(), fmt.Sprintf(`%.3f *1 "GET /ws HTTP/1.1" %d in %.3f s, upstream %s answered %d, probe %s`,
			float64(time.Now().UnixMilli())/1000, status, time.Since(begun).Seconds(), v.services[0].addr, status, r.Header.Get(probe.Header)))
	}()
	back, err := net.Dial("tcp", v.services[0].addr)
	if err != nil {
		status = http.StatusBadGateway
		http.Error(w, "Bad Gateway", status)
		return
	}
	defer s.forget(back)
	r.Header.Set("Connection", "close")
	if config.upgrade {
		r.Header.Set("Connection", "upgrade")
	} else {
		r.Header.Del("Upgrade")
	}
	if r.Write(back) != nil || !s.keep(back) {
		return
	}
	from := bufio.NewReader(back)
	response, err := http.ReadResponse(from, r)
	if err != nil {
		return
	}
	front, _, err := w.(http.Hijacker).Hijack()
	if err != nil || !s.keep(front) {
		return
	}
	defer s.forget(front)
	status = response.StatusCode
	_ = response.Write(front)
	if status == http.StatusSwitchingProtocols {
		s.tunnel(front, back, from, config.idle)
	}
}

// tunnel passes bytes both ways until one end closes or nothing has passed for idle.
func (s *fakeService) tunnel(front, back net.Conn, from io.Reader, idle time.Duration) {
	var last atomic.Int64
	last.Store(time.Now().UnixNano())
	done := make(chan struct{}, 2)
	pass := func(to io.Writer, from io.Reader) {
		_, _ = io.Copy(io.MultiWriter(to, stamp{&last}), from)
		done <- struct{}{}
	}
	go pass(front, from)
	go pass(back, front)
	left := 2
	for left == 2 {
		rest := idle - time.Since(time.Unix(0, last.Load()))
		if rest <= 0 {
			s.log.Append(time.Now(), "[info] upstream timed out (110: Connection timed out) while proxying upgraded connection")
			break
		}
		select {
		case <-done:
			left--
		case <-time.After(rest):
		}
	}
	_ = front.Close()
	_ = back.Close()
	for ; left > 0; left-- {
		<-done
	}
}

type stamp struct{ at *atomic.Int64 }

func (s stamp) Write(p []byte) (int, error) {
	s.at.Store(time.Now().UnixNano())
	return len(p), nil
}
