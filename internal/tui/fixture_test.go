package tui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// began is when every recorded session begins.
var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// stage plays a session by a script, without an engine: the events are those of a real one.
type stage struct {
	mu       sync.Mutex
	lab      course.Lab
	progress session.Progress
	now      time.Time
	seq      int
	tell     session.Observer
}

func (s *stage) emit(e session.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	s.now = s.now.Add(10 * time.Millisecond)
	e.Seq, e.Time, e.Lab, e.Engine = s.seq, s.now, s.lab.ID, "docker"
	e.ID = fmt.Sprintf("fixture-%06d", s.seq)
	s.progress = s.progress.Apply(e)
	_ = s.tell.Observe(e, s.progress)
}

func (s *stage) wait(d time.Duration) { s.now = s.now.Add(d) }

func (s *stage) step() course.Step { return s.lab.Steps[s.progress.Current] }

func (s *stage) boot() {
	s.emit(session.Event{Kind: session.Booting})
	for _, st := range []session.Stage{
		{Name: "image", Subject: "debian:trixie-slim", Done: 28 << 20, Total: 28 << 20, End: true},
		{Name: "build", Subject: "backend", Done: 3, Total: 7, Detail: "Step 3/7 : RUN apt-get install python3-fastapi"},
	} {
		s.emit(session.Event{Kind: session.Staged, Stage: &st})
	}
}

func (s *stage) ready() {
	for _, st := range []session.Stage{
		{Name: "build", Subject: "backend", End: true}, {Name: "network", End: true},
		{Name: "create", Subject: "backend", End: true}, {Name: "create", Subject: "proxy", End: true},
		{Name: "start", Subject: "backend", End: true}, {Name: "start", Subject: "proxy", End: true},
		{Name: "ready", End: true},
	} {
		s.emit(session.Event{Kind: session.Staged, Stage: &st})
	}
	s.emit(session.Event{Kind: session.Ready, Seconds: 1.21})
}

func (s *stage) save() {
	s.emit(session.Event{Kind: session.Saved, Files: []string{"websocket.conf"}})
	s.emit(session.Event{Kind: session.Applying})
}

func (s *stage) applied() { s.emit(session.Event{Kind: session.AppliedOK, Seconds: 0.118}) }

func (s *stage) reject() {
	s.save()
	s.emit(session.Event{Kind: session.Rejected, File: "websocket.conf", Line: 24,
		Message: `nginx: [emerg] unknown directive "proxy_pas" in /etc/nginx/lab/websocket.conf:24`})
}

func (s *stage) see(x probe.Exchange) {
	s.now = s.now.Add(time.Millisecond)
	x.At, x.Probe = s.now, "7f3a"
	s.emit(session.Event{Kind: session.Seen, Step: s.step().ID, Check: 1, Wire: &x})
}

func (s *stage) checking(check int, kind course.Kind, expect float64) {
	if check == 1 {
		s.emit(session.Event{Kind: session.Checking, Step: s.step().ID})
	}
	s.emit(session.Event{Kind: session.Probing, Step: s.step().ID, Check: check, CheckKind: kind, Expect: expect})
}

func (s *stage) judge(check int, kind course.Kind, o probe.Outcome, want, got probe.Fact, meaning string, took float64, wire ...probe.Exchange) {
	s.emit(session.Event{Kind: session.Judged, Step: s.step().ID, Check: check, CheckKind: kind, Outcome: o, Want: &want,
		Got: &got, Meaning: meaning, Seconds: took, Evidence: wire})
}

func (s *stage) met(took float64) {
	step := s.step()
	s.emit(session.Event{Kind: session.StepMet, Step: step.ID, Seconds: took, XP: step.XP, First: true})
	for _, st := range s.progress.Steps {
		if !st.Met {
			return
		}
	}
	s.emit(session.Event{Kind: session.Completed})
}

func (s *stage) next() {
	s.emit(session.Event{Kind: session.Moved, Step: s.lab.Steps[s.progress.Current+1].ID})
}

// exchanges of a handshake whose Upgrade header the proxy dropped.
func dropped() []probe.Exchange {
	return []probe.Exchange{
		{From: "you", To: "proxy", Kind: probe.WireRequest, Text: "GET /ws HTTP/1.1", Notes: []string{"Upgrade: websocket", "Connection: Upgrade"}},
		{From: "proxy", To: "backend", Kind: probe.WireRequest, Text: "GET /ws HTTP/1.1", Notes: []string{"Upgrade: —", "Connection: upgrade"}},
		{From: "backend", To: "proxy", Kind: probe.WireResponse, Text: "400 Bad Request"},
		{From: "proxy", To: "you", Kind: probe.WireResponse, Text: "400 Bad Request"},
		{From: "proxy", Kind: probe.WireLog, Text: `1772366400.354 *3 "GET /ws HTTP/1.1" 400 upstream=400 probe=7f3a`},
	}
}

