package embedded_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "embed"

	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// wireCase is one file of testdata/wire: bytes sent straight to the backend, and what real uvicorn answered and logged; or,
// with a websocket.conf, bytes sent to the proxy, and what real nginx answered and logged.
//
//	send    a line each: NAME | BYTES [>> BYTES]..., each part sent once the answer to the one before has come. Bytes are
//	        written as in a Go string; {a*100} repeats a character, {get}, {ws} and the like stand for what macros says,
//	        {frame 81 hello} is a client's frame with that first byte, {answer TEXT} a request for an upstream on port
//	        9000 that answers with that and closes the connection, {hold TEXT} for the same left open
//	want    what came back, and what the backend logged, by name
type wireCase struct {
	diffCase
	entries []wireEntry
	want    map[string]string
}

type wireEntry struct {
	name  string
	parts []string // with repetitions still to be expanded
}

var macros = strings.NewReplacer(
	"{get}", `GET /ws HTTP/1.1\r\nHost: x\r\n`,
	"{up}", `Upgrade: websocket\r\nConnection: Upgrade\r\n`,
	"{ws}", `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n`,
	"{open}", `GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`+
		`Sec-WebSocket-Version: 13\r\n\r\n`,
	"{health}", `GET /health HTTP/1.1\r\nHost: x\r\n\r\n`,
	"{many}", strings.Repeat(`X: a\r\n`, 122),
)

var (
	repetition = regexp.MustCompile(`\{(.)\*(\d+)\}`)
	frameMacro = regexp.MustCompile(`\{frame ([0-9a-f]{2}) ([^}]*)\}`)
	askMacro   = regexp.MustCompile(`\{(answer|hold) ((?:[^{}]|\{.\*\d+\})*)\}`)
)

func loadWireCases(t testing.TB) []wireCase {
	t.Helper()
	paths, err := filepath.Glob("testdata/wire/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d cases, %v", len(paths), err)
	}
	var cases []wireCase
	for _, p := range paths {
		if ok, err := regexp.MatchString(*only, filepath.Base(p)); err != nil || !ok {
			continue
		}
		a, err := txtar.ParseFile(p)
		if err != nil {
			t.Fatal(err)
		}
		c := wireCase{diffCase: diffCase{strings.TrimSuffix(filepath.Base(p), ".txtar"), p, a}, want: map[string]string{}}
		send, _ := c.section("send")
		for line := range strings.Lines(send) {
			name, text, ok := strings.Cut(strings.TrimRight(line, "\n"), " | ")
			if !ok {
				continue
			}
			e := wireEntry{name: name}
			for part := range strings.SplitSeq(text, " >> ") {
				e.parts = append(e.parts, expandAsks(expandFrames(macros.Replace(part))))
			}
			c.entries = append(c.entries, e)
		}
		want, _ := c.section("want")
		for block := range strings.SplitSeq(strings.TrimSpace(want), "\n\n") {
			name, text, _ := strings.Cut(block, "\n")
			c.want[name] = text
		}
		cases = append(cases, c)
	}
	return cases
}

// expandFrames writes frames out, unmasked payload and all zero mask, as text with escapes.
func expandFrames(text string) string {
	return frameMacro.ReplaceAllStringFunc(text, func(s string) string {
		m := frameMacro.FindStringSubmatch(s)
		payload := unescape(m[2])
		var b strings.Builder
		fmt.Fprintf(&b, `\x%s`, m[1])
		switch n := len(payload); {
		case n < 126:
			fmt.Fprintf(&b, `\x%02x`, 0x80|n)
		default:
			fmt.Fprintf(&b, `\xfe\x%02x\x%02x`, n>>8, n&0xff)
		}
		return b.String() + `\x00\x00\x00\x00` + m[2]
	})
}

// expandAsks writes out the requests that tell the upstream of upstream.py what to answer: as text with escapes, in
// hexadecimal.
func expandAsks(text string) string {
	return askMacro.ReplaceAllStringFunc(text, func(s string) string {
		m := askMacro.FindStringSubmatch(s)
		return fmt.Sprintf(`GET /%s/%x HTTP/1.1\r\nHost: x\r\n`, m[1], m[2])
	})
}

// unescape makes the bytes.
func unescape(text string) string {
	s, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
	if err != nil {
		panic(fmt.Sprintf("%q: %v", text, err))
	}
	return repetition.ReplaceAllStringFunc(s, func(s string) string {
		m := repetition.FindStringSubmatch(s)
		n, _ := strconv.Atoi(m[2])
		return strings.Repeat(m[1], n)
	})
}

