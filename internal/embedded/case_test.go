package embedded_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/rogpeppe/go-internal/txtar"
)

// confPath is where the lab's configuration includes the student's file.
const confPath = "/etc/nginx/lab/websocket.conf"

// diffCase is one file of testdata/differential: what it is about, configurations, what a client does, and what real
// nginx with real FastAPI made of it. The sections:
//
//	websocket.conf    the student's file; nginx -t on it is always part of the outcome
//	NAME.conf         another one, for "apply NAME.conf" and for include
//	do                what the client does, a command a line (see command); nothing is applied without it
//	want              what real nginx did, written by -update
//	stand-in          instead of want for the embedded engine: what it says where it refuses what real nginx takes
type diffCase struct {
	name    string
	path    string
	archive *txtar.Archive
}

func (c diffCase) section(name string) (string, bool) {
	for _, f := range c.archive.Files {
		if f.Name == name {
			return string(f.Data), true
		}
	}
	return "", false
}

func (c diffCase) set(name, text string) {
	for i := range c.archive.Files {
		if c.archive.Files[i].Name == name {
			c.archive.Files[i].Data = []byte(text)
			return
		}
	}
	c.archive.Files = append(c.archive.Files, txtar.File{Name: name, Data: []byte(text)})
}

func loadCases(t testing.TB) []diffCase {
	t.Helper()
	paths, err := filepath.Glob("testdata/differential/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var cases []diffCase
	for _, p := range paths {
		if ok, err := regexp.MatchString(*only, filepath.Base(p)); err != nil || !ok {
			continue
		}
		a, err := txtar.ParseFile(p)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, diffCase{strings.TrimSuffix(filepath.Base(p), ".txtar"), p, a})
	}
	return cases
}

func (c diffCase) save(t testing.TB) {
	t.Helper()
	if err := os.WriteFile(c.path, txtar.Format(c.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// bench runs cases in one environment, one after the other; what only waits goes on while the next case begins, as
// connections keep the configuration that they were made under.
type bench struct {
	env     session.Environment
	tests   map[string]probe.ExecResult // of nginx -t, by case
	waiting chan struct{}               // bounds what goes on side by side: each may keep an old nginx worker alive
}

// begin runs the case up to where it only waits; the function that it returns waits for the rest and gives the outcome.
func (b *bench) begin(ctx context.Context, c diffCase) (func() string, error) {
	res := b.tests[c.name]
	r := &run{bench: b, c: c, begun: time.Now()}
	r.out = append(r.out, func() string { return "nginx -t: " + tested(res) })
	script, ok := c.section("do")
	if !ok || res.Code != 0 {
		return r.finish, nil
	}
	if err := b.lay(ctx, c); err != nil {
		return nil, err
	}
	if err := r.apply(ctx); err != nil {
		return nil, err
	}
	for i, line := range strings.Split(strings.TrimSpace(script), "\n") {
		if err := r.command(ctx, i, line); err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
	}
	return r.finish, nil
}

// test runs nginx -t on every case. In a container that is one command for all of them, each case in a folder of its own,
// as a command of its own takes a container a hundred times longer than nginx itself.
func (b *bench) test(ctx context.Context, cases []diffCase, sideBySide bool) error {
	b.tests = map[string]probe.ExecResult{}
	if !sideBySide {
		for _, c := range cases {
			if err := b.lay(ctx, c); err != nil {
				return err
			}
			res, err := b.env.Exec(ctx, "proxy", "nginx", "-t")
			if err != nil {
				return err
			}
			b.tests[c.name] = res
		}
		return nil
	}
	main, err := b.env.ReadFile(ctx, "proxy", "/etc/nginx/nginx.conf")
	if err != nil {
		return err
	}
	for some := range slices.Chunk(cases, 300) { // as many as its small /tmp holds
		if err := b.testPacked(ctx, some, string(main)); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) testPacked(ctx context.Context, cases []diffCase, main string) error {
	const dir = "/tmp/cases/"
	packed := session.File{Service: "proxy", Path: "/etc/nginx/lab/cases.tar", Data: pack(cases, main)}
	if err := b.env.Put(ctx, []session.File{packed}); err != nil {
		return err
	}
	const loop = "rm -rf " + dir + " && cd /tmp && tar xf /etc/nginx/lab/cases.tar && cd " + dir + " && for c in *; do nginx -t -c " + dir +
		"$c/nginx.conf 2>&1; echo \"=$? $c\"; done"
	all, err := b.env.Exec(ctx, "proxy", "sh", "-c", loop)
	if err != nil {
		return err
	}
	if all.Code != 0 {
		return fmt.Errorf("testing all cases: exit code %d: %s", all.Code, all.Stderr)
	}
	var out strings.Builder
	for line := range strings.Lines(all.Stdout) {
		var res probe.ExecResult
		var name string
		if n, _ := fmt.Sscanf(line, "=%d %s", &res.Code, &name); n == 2 {
			res.Stderr = strings.ReplaceAll(out.String(), dir+name+"/", "/etc/nginx/")
			b.tests[name] = res
			out.Reset()
			continue
		}
		out.WriteString(line)
	}
	return nil
}

// pack makes a tar of all cases' files, each with a main configuration that includes its own.
func pack(cases []diffCase, main string) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	add := func(name string, data []byte) {
		_ = w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))})
		_, _ = w.Write(data)
	}
	main = strings.ReplaceAll(main, "/etc/nginx/lab/", "lab/")
	for _, c := range cases {
		add("cases/"+c.name+"/nginx.conf", []byte(main))
		for _, f := range c.archive.Files {
			if strings.HasSuffix(f.Name, ".conf") {
				add("cases/"+c.name+"/lab/"+f.Name, f.Data)
			}
		}
	}
	_ = w.Close()
	return out.Bytes()
}

