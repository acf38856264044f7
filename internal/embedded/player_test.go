package embedded_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"sort"
	"strings"
	"syscall"
	"time"

	"github.com/cwk-stream/lab/internal/probe"
)

// player is the client of one command.
type player struct {
	*run
	ctx                 context.Context
	line                string
	probe               string
	since, sinceBackend int
	said                []string // what it saw
	conn                net.Conn
	in                  *bufio.Reader
}

func (p *player) see(format string, args ...any) {
	p.said = append(p.said, fmt.Sprintf(format, args...))
}

// begin sends the request. What may take long goes on in the background.
func (p *player) begin() error {
	line, background := strings.CutPrefix(strings.TrimSpace(p.line), "& ")
	line, steps, _ := strings.Cut(line, " -> ")
	method, isWS, request := p.request(line)
	long := background || isWS
	if long {
		p.waiting <- struct{}{}
		defer func() {
			if long {
				<-p.waiting
			}
		}()
	}
	addr, err := p.env.Addr("proxy", 8080)
	if err != nil {
		return err
	}
	if p.conn, err = net.DialTimeout("tcp", addr, 5*time.Second); err != nil {
		return err
	}
	p.in = bufio.NewReader(p.conn)
	if _, err := io.WriteString(p.conn, request); err != nil {
		return err
	}
	if !background {
		status := p.answer(method)
		if !isWS || status != 101 {
			_ = p.conn.Close()
			return nil
		}
		if steps == "" {
			steps = "text hello, close 1000"
		}
	}
	long = false // from here on it is the background's
	p.wait.Add(1)
	go func() {
		defer func() { <-p.waiting; p.wait.Done() }()
		defer p.conn.Close()
		if background {
			p.timed(func() { p.answer(method) })
			return
		}
		for s := range strings.SplitSeq(steps, ", ") {
			if !p.step(strings.TrimSpace(s)) {
				return
			}
		}
	}()
	if background {
		time.Sleep(60 * time.Millisecond) // until the request is with the configuration of this case
	}
	return nil
}

// timed says how long f took, to half a second.
func (p *player) timed(f func()) {
	began := time.Now()
	n := len(p.said)
	f()
	p.said = append(p.said[:n], append([]string{fmt.Sprintf("after %.1f s:", half(time.Since(began)))}, p.said[n:]...)...)
}

func half(d time.Duration) float64 {
	return float64((d+250*time.Millisecond)/(500*time.Millisecond)) / 2
}