func (s *stage) drop() {
	s.save()
	s.applied()
	s.checking(1, course.KindHandshake, 0)
	for _, x := range dropped() {
		s.see(x)
	}
	s.judge(1, course.KindHandshake, probe.Met, probe.NewFact("status", "400"), probe.NewFact("status", "400"), "", 0.004, dropped()...)
	s.checking(2, course.KindReceived, 0)
	s.judge(2, course.KindReceived, probe.Met, probe.NewFact("header-absent", "Upgrade"), probe.NewFact("header-absent", "Upgrade"), "", 0.006)
	s.met(0.012)
}

// stillUpgraded is a first try that changed nothing.
func (s *stage) stillUpgraded() {
	s.checking(1, course.KindHandshake, 0)
	for _, x := range upgraded() {
		s.see(x)
	}
	s.judge(1, course.KindHandshake, probe.NotMet, probe.NewFact("status", "400"), probe.NewFact("status", "101"),
		"upgrade-still-forwarded", 0.005, upgraded()...)
	s.emit(session.Event{Kind: session.StepUnmet, Step: s.step().ID, Outcome: probe.NotMet, Seconds: 0.005})
}

func upgraded() []probe.Exchange {
	return []probe.Exchange{
		{From: "you", To: "proxy", Kind: probe.WireRequest, Text: "GET /ws HTTP/1.1", Notes: []string{"Upgrade: websocket", "Connection: Upgrade"}},
		{From: "proxy", To: "backend", Kind: probe.WireRequest, Text: "GET /ws HTTP/1.1", Notes: []string{"Upgrade: websocket", "Connection: upgrade"}},
		{From: "proxy", To: "you", Kind: probe.WireResponse, Text: "101 Switching Protocols"},
	}
}

func (s *stage) forward() {
	s.save()
	s.applied()
	s.checking(1, course.KindHandshake, 0)
	for _, x := range upgraded() {
		s.see(x)
	}
	s.judge(1, course.KindHandshake, probe.Met, probe.NewFact("status", "101"), probe.NewFact("status", "101"), "", 0.004, upgraded()...)
	s.checking(2, course.KindEcho, 0)
	s.see(probe.Exchange{From: "you", To: "proxy", Kind: probe.WireMessage, Text: "hello"})
	s.see(probe.Exchange{From: "proxy", To: "you", Kind: probe.WireMessage, Text: "hello"})
	s.judge(2, course.KindEcho, probe.Met, probe.NewFact("message", "hello"), probe.NewFact("message", "hello"), "", 0.005)
	s.met(0.011)
}

func (s *stage) watch() {
	s.save()
	s.applied()
	s.checking(1, course.KindIdle, 30)
	s.see(probe.Exchange{From: "you", To: "proxy", Kind: probe.WireOpen, Text: "idle"})
	s.see(probe.Exchange{From: "you", To: "backend", Kind: probe.WireOpen, Text: "control"})
}

func (s *stage) fall() {
	s.see(probe.Exchange{From: "proxy", To: "you", Kind: probe.WireClose, Text: "EOF"})
	s.see(probe.Exchange{From: "proxy", Kind: probe.WireLog,
		Text: "2026/03/01 12:00:30 [info] 19#19: *10 upstream timed out (110: Connection timed out) while proxying upgraded connection"})
	want, got := probe.NewFact("closes", "30", "1.5", "proxy"), probe.NewFact("closed-by", "proxy", "30.007")
	s.emit(session.Event{Kind: session.Judged, Step: s.step().ID, Check: 1, CheckKind: course.KindIdle, Outcome: probe.Met,
		Want: &want, Got: &got, Seconds: 30.02, ClosedAfter: 30.007, LoggedAfter: 30.006})
	s.met(30.02)
}

func (s *stage) restore() {
	s.save()
	s.applied()
	s.checking(1, course.KindEffective, 0)
	s.judge(1, course.KindEffective, probe.Met, probe.NewFact("at-least", "3600 s"), probe.NewFact("value", "3600 s"), "", 0.07)
	s.checking(2, course.KindIdle, 35)
	s.see(probe.Exchange{From: "you", To: "proxy", Kind: probe.WireOpen, Text: "idle"})
	s.see(probe.Exchange{From: "you", To: "backend", Kind: probe.WireOpen, Text: "control"})
	s.wait(35 * time.Second)
	s.judge(2, course.KindIdle, probe.Met, probe.NewFact("stays-open", "35"), probe.NewFact("open", "35.0"), "", 35.01)
	s.met(35.1)
}

// folder is a student's folder.
type folder struct {
	dir   string
	names []string
}