// lay puts the files of a case.
func (b *bench) lay(ctx context.Context, c diffCase) error {
	var files []session.File
	for _, f := range c.archive.Files {
		if strings.HasSuffix(f.Name, ".conf") {
			files = append(files, session.File{Service: "proxy", Path: "/etc/nginx/lab/" + f.Name, Data: f.Data})
		}
	}
	return b.env.Put(ctx, files)
}

func (b *bench) put(ctx context.Context, conf string) error {
	return b.env.Put(ctx, []session.File{{Service: "proxy", Path: confPath, Data: []byte(conf)}})
}

// tested is the outcome of nginx -t without times and process numbers.
func tested(res probe.ExecResult) string {
	text := clean(res.Stderr)
	if res.Code == 0 {
		text = strings.ReplaceAll(text, "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n", "")
		text = strings.ReplaceAll(text, "nginx: configuration file /etc/nginx/nginx.conf test is successful\n", "ok\n")
		return text
	}
	text = strings.ReplaceAll(text, "nginx: configuration file /etc/nginx/nginx.conf test failed\n", "")
	return fmt.Sprintf("%s(exit code %d)\n", text, res.Code)
}

// run is one case under way.
type run struct {
	*bench
	c     diffCase
	begun time.Time
	out   []func() string // the parts of the outcome, in order
	wait  sync.WaitGroup
}

func (r *run) finish() string {
	r.wait.Wait()
	var b strings.Builder
	for _, f := range r.out {
		b.WriteString(f())
	}
	return b.String()
}

func (r *run) apply(ctx context.Context) error {
	applied, err := r.env.Apply(ctx, "proxy")
	if err != nil {
		return err
	}
	if !applied.OK {
		r.out = append(r.out, func() string { return "apply: " + clean(applied.Message) + "\n" })
	}
	return nil
}

// command does one line of a script:
//
//	apply FILE                     the section FILE becomes websocket.conf and is applied
//	put FILE                       the same without applying
//	METHOD TARGET [HTTP/1.0] [| Header: value]... [| body TEXT]
//	ws TARGET [HTTP/1.0] [| Header: value]... [-> STEP, STEP...]      a WebSocket; see steps
//
// A leading "&" lets what is sent by a plain request wait for its answer in the background.
func (r *run) command(ctx context.Context, n int, line string) error {
	verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	if strings.HasPrefix(verb, "#") || verb == "" {
		return nil
	}
	if verb == "apply" || verb == "put" {
		conf, _ := r.c.section(rest)
		if err := r.put(ctx, conf); err != nil || verb == "put" {
			return err
		}
		return r.apply(ctx)
	}
	p := &player{run: r, ctx: ctx, line: line, probe: fmt.Sprintf("%s.%d.%d", r.c.name, n, time.Now().UnixNano()%1e6),
		since: r.env.Log("proxy").Last(), sinceBackend: r.env.Log("backend").Last()}
	r.out = append(r.out, p.outcome)
	return p.begin()
}