var (
	wireDate    = regexp.MustCompile(`(?i)(date: )\w{3}, [^\r\n]*GMT`)
	wireSeconds = regexp.MustCompile(`"seconds":[0-9.]+`)
)

// shown writes an answer so that a person can read it: a line each, with escapes, what repeats itself cut short.
func shown(answer, end string) string {
	var b strings.Builder
	for line := range strings.Lines(wireDate.ReplaceAllString(answer, "${1}now")) {
		b.WriteString("< " + shortened(strings.Trim(strconv.QuoteToASCII(line), `"`)) + "\n")
	}
	return b.String() + "< (" + end + ")\n"
}

// shortened writes runs of more than 30 equal characters as {a*100}.
func shortened(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		n := 1
		for i+n < len(s) && s[i+n] == s[i] {
			n++
		}
		if n > 30 {
			fmt.Fprintf(&b, "{%c*%d}", s[i], n)
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// markLine is the probe id of the request that follows each entry, so that the log can be told apart.
func markLine(i int) string { return fmt.Sprintf("wire-%d-end", i) }

// attribute puts the application's lines to the entries: those before an entry's mark are the entry's. The rest is what
// uvicorn writes to the other stream, for which only the order within the whole file is known.
func attribute(lines []probe.Line, entries int) (logs []string, rest string) {
	logs = make([]string, entries)
	i := 0
	for _, l := range lines {
		text := strings.TrimRight(l.Text, "\n")
		switch {
		case i < entries && strings.Contains(text, `"probe":"`+markLine(i)+`"`):
			i++
		case strings.HasPrefix(text, "WARNING:"), strings.HasPrefix(text, "ERROR:"):
			rest += text + "\n"
		case i < entries && strings.HasPrefix(text, "{"):
			logs[i] += "log: " + shortened(wireSeconds.ReplaceAllString(text, `"seconds":0`)) + "\n"
		}
	}
	return logs, rest
}

// otherStream is the name of the entry of want for what uvicorn itself writes.
const otherStream = "uvicorn"

// TestWireEmbedded holds the backend's stand-in to what was recorded of uvicorn, byte for byte.
func TestWireEmbedded(t *testing.T) {
	for _, c := range loadWireCases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env := startLab(t)
			if c.service() == "proxy" {
				playProxy(t, env, c)
				return
			}
			since := env.Log("backend").Last()
			var got []string
			for i, e := range c.entries {
				before := env.Log("backend").Last()
				got = append(got, playWire(t, env, "backend", e, c.want[e.name]))
				for range 200 { // the lines of a connection come a moment after its end
					if fromApplication(env.Log("backend").Since(before)) >= strings.Count(c.want[e.name], "\nlog: ") {
						break
					}
					time.Sleep(10 * time.Millisecond)
				}
				_ = playWire(t, env, "backend", wireEntry{parts: []string{`GET /ws HTTP/1.0\r\nX-Lab-Probe: ` + markLine(i) + `\r\n\r\n`}}, "< (end)")
			}
			logs, rest := attribute(env.Log("backend").Since(since), len(c.entries))
			if diff := cmp.Diff(strings.TrimSpace(c.want[otherStream]), strings.TrimSpace(rest)); diff != "" {
				t.Errorf("what uvicorn itself logs differs (-uvicorn +stand-in):\n%s", diff)
			}
			for i, e := range c.entries {
				if diff := cmp.Diff(strings.TrimSpace(c.want[e.name]), strings.TrimSpace(got[i]+logs[i])); diff != "" {
					t.Errorf("%s differs (-uvicorn +stand-in):\n%s", e.name, diff)
				}
			}
		})
	}
}

// fromApplication counts the lines that the application wrote.
func fromApplication(lines []probe.Line) (n int) {
	for _, l := range lines {
		if strings.HasPrefix(l.Text, "{") {
			n++
		}
	}
	return n
}