func (f folder) Dir() string             { return f.dir }
func (f folder) Path(name string) string { return filepath.Join(f.dir, name) }

func (f folder) Read() (course.Files, error) {
	out := course.Files{}
	for _, n := range f.names {
		data, err := os.ReadFile(f.Path(n))
		if err != nil {
			return nil, err
		}
		out[n] = data
	}
	return out, nil
}

func newFolder(dir string, files course.Files) (folder, error) {
	f := folder{dir: dir}
	for name, data := range files {
		f.names = append(f.names, name)
		if err := os.WriteFile(f.Path(name), data, 0o600); err != nil {
			return f, err
		}
	}
	return f, nil
}

// theatre is a Backend whose labs are played.
type theatre struct {
	stage    *stage
	live     *Live
	requests chan session.Request
	read     []string
	ended    int
	standing Standing
	err      error // of Begin
}

// newTheatre lays a student's folder out in dir. The course is testdata's, so that the goldens hold still.
func newTheatre(dir string) (*theatre, course.Course, error) {
	lab := testLab()
	files, err := lab.Initial()
	if err != nil {
		return nil, course.Course{}, err
	}
	f, err := newFolder(dir, files)
	if err != nil {
		return nil, course.Course{}, err
	}
	t := &theatre{requests: make(chan session.Request, 16), standing: poller()}
	t.stage = &stage{lab: lab, progress: session.NewProgress(lab), now: began}
	t.live = &Live{Lab: lab, Progress: t.stage.progress, Files: f, Requests: t.requests, Engine: "docker",
		End: func() error { t.ended++; return nil }}
	c := course.Course{Lessons: append([]course.Lesson{testLesson()}, moreLessons()...)}
	return t, c, nil
}

func testLesson() course.Lesson {
	text := func(title, file string) course.LessonText {
		markdown, err := os.ReadFile("testdata/" + file)
		if err != nil {
			panic(err)
		}
		return course.LessonText{Title: title, Markdown: string(markdown), Links: []course.Link{
			{Title: "RFC 6455 §4.2.1", URL: "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1"},
			{Title: "nginx: WebSocket proxying", URL: "https://nginx.org/en/docs/http/websocket.html"}}}
	}
	return course.Lesson{ID: "03-reverse-proxy", Number: 3, Status: "published", Minutes: 11, XP: 30, Lab: "03-reverse-proxy",
		Tags: []string{"production", "nginx", "caddy"}, Texts: map[locale.Lang]course.LessonText{
			locale.English: text("Reverse proxy", "lesson.en.md"), locale.Korean: text("리버스 프록시", "lesson.ko.md")}}
}

func testLab() course.Lab {
	t := func(en, ko string) course.Text { return course.Text{En: en, Ko: ko} }
	handshake := func() course.Check {
		return course.Check{Kind: course.KindHandshake, Limit: 5 * time.Second, Handshake: &course.Handshake{}}
	}
	idle := func(i course.Idle) course.Check {
		i.Control = "backend"
		return course.Check{Kind: course.KindIdle, Limit: time.Minute, Idle: &i}
	}
	return course.Lab{ID: "03-reverse-proxy", Number: 3, Variant: "nginx", FS: os.DirFS("testdata/lab"),
		Title: t("Break a WebSocket proxy, then mend it", "웹소켓 프록시를 일부러 깨고 고치기"),
		Edit:  []course.Editable{{Path: "websocket.conf", Service: "proxy", Target: "/etc/nginx/lab/websocket.conf"}},
		Env:   course.Environment{Services: []course.Service{{Name: "backend"}, {Name: "proxy"}}},
		Steps: []course.Step{
			{ID: "drop-upgrade", XP: 20, Title: t("Break it: drop the Upgrade header", "일부러 깨기: Upgrade 헤더 빼기"),
				Goal:   t("Delete the line `proxy_set_header Upgrade $http_upgrade;` and save.", "`proxy_set_header Upgrade $http_upgrade;` 줄을 지우고 저장하세요."),
				Learnt: t("The 400 is not nginx's: it forwarded an ordinary GET, and the backend refused that.", "400을 보낸 것은 nginx가 아닙니다. nginx는 평범한 GET을 전달했고, 그것을 거절한 쪽은 백엔드입니다."),
				Hints:  []course.Text{t("Two lines in the location matter.", "location 안의 두 줄을 보세요."), t("The one that ends in `$http_upgrade`.", "`$http_upgrade`로 끝나는 줄입니다.")},
				Checks: []course.Check{handshake(), {Kind: course.KindReceived, Received: &course.Received{}}}},
			{ID: "forward-upgrade", XP: 20, Title: t("Fix it: forward Upgrade", "고치기: Upgrade 전달하기"),
				Goal:   t("Put the line back and save.", "그 줄을 되돌리고 저장하세요."),
				Learnt: t("After the 101 nginx is a tunnel and reads no HTTP any more.", "101 다음부터 nginx는 HTTP를 읽지 않는 터널입니다."),
				Checks: []course.Check{handshake(), {Kind: course.KindEcho, Echo: &course.Echo{}}}},
			{ID: "idle-drop", XP: 40, Title: t("Watch it die: 30 s idle", "죽는 것 보기: 30초 유휴"),
				Goal:   t("Add `proxy_read_timeout 30s;` to the location and save. Then wait.", "location에 `proxy_read_timeout 30s;`를 넣고 저장하세요. 그리고 기다립니다."),
				Learnt: t("You read an end of file, the backend notes 1006, and only nginx's log says why.", "클라이언트는 EOF를 읽고 백엔드는 1006을 기록하며, 이유는 nginx 로그에만 있습니다."),
				Checks: []course.Check{idle(course.Idle{Closed: &course.IdleClose{After: 30 * time.Second}})}},
			{ID: "restore", XP: 40, Title: t("Make it live: 3600 s", "살려 두기: 3600초"),
				Goal:   t("Set `proxy_read_timeout 3600s;` and save.", "`proxy_read_timeout 3600s;`로 바꾸고 저장하세요."),
				Learnt: t("Seen: the value in force, and a connection that outlived 30 seconds. Not seen: a whole hour.", "적용된 값과, 30초를 넘겨 살아남은 연결을 확인했습니다. 한 시간을 다 지켜본 것은 아닙니다."),
				Checks: []course.Check{{Kind: course.KindEffective, Effective: &course.Effective{}}, idle(course.Idle{OpenAfter: 35 * time.Second})}},
		}}
}

