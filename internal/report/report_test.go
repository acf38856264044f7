package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is a small relative of lab 03, so that the goldens do not change with its texts.
func lab() course.Lab {
	via := course.Endpoint{Via: "proxy", Path: "/ws"}
	handshake := course.Check{Kind: course.KindHandshake, Handshake: &course.Handshake{Endpoint: via}}
	idle := func(i course.Idle) course.Check { return course.Check{Kind: course.KindIdle, Idle: &i} }
	return course.Lab{
		ID: "03-reverse-proxy", Number: 3, Variant: "nginx",
		Title: course.Text{En: "Break a WebSocket proxy, then mend it", Ko: "웹소켓 프록시를 부수고 고치기"},
		Edit:  []course.Editable{{Path: "websocket.conf", Service: "proxy"}},
		Steps: []course.Step{
			{ID: "drop-upgrade", XP: 20, Title: course.Text{En: "Break it: drop the Upgrade header", Ko: "일부러 깨기: Upgrade 헤더 빼기"},
				Goal:   course.Text{En: "Delete the line `proxy_set_header Upgrade $http_upgrade;` and save.", Ko: "`proxy_set_header Upgrade $http_upgrade;` 줄을 지우고 저장하세요."},
				Learnt: course.Text{En: "A proxy drops hop-by-hop headers unless told otherwise.", Ko: "프록시는 따로 지정하지 않으면 hop-by-hop 헤더를 전달하지 않습니다."},
				Hints:  []course.Text{{En: "Look for the line with Upgrade.", Ko: "Upgrade가 있는 줄을 찾아보세요."}, {En: "Line 21.", Ko: "21번째 줄입니다."}},
				Checks: []course.Check{handshake, {Kind: course.KindReceived, Received: &course.Received{Endpoint: via, By: "backend", Header: "Upgrade", Absent: true}}}},
			{ID: "forward-upgrade", XP: 20, Title: course.Text{En: "Fix it: forward Upgrade", Ko: "고치기: Upgrade 전달하기"},
				Checks: []course.Check{handshake, {Kind: course.KindEcho, Echo: &course.Echo{Endpoint: via, Send: "hello"}}}},
			{ID: "idle-drop", XP: 40, Title: course.Text{En: "Watch it die: 30 s idle", Ko: "죽는 것 보기: 30초 유휴"},
				Checks: []course.Check{idle(course.Idle{Endpoint: via, Closed: &course.IdleClose{After: 30 * time.Second}, Control: "backend"})}},
			{ID: "restore", XP: 40, Title: course.Text{En: "Make it live: 3600 s", Ko: "살려 두기: 3600초"},
				Checks: []course.Check{{Kind: course.KindEffective, Effective: &course.Effective{Service: "proxy", Directive: "proxy_read_timeout"}},
					idle(course.Idle{Endpoint: via, OpenAfter: 35 * time.Second, Control: "backend"})}},
		},
	}
}

func recorded(t *testing.T, name string) []session.Event {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var events []session.Event
	for d := json.NewDecoder(bytes.NewReader(data)); d.More(); {
		var e session.Event
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// replay tells o of events at the pace at which they happened, and gives the progress after them.
func replay(t *testing.T, o session.Observer, events []session.Event) session.Progress {
	t.Helper()
	p := session.NewProgress(lab())
	for i, e := range events {
		if i > 0 {
			time.Sleep(e.Time.Sub(events[i-1].Time))
			synctest.Wait()
		}
		p = p.Apply(e)
		if err := o.Observe(e, p); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

type reporter interface {
	session.Observer
	io.Closer
	Note(string)
	Fail(error)
}

func TestGoldens(t *testing.T) {
	notes := map[string]string{"run": "", "live": "Docker does not answer here."}
	for _, stream := range []string{"run", "live"} {
		for suffix, format := range map[string]func(io.Writer) reporter{
			"en.txt": func(w io.Writer) reporter { return NewText(w, Options{Lab: lab(), Lang: locale.English}) },
			"ko.txt": func(w io.Writer) reporter { return NewText(w, Options{Lab: lab(), Lang: locale.Korean}) },
			"json":   func(w io.Writer) reporter { return NewJSON(w, Options{Lab: lab()}) },
			"xml":    func(w io.Writer) reporter { return NewJUnit(w, Options{Lab: lab()}) },
		} {
			t.Run(stream+"/"+suffix, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var b strings.Builder
					r := format(&b)
					r.Note(notes[stream])
					replay(t, r, recorded(t, stream))
					if err := r.Close(); err != nil {
						t.Fatal(err)
					}
					golden(t, stream+"."+suffix, b.String())
				})
			})
		}
	}
}

func TestTranscriptIsPlain(t *testing.T) {
	for _, name := range []string{"run.en.txt", "live.en.txt", "run.ko.txt", "live.ko.txt"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if m := regexp.MustCompile(`[\x00-\x09\x0b-\x1f\x7f─-╿▀-▟⠀-⣿]|%!|MISSING|\{.?/.?\}`).Find(data); m != nil {
			t.Errorf("%s has %q", name, m)
		}
	}
}

func TestSummaryOfOneStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		j := NewJSON(&b, Options{Lab: lab(), Step: "drop-upgrade"})
		replay(t, j, recorded(t, "live")[:18])
		if s := j.summary(); s.Passed || len(s.Steps) != 1 {
			t.Errorf("got %+v, want one step, not passed", s)
		}
	})
}

