package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// paper is an engine whose one service answers / with what its file says: a status, or "bad" for a file that it
// refuses.
type paper struct {
	mu       sync.Mutex
	running  int
	most     int
	starts   int
	unable   bool
	breaking string // contents that end the service
	coin     int    // a command fails each so many times; 0 for never
	wobble   int    // / is answered with 201 and 200 each so many times, whatever the file says; 0 for never
	hurry    bool   // / is answered with 429 within half a second of another request
}

func (p *paper) Name() string { return "docker" }

func (p *paper) Start(ctx context.Context, _ string, _ course.Environment, files []session.File, _ func(session.Stage)) (session.Environment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.starts++
	if p.unable {
		return nil, fmt.Errorf("no paper")
	}
	p.running++
	p.most = max(p.most, p.running)
	e := &sheet{engine: p, died: make(chan struct{}), text: string(files[0].Data)}
	e.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		status := 200
		_, _ = fmt.Sscan(e.text, &status)
		e.asked++
		switch since := time.Since(e.last); {
		case r.URL.Path != "/":
			status = 404
		case p.wobble > 0 && e.asked%p.wobble == 0:
			status = 401 - status // 200 for 201, and 201 for 200
		case p.hurry && since < 500*time.Millisecond && string(e.put) != "" && e.same:
			status = 429
		}
		e.last, e.same = time.Now(), true
		w.WriteHeader(status)
	}))
	return e, nil
}

type sheet struct {
	engine    *paper
	server    *httptest.Server
	log       probe.Log
	died      chan struct{}
	mu        sync.Mutex
	text, put string
	stopped   bool
	asked     int // requests so far
	ran       int // commands so far
	last      time.Time
	same      bool // the files are those of the last request
}

func (e *sheet) Services() []string               { return []string{"web"} }
func (e *sheet) Addr(string, int) (string, error) { return e.server.Listener.Addr().String(), nil }
func (e *sheet) Exec(context.Context, string, ...string) (probe.ExecResult, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ran++; e.engine.coin > 0 && e.ran%e.engine.coin == 0 {
		return probe.ExecResult{Code: 1}, nil
	}
	return probe.ExecResult{}, nil
}
func (e *sheet) ReadFile(context.Context, string, string) ([]byte, error) { return nil, fs.ErrNotExist }
func (e *sheet) Log(string) *probe.Log                                    { return &e.log }
func (e *sheet) Died() <-chan struct{}                                    { return e.died }
func (e *sheet) Cause() error                                             { return fmt.Errorf("torn") }
func (e *sheet) Put(_ context.Context, files []session.File) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.put = string(files[0].Data)
	return nil
}

func (e *sheet) Apply(context.Context, string) (session.Applied, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if strings.HasPrefix(e.put, "bad") {
		return session.Applied{Message: "this is bad", File: "/status", Line: 1}, nil
	}
	e.same = false
	if e.text = e.put; e.engine.breaking != "" && e.text == e.engine.breaking {
		close(e.died)
	}
	return session.Applied{OK: true}, nil
}

func (e *sheet) Stop(context.Context) error {
	e.mu.Lock()
	stopped := e.stopped
	e.stopped = true
	e.mu.Unlock()
	if !stopped {
		e.server.Close()
		e.log.End()
		e.engine.mu.Lock()
		e.engine.running--
		e.engine.mu.Unlock()
	}
	return nil
}

// onPaper is a lab of two steps: have 201 answered, then 202.
func onPaper(change map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, data := range map[string]string{
		"compose.yaml": "services: { web: { image: \"web:1\", ports: [\"127.0.0.1::80\"] } }\n",
		"lab.yaml": `title: { en: A, ko: 가 }
variant: one
engines: [docker]
edit: [{ path: status, service: web, target: /status }]
steps:
  - id: first
    title: { en: A, ko: 가 }
    checks: [{ http: { via: web, path: /, expect: { status: 201 } } }]
  - id: second
    title: { en: A, ko: 가 }
    checks: [{ http: { via: web, path: /, expect: { status: 202 } } }]
`,
		"files/status":               "200",
		"solutions/first/status":     "201",
		"solutions/second/status":    "202",
		"mistakes/three/status":      "203",
		"mistakes/three/expect.yaml": "step: second\nverdict: { check: 1, outcome: not-met, got: status 203 }\n",
		"mistakes/bad/status":        "bad",
		"mistakes/bad/expect.yaml":   "step: first\nrejected: { message: is bad, line: 1 }\n",
		"answers/spaces/status":      "  201",
		"answers/spaces/expect.yaml": "step: first\n",
	} {
		out[name] = &fstest.MapFile{Data: []byte(data), Mode: 0o644}
	}
	for name, data := range change {
		out[name] = &fstest.MapFile{Data: []byte(data), Mode: 0o644}
	}
	return out
}

