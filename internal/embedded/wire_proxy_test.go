package embedded_test

import (
	"context"
	"encoding/hex"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "embed"

	"github.com/cwk-stream/lab/internal/embedded"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/google/go-cmp/cmp"
)

// service is the one that the entries are for.
func (c wireCase) service() string {
	if _, ok := c.section("websocket.conf"); ok {
		return "proxy"
	}
	return "backend"
}

// serialOf finds a connection's number in a line of nginx's error log or of the lab's access log.
var serialOf = regexp.MustCompile(`^(?:[0-9.]+|[0-9/]+ [0-9:]+ \[\w+\] \d+#\d+:) \*(\d+) `)

// attributeProxy puts nginx's lines to the entries by the numbers of connections: an entry's are below that of its mark.
// The error log and the access log are two streams, so that there is no other order between them.
func attributeProxy(lines []probe.Line, entries int) []string {
	marks := make([]int, entries)
	serial := func(l probe.Line) int {
		n := -1
		if m := serialOf.FindStringSubmatch(l.Text); m != nil {
			n, _ = strconv.Atoi(m[1])
		}
		return n
	}
	first := 1 << 30
	for _, l := range lines {
		for i := range marks {
			if strings.HasSuffix(l.Text, "probe "+markLine(i)) {
				marks[i] = serial(l)
			}
		}
		if n := serial(l); n >= 0 {
			first = min(first, n)
		}
	}
	errors, accesses := make([]string, entries), make([]string, entries)
	for _, l := range lines {
		n := serial(l)
		i := 0
		for i < entries && n > marks[i] {
			i++
		}
		if n < 0 || i == entries || n == marks[i] || strings.Contains(l.Text, "closed keepalive connection") {
			continue
		}
		l.Text = upstreamOf.ReplaceAllString(l.Text, "${1}SERVICE:$2")
		l.Text = strings.ToValidUTF8(l.Text, "\uFFFD") // as real nginx's lines arrive here
		text := shortened(firstOf(requestTime.ReplaceAllString(clientOf.ReplaceAllString(clean(l.Text), "client: CLIENT,"), "in some s")))
		if strings.HasPrefix(text, "[") { // clean takes time and process off
			errors[i] += "log: " + text + "\n"
		} else {
			accesses[i] += "log: access " + afterSerial.ReplaceAllString(text, "") + "\n"
		}
	}
	for i := range errors {
		errors[i] += accesses[i]
	}
	return errors
}

var (
	upstreamOf  = regexp.MustCompile(`(upstream |http://)10\.\d+\.\d+\.\d+:(\d+)`)
	requestTime = regexp.MustCompile(`in [0-9.]+ s`)
	clientOf    = regexp.MustCompile(`client: [^,]+,`)
	afterSerial = regexp.MustCompile(`^[0-9.]+ \*\d+ `)
)

// firstOf cuts what nginx cuts: at 2048 bytes, times and addresses included, which differ in length.
func firstOf(text string) string {
	if len(text) > 1900 && strings.HasPrefix(text, "[") {
		return text[:1800]
	}
	return text
}

func applyWire(t *testing.T, env session.Environment, c wireCase) {
	t.Helper()
	conf, _ := c.section("websocket.conf")
	if err := env.Put(t.Context(), []session.File{{Service: "proxy", Path: confPath, Data: []byte(conf)}}); err != nil {
		t.Fatal(err)
	}
	if applied, err := env.Apply(t.Context(), "proxy"); err != nil || !applied.OK {
		t.Fatalf("%s: %v, %s", c.name, err, applied.Message)
	}
}

// playProxy compares the stand-in with what was recorded of nginx.
func playProxy(t *testing.T, env session.Environment, c wireCase) {
	if err := embedded.Listen(env, "backend", 9000, upstream); err != nil {
		t.Fatal(err)
	}
	applyWire(t, env, c)
	since := env.Log("proxy").Last()
	var got []string
	for i, e := range c.entries {
		before := env.Log("proxy").Last()
		got = append(got, playWire(t, env, "proxy", e, c.want[e.name]))
		for range 200 {
			if len(env.Log("proxy").Since(before)) >= strings.Count(c.want[e.name], "\nlog: ") {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		_ = playWire(t, env, "proxy", wireEntry{parts: []string{`GET /ws HTTP/1.0\r\nX-Lab-Probe: ` + markLine(i) + `\r\n\r\n`}}, "< (end)")
	}
	time.Sleep(50 * time.Millisecond)
	logs := attributeProxy(env.Log("proxy").Since(since), len(c.entries))
	for i, e := range c.entries {
		if diff := cmp.Diff(strings.TrimSpace(c.want[e.name]), strings.TrimSpace(got[i]+logs[i])); diff != "" {
			t.Errorf("%s differs (-nginx +stand-in):\n%s", e.name, diff)
		}
	}
}

// upstream is what upstream.py is in the backend's container.
func upstream(c net.Conn) {
	defer c.Close()
	var head strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(head.String(), "\r\n\r\n") {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		head.Write(buf[:n])
	}
	_, rest, _ := strings.Cut(head.String(), " /")
	path, _, _ := strings.Cut(rest, " ")
	kind, text, _ := strings.Cut(path, "/")
	answer, err := hex.DecodeString(text)
	if err != nil {
		return
	}
	_, _ = io.WriteString(c, unescape(string(answer)))
	if kind == "hold" {
		_, _ = c.Read(buf)
	}
}

//go:embed testdata/wire/upstream.py
var upstreamProgram string

// recordProxy asks real nginx.
func recordProxy(t *testing.T, env session.Environment, c wireCase) []string {
	t.Helper()
	const start = `python3.13 -S -c "$0" >/dev/null 2>&1 </dev/null & sleep 0.5`
	if res, err := env.Exec(t.Context(), "backend", "sh", "-c", start, upstreamProgram); err != nil || res.Code != 0 {
		t.Fatalf("%v, %s", err, res.Stderr)
	}
	applyWire(t, env, c)
	since := env.Log("proxy").Last()
	got := sendInside(t, env, c, "proxy", 8080)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, _ = env.Log("proxy").Wait(ctx, since, func(l probe.Line) bool {
		return strings.HasSuffix(l.Text, "probe "+markLine(len(c.entries)-1))
	})
	time.Sleep(300 * time.Millisecond) // for the other stream
	logs := attributeProxy(env.Log("proxy").Since(since), len(c.entries))
	for i := range got {
		got[i] += logs[i]
	}
	return got
}