// failing takes n bytes and then no more.
type failing struct{ n int }

var errFull = errors.New("no room")

func (f *failing) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestAWriterThatFailsStopsTheSession(t *testing.T) {
	for name, r := range map[string]reporter{
		"text": NewText(&failing{200}, Options{Lab: lab()}),
		"json": NewJSON(&failing{200}, Options{Lab: lab()}),
	} {
		var err error
		p := session.NewProgress(lab())
		for _, e := range recorded(t, "run") {
			p = p.Apply(e)
			if err = r.Observe(e, p); err != nil {
				break
			}
		}
		if !errors.Is(err, errFull) {
			t.Errorf("%s: got %v", name, err)
		}
		_ = r.Close()
	}
	if err := NewJUnit(&failing{10}, Options{Lab: lab()}).Close(); !errors.Is(err, errFull) {
		t.Errorf("junit: got %v", err)
	}
}

func TestNothingRunIsNotPassed(t *testing.T) {
	var x, j, s strings.Builder
	boom := errors.New("no engine\x1b]0;x\x07")
	for _, r := range []reporter{NewJUnit(&x, Options{Lab: lab()}), NewJSON(&j, Options{Lab: lab()}), NewText(&s, Options{Lab: lab()})} {
		r.Fail(boom)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(x.String(), `errors="1"`) || !strings.Contains(j.String(), `"passed":false`) || !strings.Contains(s.String(), "not passed") {
		t.Errorf("got:\n%s\n%s\n%s", x.String(), j.String(), s.String())
	}
}

func TestJUnitIsXMLForAnyBytes(t *testing.T) {
	var nasty []byte
	for i := range 256 {
		nasty = append(nasty, byte(i))
	}
	text := string(nasty) + "]]>\ufffe\uffff<&\"'" + "\u202e"
	var b strings.Builder
	r := NewJUnit(&b, Options{Lab: lab()})
	want, got := probe.NewFact("status", "101"), probe.NewFact("refused", text)
	p := session.NewProgress(lab())
	for _, e := range []session.Event{
		{Kind: session.Booting, Engine: text},
		{Kind: session.Checking, Step: "drop-upgrade"},
		{Kind: session.Judged, Step: "drop-upgrade", Check: 1, Outcome: probe.NotMet, Want: &want, Got: &got, Meaning: text,
			Evidence: []probe.Exchange{{From: text, To: text, Text: text, Notes: []string{text}}}},
		{Kind: session.StepUnmet, Step: "drop-upgrade", Outcome: probe.NotMet},
		{Kind: session.Rejected, Message: text, File: text, Line: 3},
		{Kind: session.Trouble, Code: text, Message: text},
	} {
		p = p.Apply(e)
		if err := r.Observe(e, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(strings.NewReader(b.String()))
	for {
		_, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, b.String())
		}
	}
}

func TestTranscriptOfAnyBytes(t *testing.T) {
	text := "\x1b[31m\x9b\u009b\u202ered\x00\r\n"
	var b strings.Builder
	r := NewText(&b, Options{Lab: lab()})
	got := probe.NewFact("body", text)
	p := session.NewProgress(lab())
	for _, e := range []session.Event{
		{Kind: session.Booting, Engine: text},
		{Kind: session.Staged, Stage: &session.Stage{Name: text, Subject: text, Detail: text}},
		{Kind: session.Saved, Files: []string{text}},
		{Kind: session.Rejected, Message: text, File: text, Line: 1},
		{Kind: session.Judged, Step: "drop-upgrade", Outcome: probe.NotMet, Got: &got, Meaning: text, Check: 9,
			Evidence: []probe.Exchange{{From: text, To: text, Text: text, Notes: []string{text}}}},
		{Kind: session.Reset, Message: text}, {Kind: session.Trouble, Code: text},
	} {
		p = p.Apply(e)
		if err := r.Observe(e, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile("[\x00-\x09\x0b-\x1f\x7f\u0080-\u009f\u202e]").FindString(b.String()); m != "" {
		t.Errorf("%q reached the transcript:\n%q", m, b.String())
	}
}

func TestWordsForEveryFactAndMeaning(t *testing.T) {
	facts := []probe.Fact{{}}
	for _, f := range strings.Split(`status 400|message hi|closed EOF|closed 30.1|no-answer|refused eof|header Host a|header Host a b c|`+
		`header-absent Host|header-present Host|not-received backend|open 3|closed-by proxy 3|closed-early 3|closed-late 3|`+
		`closed-unproven 3|control-closed 3|closes 30 1.5 proxy|closes 30 1.5 anyone|stays-open 3|value 60s|value 60s default|not-proxied 404|no-server 80|unresolved if ($x) a:1|value a b|at-least 3600s|`+
		`equals on|directive-absent x|body-contains a b|body a b|log-line a b|no-log-line a b|exit 1|output a b|timeout 5|trouble a b|`+
		`bad-handshake Upgrade|client-bad-handshake Upgrade 2|no-token 403|no-token a b|client-no-token 403 2`, "|") {
		words := strings.Fields(f)
		facts = append(facts, probe.NewFact(words[0], words[1:]...))
	}
	for _, lang := range locale.All() {
		for _, f := range facts {
			if got := Fact(lang, f); got == "" || strings.Contains(got, "%!") || strings.HasPrefix(got, "fact.") || strings.Contains(got, "{") {
				t.Errorf("%s %v: %q", lang, f, got)
			}
		}
		for _, code := range strings.Fields(`proxy-dropped-upgrade upgrade-still-forwarded let-in backend-not-found bad-gateway gateway-timeout
			default-timeout limit-not-idle traffic-resets-timer wrong-limit proxy-restarted not-proxy timeout-too-short
			connection-refused redirected cannot-tell depends-on-runtime bad-handshake no-token`) {
			if !locale.Has("meaning." + code) {
				t.Errorf("no words for meaning.%s", code)
			}
		}
	}
}

func TestCountdownMarks(t *testing.T) {
	for total, want := range map[time.Duration]string{
		0: "[]", 3 * time.Second: "[]", 6 * time.Second: "[]", 8 * time.Second: "[5s]", 30 * time.Second: "[5s 10s 20s]",
		35 * time.Second: "[5s 10s 20s 30s]",
	} {
		got := []time.Duration{}
		for at := range marks(total) {
			got = append(got, at)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%v: got %v, want %s", total, got, want)
		}
	}
}

// TestNothingCheckedHasNotPassed wants no report to say that a session passed in which no check came to a verdict, though
// every step was met in an earlier one.
func TestNothingCheckedHasNotPassed(t *testing.T) {
	lab := course.Lab{ID: "x", Steps: []course.Step{{ID: "one", Checks: []course.Check{{Kind: course.KindHandshake,
		Handshake: &course.Handshake{}}}}}}
	p := session.NewProgress(lab)
	p.Steps[0].Met, p.Steps[0].Earlier = true, true
	for _, guided := range []bool{false, true} {
		o := Options{Lab: lab, Guided: guided}
		for name, report := range map[string]func(*strings.Builder) reporter{
			"text":  func(b *strings.Builder) reporter { return NewText(b, o) },
			"json":  func(b *strings.Builder) reporter { return NewJSON(b, o) },
			"junit": func(b *strings.Builder) reporter { return NewJUnit(b, o) },
		} {
			var b strings.Builder
			r := report(&b)
			if err := r.Observe(session.Event{Kind: session.Ready}, p); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if out := b.String(); strings.Contains(out, "Result: passed") || strings.Contains(out, `"passed":true,"seconds`) ||
				name == "junit" && !strings.Contains(out, "<error") {
				t.Errorf("%s, guided %v:\n%s", name, guided, out)
			}
		}
	}
}

// TestTimeOfAnInterruptedSession: the time that is told is the one until the end, not until the last thing that happened.
func TestTimeOfAnInterruptedSession(t *testing.T) {
	began := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	text := NewText(&out, Options{Guided: true, Now: func() time.Time { return began.Add(4 * time.Second) }})
	_ = text.Observe(session.Event{Kind: session.Booting, Time: began}, session.Progress{})
	_ = text.Observe(session.Event{Kind: session.Booting, Time: began.Add(69 * time.Millisecond)}, session.Progress{})
	_ = text.Close()
	if got := out.String(); !strings.Contains(got, "4 s") || strings.Contains(got, "69 ms") {
		t.Errorf("got:\n%s", got)
	}
}