func rehearse(t *testing.T, lab fstest.MapFS, engine *paper) []session.Trial {
	t.Helper()
	l, err := course.LoadLab(lab, "lab", "")
	if err != nil {
		t.Fatal(err)
	}
	trials, err := session.Rehearse(t.Context(), session.Rehearsal{Plays: []session.Play{{Lab: l, Engine: engine}}})
	if err != nil {
		t.Fatal(err)
	}
	if engine.running != 0 {
		t.Errorf("%d environments are left", engine.running)
	}
	return trials
}

func found(trials []session.Trial) []string {
	var out []string
	for _, t := range trials {
		if t.Finding != "" {
			out = append(out, strings.Join(append([]string{string(t.Kind), t.Name, t.Finding}, t.Args...), " "))
		}
	}
	return out
}

// TestRehearse has a good lab, and labs with one thing wrong each, which must be found and named.
func TestRehearse(t *testing.T) {
	vacuous := strings.Replace(string(onPaper(nil)["lab.yaml"].Data), "status: 201 } } }",
		"status: 201 } } }, { exec: { service: web, command: [\"true\"] } }", 1)
	for _, tt := range []struct {
		name   string
		change map[string]string
		want   []string
	}{
		{"good", nil, nil},
		{"nothing to do", map[string]string{"files/status": "201"}, []string{"before first passes-before", "checks first check-never-fails 1 http"}},
		{"a check that checks nothing", map[string]string{"lab.yaml": vacuous}, []string{"checks first check-never-fails 2 exec"}},
		{"a wrong solution", map[string]string{"solutions/second/status": "200"}, []string{"after second right-fails check 1 not-met status 200"}},
		{"a refused solution", map[string]string{"solutions/second/status": "bad"}, []string{"after second right-refused this is bad"}},
		{"a mistake that passes", map[string]string{"mistakes/three/status": "202"}, []string{"mistake mistakes/three mistake-passes"}},
		{"a mistake with another verdict", map[string]string{"mistakes/three/status": "204"},
			[]string{"mistake mistakes/three mistake-other-verdict check 1 not-met status 203 check 1 not-met status 204"}},
		{"a mistake that is accepted", map[string]string{"mistakes/bad/status": "299"}, []string{"mistake mistakes/bad mistake-accepted is bad check 1 not-met status 299"}},
		{"a mistake that is refused", map[string]string{"mistakes/three/status": "bad"}, []string{"mistake mistakes/three mistake-refused this is bad"}},
		{"a refusal in other words", map[string]string{"mistakes/bad/expect.yaml": "step: first\nrejected: { message: is good, line: 1 }\n"},
			[]string{"mistake mistakes/bad mistake-other-words is good this is bad"}},
		{"a refusal of another line", map[string]string{"mistakes/bad/expect.yaml": "step: first\nrejected: { message: is bad, line: 7 }\n"},
			[]string{"mistake mistakes/bad mistake-other-line 7 1"}},
		{"an answer that fails", map[string]string{"answers/spaces/status": "200 "}, []string{"answer answers/spaces right-fails check 1 not-met status 200"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			trials := rehearse(t, onPaper(tt.change), &paper{})
			if got := found(trials); !slices.Equal(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
			if _, err := json.Marshal(trials); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRehearseWithoutEnvironment(t *testing.T) {
	if testing.Short() {
		t.Skip("waits two seconds")
	}
	engine := &paper{unable: true}
	trials := rehearse(t, onPaper(nil), engine)
	for _, x := range trials {
		if x.Kind != session.TrialChecks && x.Finding != "no-environment" {
			t.Errorf("%s: %q, want no-environment", x.Name, x.Finding)
		}
	}
	if engine.starts > 2 {
		t.Errorf("it was tried %d times", engine.starts)
	}
}

// TestRehearseGoesOn has an answer that ends the service: the trials after it get another environment.
func TestRehearseGoesOn(t *testing.T) {
	engine := &paper{breaking: "203"}
	got := found(rehearse(t, onPaper(nil), engine))
	if !slices.Equal(got, []string{"mistake mistakes/three environment-broke torn"}) {
		t.Errorf("found %q", got)
	}
}

// TestRehearseSideBySide has six answers that wait four seconds each: they must not wait one after the other.
func TestRehearseSideBySide(t *testing.T) {
	change := map[string]string{"lab.yaml": strings.ReplaceAll(string(onPaper(nil)["lab.yaml"].Data),
		"checks: [{ http: { via: web, path: /, expect: { status: 201 } } }]",
		"checks: [{ http: { via: web, path: /, expect: { status: 201 } } }, { log: { service: web, match: x, absent: true, within: 4s } }]")}
	for i := range 6 {
		change[fmt.Sprintf("answers/a%d/status", i)] = "201" + strings.Repeat(" ", i+1)
		change[fmt.Sprintf("answers/a%d/expect.yaml", i)] = "step: first\n"
	}
	began := time.Now()
	engine := &paper{}
	got := found(rehearse(t, onPaper(change), engine))
	if !slices.Equal(got, []string{"checks first check-never-fails 2 log"}) {
		t.Errorf("found %q", got)
	}
	if took := time.Since(began); took > 12*time.Second || engine.most < 4 {
		t.Errorf("it took %s, in %d environments at once", took, engine.most)
	}
}