// playWire sends one entry to the stand-in. What was recorded tells how long to wait: for that many lines and the end,
// or, where the connection stays open, for a moment in which nothing more comes.
func playWire(t *testing.T, env session.Environment, service string, e wireEntry, want string) string {
	t.Helper()
	addr, err := env.Addr(service, map[string]int{"backend": 8000, "proxy": 8080}[service])
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var answer strings.Builder
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	for i, part := range e.parts {
		if _, err := io.WriteString(c, unescape(part)); err != nil {
			t.Fatal(err)
		}
		if i+1 < len(e.parts) {
			if i == 0 {
				answer.WriteString(until(t, c, "\r\n\r\n"))
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	buf := make([]byte, 64<<10)
	for began := time.Now(); time.Since(began) < 4*time.Second; {
		wait := time.Second
		if strings.HasPrefix(want, strings.TrimSpace(shown(answer.String(), "open"))) {
			wait = 150 * time.Millisecond
		}
		_ = c.SetReadDeadline(time.Now().Add(wait))
		n, err := c.Read(buf)
		answer.Write(buf[:n])
		switch {
		case err == nil:
		case !isTimeout(err):
			return shown(answer.String(), strings.TrimSuffix(strings.TrimSuffix(ending(err), " of connection"), "connection "))
		case wait < time.Second || time.Since(began) > 3*time.Second:
			return shown(answer.String(), "open")
		}
	}
	return shown(answer.String(), "open")
}

// wireClient sends the same from inside the backend's container, where Python is.
//
//go:embed testdata/wire/client.py
var wireClient string

// TestWireDocker compares what is recorded with real uvicorn, h11 and websockets; -update records.
func TestWireDocker(t *testing.T) {
	engine := realEngine(t)
	lab := lesson03(t)
	env, err := engine.Start(t.Context(), "wire"+strings.ToLower(rand.Text()[:8]), lab.Env, filesAfter(t, lab, ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := env.Stop(ctx); err != nil {
			t.Error(err)
		}
	}()
	for _, c := range loadWireCases(t) {
		var got []string
		var rest string
		if c.service() == "proxy" {
			got = recordProxy(t, env, c)
		} else {
			got, rest = recordWire(t, env, c)
		}
		if *update {
			var b strings.Builder
			for i, e := range c.entries {
				b.WriteString(e.name + "\n" + strings.TrimSpace(got[i]) + "\n\n")
			}
			b.WriteString(otherStream + "\n" + rest)
			c.set("want", strings.TrimSpace(b.String())+"\n")
			c.save(t)
			continue
		}
		if diff := cmp.Diff(strings.TrimSpace(c.want[otherStream]), strings.TrimSpace(rest)); diff != "" {
			t.Errorf("%s: what uvicorn itself logs differs (-recorded +real):\n%s", c.name, diff)
		}
		for i, e := range c.entries {
			if diff := cmp.Diff(strings.TrimSpace(c.want[e.name]), strings.TrimSpace(got[i])); diff != "" {
				t.Errorf("%s, %s: uvicorn differs from what is recorded of it (-recorded +real):\n%s", c.name, e.name, diff)
			}
		}
	}
}

func recordWire(t *testing.T, env session.Environment, c wireCase) (got []string, rest string) {
	t.Helper()
	since := env.Log("backend").Last()
	answers := sendInside(t, env, c, "127.0.0.1", 8000)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, _ = env.Log("backend").Wait(ctx, since, func(l probe.Line) bool {
		return strings.Contains(l.Text, `"`+markLine(len(c.entries)-1)+`"`)
	})
	time.Sleep(300 * time.Millisecond) // for the other stream
	logs, rest := attribute(env.Log("backend").Since(since), len(c.entries))
	for i := range c.entries {
		got = append(got, answers[i]+logs[i])
	}
	return got, rest
}

// sendInside sends all entries from inside the backend's container and gives what came back.
func sendInside(t *testing.T, env session.Environment, c wireCase, host string, port int) []string {
	t.Helper()
	var send [][]string
	var marks []string
	for i, e := range c.entries {
		send = append(send, e.parts)
		marks = append(marks, markLine(i))
	}
	arg, _ := json.Marshal([]any{send, marks, host, port})
	res, err := env.Exec(t.Context(), "backend", "python3.13", "-S", "-c", wireClient, string(arg))
	if err != nil || res.Code != 0 {
		t.Fatalf("%s: %v, exit code %d: %s", c.name, err, res.Code, res.Stderr)
	}
	var answers [][2]string
	if err := json.Unmarshal([]byte(res.Stdout), &answers); err != nil || len(answers) != len(c.entries) {
		t.Fatalf("%s: %d answers, %v", c.name, len(answers), err)
	}
	var all []string
	for _, a := range answers {
		raw, err := base64.StdEncoding.DecodeString(a[0])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, shown(string(raw), a[1]))
	}
	return all
}