func (t *theatre) Begin(_ context.Context, _ course.Lesson, o session.Observer) (*Live, error) {
	t.stage.tell = o
	if t.err != nil {
		return nil, t.err
	}
	return t.live, nil
}
func (t *theatre) Standing(context.Context) (Standing, error) { return t.standing, nil }
func (t *theatre) MarkRead(_ context.Context, lesson string) error {
	t.read = append(t.read, lesson)
	return nil
}

// moreLessons fill the course screen up.
func moreLessons() []course.Lesson {
	lesson := func(n int, id, en, ko string, minutes int, tags ...string) course.Lesson {
		return course.Lesson{ID: id, Number: n, Status: "published", Minutes: minutes, Tags: tags, Lab: id,
			Texts: map[locale.Lang]course.LessonText{locale.English: {Title: en, Markdown: "# " + en + "\n"},
				locale.Korean: {Title: ko, Markdown: "# " + ko + "\n"}}}
	}
	return []course.Lesson{
		lesson(4, "04-tls", "TLS and wss", "TLS와 wss", 10, "production", "tls"),
		lesson(5, "05-scaling", "Scaling out", "여러 대로 늘리기", 12, "production", "redis"),
	}
}

func poller() Standing {
	t := func(en, ko string) course.Text { return course.Text{En: en, Ko: ko} }
	return Standing{Level: 0, Name: t("Poller", "폴러"), XP: 40, Next: 120,
		Levels: []Level{{0, t("Poller", "폴러"), 0}, {1, t("Long-Poller", "롱 폴러"), 120}, {2, t("Streamer", "스트리머"), 300}},
		Lessons: map[string]LessonState{"03-reverse-proxy": {Met: 2, Steps: 4, Left: 110},
			"04-tls": {Left: 90, Steps: 4}, "05-scaling": {Done: true, Read: true, Met: 4, Steps: 4}},
		Achievements: []Achievement{
			{ID: "first-handshake", Title: t("First handshake", "첫 핸드셰이크"), Text: t("A 101 on the wire.", "회선에서 101을 보았습니다."), Got: true, When: began},
			{ID: "first-400", Title: t("400 on purpose", "일부러 400"), Text: t("Broke a proxy, and knew why.", "프록시를 깨고 그 이유를 알았습니다.")},
		}}
}

// streamer is a standing after the lab: another level, another achievement.
func streamer() Standing {
	s := poller()
	s.Level, s.XP, s.From, s.Next, s.Name = 1, 160, 120, 300, s.Levels[1].Name
	s.Achievements[1].Got, s.Achievements[1].When = true, began
	return s
}

func (s *stage) trouble() {
	s.emit(session.Event{Kind: session.Trouble, Code: "docker-gone", Message: "the engine at unix:///var/run/docker.sock went away"})
}

func (s *stage) hint() {
	n := s.progress.Steps[s.progress.Current].Hints + 1
	s.emit(session.Event{Kind: session.Hinted, Step: s.step().ID, Number: n})
}
