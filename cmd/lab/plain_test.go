//go:build unix

package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the transcripts in testdata")

// typist is a student who reads lab's transcript on a terminal, and types.
type typist struct {
	t          *testing.T
	home, next string // next is the file that the student's editor writes
	mu         sync.Mutex
	seen       strings.Builder
	tty        *os.File
	ended      chan error
}

// onLine starts lab on a terminal of 80×24.
func onLine(t *testing.T, args ...string) *typist {
	t.Helper()
	s := &typist{t: t, home: t.TempDir(), next: filepath.Join(t.TempDir(), "next"), ended: make(chan error, 1)}
	cmd := exec.Command(program(t), args...)
	cmd.Env = append(os.Environ(), "LAB_HOME="+s.home, "TERM=xterm-256color", "NO_COLOR=", "VISUAL=", "EDITOR=cp "+s.next,
		"DOCKER_HOST=unix:///nonexistent.sock")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Skipf("needs a terminal: %v", err)
	}
	s.tty = tty
	read := make(chan struct{})
	go func() {
		defer close(read)
		for buf := make([]byte, 4096); ; {
			n, err := tty.Read(buf)
			s.mu.Lock()
			s.seen.Write(buf[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	go func() { <-read; s.ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-read; _ = tty.Close() })
	return s
}

func (s *typist) transcript() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.ReplaceAll(s.seen.String(), "\r\n", "\n")
}

// prompted waits for a prompt and gives the transcript up to it.
func (s *typist) prompted() string {
	s.t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if got := s.transcript(); strings.HasSuffix(got, "> ") || strings.HasSuffix(got, ") ") {
			return got
		}
	}
	s.t.Fatalf("no prompt:\n%s", s.transcript())
	return ""
}