// request makes the bytes of a command.
func (p *player) request(line string) (method string, isWS bool, bytes string) {
	parts := strings.Split(line, " | ")
	words := strings.Fields(parts[0])
	method, isWS = words[0], words[0] == "ws"
	if isWS {
		method = "GET"
	}
	version := "HTTP/1.1"
	if len(words) > 2 {
		version = words[2]
	}
	headers := []string{"Host: lab.test"}
	body := ""
	if isWS {
		headers = append(headers, "Upgrade: websocket", "Connection: Upgrade",
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
	}
	for _, h := range parts[1:] {
		name, value, ok := strings.Cut(h, ":")
		if text, isBody := strings.CutPrefix(h, "body "); isBody {
			body = strings.ReplaceAll(strings.ReplaceAll(text, `\r`, "\r"), `\n`, "\n")
			continue
		}
		kept := headers[:0]
		for _, old := range headers {
			if n, _, _ := strings.Cut(old, ":"); !strings.EqualFold(n, name) || strings.HasPrefix(h, "+") {
				kept = append(kept, old)
			}
		}
		headers = kept
		if ok && (value != "" || strings.HasPrefix(name, "+")) {
			headers = append(headers, strings.TrimPrefix(h, "+"))
		}
	}
	headers = append([]string{probe.Header + ": " + p.probe}, headers...)
	return method, isWS, method + " " + words[1] + " " + version + "\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n" + body
}

// answer reads one response and notes it, all but its date.
func (p *player) answer(method string) int {
	_ = p.conn.SetReadDeadline(time.Now().Add(15 * time.Second))
	status, length, chunked, closing := 0, -1, false, false
	for first := true; ; first = false {
		line, err := p.in.ReadString('\n')
		if err != nil {
			p.see("%s", ending(err))
			return 0
		}
		line = strings.TrimRight(line, "\r\n")
		if first {
			_, _ = fmt.Sscanf(line, "HTTP/1.1 %d", &status)
		}
		if line == "" {
			if status == 100 {
				first = true
				p.see("%s", "")
				continue
			}
			break
		}
		name, value, _ := strings.Cut(line, ": ")
		switch strings.ToLower(name) {
		case "date":
			line = name + ": now"
		case "content-length":
			_, _ = fmt.Sscanf(value, "%d", &length)
		case "connection":
			closing = value == "close"
		case "transfer-encoding":
			chunked = true
		}
		p.see("< %s", line)
	}
	if status == 101 {
		return status
	}
	body := ""
	switch {
	case method == "HEAD" || status == 204 || status == 304:
	case chunked:
		body = p.chunks()
	case length >= 0:
		b := make([]byte, length)
		n, _ := io.ReadFull(p.in, b)
		body = string(b[:n])
	default:
		b, err := io.ReadAll(p.in)
		if body = string(b); err != nil {
			body += "\n" + ending(err)
		}
	}
	for line := range strings.Lines(body) {
		p.see("  %s", strings.TrimRight(line, "\r\n"))
	}
	if closing {
		_ = p.conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		if _, err := p.in.ReadByte(); err != nil && !isTimeout(err) {
			p.see("%s", "< end of connection")
		}
	}
	return status
}

func (p *player) chunks() string {
	var body strings.Builder
	for {
		var n int
		line, err := p.in.ReadString('\n')
		if err != nil {
			return body.String() + ending(err)
		}
		_, _ = fmt.Sscanf(line, "%x", &n)
		b := make([]byte, n+2)
		_, _ = io.ReadFull(p.in, b)
		if n == 0 {
			return body.String()
		}
		body.Write(b[:n])
	}
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// ending names the end of a connection.
func ending(err error) string {
	switch {
	case isTimeout(err):
		return "nothing"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "end of connection"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	}
	return err.Error()
}

// step does one step on an open WebSocket; false ends it:
//
//	text T · binary T · ping T · close CODE   sends a frame and, but for close, reads the answer
//	sleep 1s · drop (ends TCP) · raw HEX
//	every 1s for 3s                           sends a ping each second
//	watch 4s                                  waits for the end, and says when it came
func (p *player) step(s string) bool {
	verb, rest, _ := strings.Cut(s, " ")
	switch verb {
	case "text", "binary", "ping":
		op := map[string]byte{"text": 1, "binary": 2, "ping": 9}[verb]
		p.frame(op, []byte(rest))
		return p.readFrame(5 * time.Second)
	case "close":
		var code uint16
		_, _ = fmt.Sscanf(rest, "%d", &code)
		p.frame(8, binary.BigEndian.AppendUint16(nil, code))
		for p.readFrame(5 * time.Second) {
		}
		return false
	case "sleep":
		d, _ := time.ParseDuration(rest)
		time.Sleep(d)
	case "drop":
		return false
	case "every":
		each, all, _ := strings.Cut(rest, " for ")
		d, _ := time.ParseDuration(each)
		whole, _ := time.ParseDuration(all)
		for began := time.Now(); time.Since(began) < whole-d/2; {
			time.Sleep(d)
			p.frame(10, []byte("alive")) // a pong that nobody asked for: the backend says nothing to it
		}
		p.see("sent something every %s for %s", each, all)
	case "watch":
		d, _ := time.ParseDuration(rest)
		began := time.Now()
		_ = p.conn.SetReadDeadline(began.Add(d))
		_, err := p.in.ReadByte()
		switch {
		case err == nil:
			p.see("after %.1f s: a frame", half(time.Since(began)))
		case isTimeout(err):
			p.see("after %s: still open", rest)
		default:
			p.see("after %.1f s: %s", half(time.Since(began)), ending(err))
			return false
		}
	}
	return true
}

func (p *player) frame(op byte, payload []byte) {
	b := append([]byte{0x80 | op, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
	_, _ = p.conn.Write(b)
}

func (p *player) readFrame(limit time.Duration) bool {
	_ = p.conn.SetReadDeadline(time.Now().Add(limit))
	var b [2]byte
	if _, err := io.ReadFull(p.in, b[:]); err != nil {
		p.see("%s", ending(err))
		return false
	}
	payload := make([]byte, b[1]&0x7f)
	if _, err := io.ReadFull(p.in, payload); err != nil {
		p.see("%s", ending(err))
		return false
	}
	p.see("frame %x %q", b[0], payload)
	return true
}

var connection = regexp.MustCompile(`^[0-9.]+ (\*\d+) `)

// outcome is what the client saw, what the backend received and reported, and what nginx logged about this connection.
func (p *player) outcome() string {
	var b strings.Builder
	b.WriteString("> " + p.line + "\n")
	for _, s := range p.said {
		b.WriteString(s + "\n")
	}
	ctx, cancel := context.WithTimeout(p.ctx, 1500*time.Millisecond)
	defer cancel()
	access, err := p.env.Log("proxy").Wait(ctx, p.since, func(l probe.Line) bool {
		return strings.HasSuffix(l.Text, "probe "+p.probe)
	})
	if err != nil {
		b.WriteString("no line in the access log\n")
		return clean(b.String())
	}
	p.backend(&b, strings.Contains(access.Text, " 101 in "))
	serial := "*0" // a format of the student's own need not have it
	if m := connection.FindStringSubmatch(access.Text); m != nil {
		serial = m[1]
	}
	// The two logs are two streams: their lines have no order between them.
	for _, l := range p.env.Log("proxy").Since(p.since) {
		if strings.Contains(l.Text, serial+" ") && l.Text != access.Text &&
			!strings.Contains(l.Text, "closed keepalive connection") {
			b.WriteString("nginx: " + l.Text + "\n")
		}
	}
	b.WriteString("nginx: " + access.Text + "\n")
	return clean(strings.ReplaceAll(b.String(), p.probe, "PROBE"))
}

// backend notes the backend's lines about this probe. A WebSocket's end is reported a moment after nginx's.
func (p *player) backend(b *strings.Builder, open bool) {
	if open {
		ctx, cancel := context.WithTimeout(p.ctx, 1500*time.Millisecond)
		defer cancel()
		_, _ = p.env.Log("backend").Wait(ctx, p.sinceBackend, func(l probe.Line) bool {
			return strings.Contains(l.Text, `"event":"close"`) && strings.Contains(l.Text, p.probe)
		})
	}
	for _, l := range p.env.Log("backend").Since(p.sinceBackend) {
		if !strings.Contains(l.Text, p.probe) {
			continue
		}
		var e struct {
			Event, Path string
			Accepted    bool
			Status      int
			Version     string `json:"http_version"`
			Headers     map[string]string
			Code        int
			Seconds     float64
		}
		if json.Unmarshal([]byte(l.Text), &e) != nil {
			b.WriteString("backend: " + l.Text + "\n")
			continue
		}
		if e.Event == "close" {
			fmt.Fprintf(b, "backend: close %d after %.1f s\n", e.Code, half(time.Duration(e.Seconds*float64(time.Second))))
			continue
		}
		var headers []string
		for name, value := range e.Headers {
			headers = append(headers, name+": "+value)
		}
		sort.Strings(headers)
		fmt.Fprintf(b, "backend: %s %d HTTP/%s [%s]\n", e.Path, e.Status, e.Version, strings.Join(headers, " | "))
	}
}

var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`(?m)^(nginx: )?\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (\[\w+\]) \d+#\d+: (\*\d+ )?`), "$1$2 "},
	{regexp.MustCompile(`nginx: [0-9.]+ \*\d+ `), "nginx: access "},
	{regexp.MustCompile(`\b(172\.\d+|192\.168)\.\d+\.1\b|\b127\.0\.0\.1\b`), "CLIENT"},
	{regexp.MustCompile(`\b(172\.\d+|192\.168)\.\d+\.\d+\b`), "SERVICE"},
	// A lab's network is in 10.128.0.0/9. An address of it with a port is a service, and one without is who forwards.
	{regexp.MustCompile(`\b10\.(12[89]|1[3-9]\d|2\d\d)\.\d+\.\d+(:80|:8\d\d\d)\b`), "SERVICE$2"},
	{regexp.MustCompile(`\b10\.(12[89]|1[3-9]\d|2\d\d)\.\d+\.\d+([^.:\d])`), "CLIENT$2"},
}

// took is $request_time, which is told to half a second.
var took = regexp.MustCompile(`\bin \d+\.\d{3} s`)

// clean replaces what differs from run to run.
func clean(text string) string {
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.with)
	}
	return took.ReplaceAllStringFunc(text, func(s string) string {
		var seconds float64
		_, _ = fmt.Sscanf(s, "in %f s", &seconds)
		return fmt.Sprintf("in %.1f s", half(time.Duration(seconds*float64(time.Second))))
	})
}