// types answers the next prompt.
func (s *typist) types(line string) {
	s.t.Helper()
	before := s.prompted()
	if _, err := s.tty.WriteString(line + "\n"); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); !strings.Contains(s.transcript()[len(before):], "\n"); {
		if time.Now().After(end) {
			s.t.Fatalf("the terminal does not echo %q", line)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// change gives the student's file with one text in the place of another.
func (s *typist) change(before, after string) (path, changed string) {
	s.t.Helper()
	path = filepath.Join(s.home, "work", "03-reverse-proxy", "nginx", "websocket.conf")
	conf, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	if changed = strings.Replace(string(conf), before, after, 1); changed == string(conf) {
		s.t.Fatalf("the file has no %q:\n%s", before, conf)
	}
	return path, changed
}

// edits has the editor that lab starts change the file.
func (s *typist) edits(before, after string) {
	s.t.Helper()
	s.prompted() // the last edit is done
	_, changed := s.change(before, after)
	if err := os.WriteFile(s.next, []byte(changed), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.types("edit")
}

// saves has another program change the file while the prompt waits, and waits for the next prompt.
func (s *typist) saves(before, after string) {
	s.t.Helper()
	seen := len(s.prompted())
	path, changed := s.change(before, after)
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); !strings.Contains(s.transcript()[seen:], "\n"); {
		if time.Now().After(end) {
			s.t.Fatalf("the save is not noticed:\n%s", s.transcript())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestPlainJourney takes a student through all four steps by prompts alone, in both languages: reading, editing with a
// mistake in it, checking, hints, the solution of one step, next, quit. The transcripts are the specification of
// --plain. Most of the time it waits as the student does, beside the other journeys.
func TestPlainJourney(t *testing.T) {
	t.Parallel()
	for lang, yes := range map[string]string{"en": "yes", "ko": "네"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			s := onLine(t, "start", "03", "--plain", "--engine", "embedded", "--lang", lang)
			s.types("?")
			s.types("read")
			s.types("check")
			s.types("hint")
			s.edits("proxy_buffering off;", "proxy_bufering off;")
			s.edits("proxy_bufering off;", "proxy_buffering off;")
			s.saves(upgradeLine, "")
			s.types("diff")
			s.types("next")
			s.types("next")
			s.types("goal")
			s.types("solve")
			s.types("no")
			s.types("solve")
			s.types(yes)
			s.types("next")
			s.edits("        proxy_buffering off;", "        proxy_read_timeout 30s;\n        proxy_buffering off;")
			s.types("next")
			s.edits("proxy_read_timeout 30s;", "proxy_read_timeout 3600s;")
			s.types("next")
			s.types("recap")
			s.types("quit")
			select {
			case err := <-s.ended:
				if err != nil {
					t.Errorf("lab ended with %v", err)
				}
			case <-time.After(time.Minute):
				t.Error("lab did not end")
			}
			got := s.transcript()
			linear(t, got)
			if n := len(regexp.MustCompile(counted).FindAllString(got, -1)); n != 1 {
				t.Errorf("said %d times that the lesson counts as read", n)
			}
			narrow(t, got)
			kept(t, filepath.Join("testdata", "plain", lang+".txt"), s.steady(got))
		})
	}
}

// linear wants nothing in a transcript that only a screen can show.
func linear(t *testing.T, transcript string) {
	t.Helper()
	for i, line := range strings.Split(transcript, "\n") {
		for _, r := range line {
			if r < ' ' && r != '\t' || r == 0x7f || r >= 0x2500 && r <= 0x25ff || r >= 0x2800 && r <= 0x28ff {
				t.Errorf("line %d has %U, which is for screens: %q", i+1, r, line)
				break
			}
		}
	}
}

// counted matches what says that a lesson counts as read, as soon as there was time for that.
const counted = `(?m)^(Read|읽음): \+30 XP\n`

// What differs from one run to the next.
var varying = []struct{ from, to string }{
	{counted, ""},
	{`less than 1 ms|1 ms 미만|\b\d+ ms\b`, "N ms"},
	{`\d+\.\d+ ?s\b`, "N s"},
	{`\d+\.\d+초`, "N초"},
	{`· 3[05] s\b`, "· N s"},
	{`· 3[05]초`, "· N초"},
	{`((?:after|EOF|1006) +)3[05] s\b`, "${1}N s"}, // a measured time may be round
	{`\b3[05]초( 만에| 뒤에)`, "N초${1}"},
	{`(로그로는 )3[05]초`, "${1}N초"},
	{`steps, \d+ s\b`, "steps, N s"},
	{`단계, \d+초`, "단계, N초"},
	{`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d`, "TIME"},
	{`\b\d{8}-\d{6}(-\d+)?\b`, "TIME"},
	{`probe [0-9a-f]{12}`, "probe ID"},
	{`sec-websocket-key: [^,]+`, `sec-websocket-key: KEY`},
	{`\b\d\d:\d\d:\d\d\.\d{3}\b`, "TIME"},
	{`\b172\.\d+\.\d+\.\d+\b`, "BACKEND"},
	{`127\.0\.0\.1:\d+`, "127.0.0.1:PORT"},
	{`\d+#\d+: \*\d+ `, "N#N: *N "},
	{`\*\d+ `, "*N "},
	{`(?m)^.* closed keepalive connection\n`, ""}, // nginx says so when it gets round to it
}

// steady is a transcript without what differs from one run to the next: times, addresses, and when the log and the two
// ends of a connection get round to telling of what has happened.
func (s *typist) steady(transcript string) string {
	text := strings.ReplaceAll(unfolded(transcript), s.home, "HOME")
	for _, v := range varying {
		text = regexp.MustCompile(v.from).ReplaceAllString(text, v.to)
	}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		end := i
		for end < len(lines) && onWire.MatchString(lines[end]) {
			end++
		}
		slices.SortStableFunc(lines[i:end], func(a, b string) int {
			if lateA, lateB := late.MatchString(a), late.MatchString(b); lateA && lateB {
				return strings.Compare(a, b)
			} else if lateA {
				return 1
			} else if lateB {
				return -1
			}
			return 0
		})
		i = max(i, end-1)
	}
	return strings.Join(lines, "\n")
}

// unfolded is a transcript without the line ends of a terminal of 80 cells in what is indented, where the length of
// varying times and addresses decides on them.
func unfolded(transcript string) string {
	var out []string
	base, last := 0, "" // the indentation of the line that may go on, and its last part
	for _, line := range strings.Split(transcript, "\n") {
		text := strings.TrimLeft(line, " ")
		word, _, _ := strings.Cut(text, " ")
		indent := len(line) - len(text)
		if base > 0 && text != "" && indent == base+2 && ansi.StringWidth(last)+1+ansi.StringWidth(word) > 79 {
			out[len(out)-1] += " " + text
		} else {
			out, base = append(out, line), indent
		}
		last = line
	}
	return strings.Join(out, "\n")
}

// narrow wants every line to fit into a terminal of 80 cells, but for code, which is to be copied, and lines that are one
// long word.
func narrow(t *testing.T, transcript string) {
	t.Helper()
	for i, line := range strings.Split(transcript, "\n") {
		code := strings.HasPrefix(line, "|") || strings.HasPrefix(line, "+") || strings.HasPrefix(line, "-") || strings.HasPrefix(line, "  ")
		if ansi.StringWidth(line) > 80 && !code && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("line %d is %d cells wide: %q", i+1, ansi.StringWidth(line), line)
		}
	}
}

// onWire matches a line of what passed between the parties, late one that may come a little later or earlier.
var (
	onWire = regexp.MustCompile(`^    \S+ (→|←|log|로그) `)
	late   = regexp.MustCompile(`^    \S+ (log|로그) |: EOF |: close 1006 `)
)

// kept compares a transcript with the one that somebody has read.
func kept(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the transcript has changed (-was +is); go test -update if it is better:\n%s", diff)
	}
}
