package course

import (
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"

	"github.com/cwk-stream/lab/labs"
	"github.com/cwk-stream/lab/lessons"
)

// patience is far beyond what loading a lesson or a lab takes; slower is a way to use up the machine.
const patience = 10 * time.Second

// within fails the test if do takes too long.
func within(t *testing.T, do func()) {
	t.Helper()
	began := time.Now()
	do()
	if took := time.Since(began); took > patience {
		t.Errorf("it took %v", took)
	}
}

// controls fails the test if there is anything in v that a terminal would obey.
func controls(t *testing.T, v reflect.Value, at string) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		for _, r := range v.String() {
			if unicode.IsControl(r) && r != '\n' && r != '\t' {
				t.Errorf("%s: %q got through", at, v.String())
				return
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "FS" {
				controls(t, v.Field(i), at+"."+f.Name)
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return // bytes of a file
		}
		for i := range v.Len() {
			controls(t, v.Index(i), at)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			controls(t, k, at)
			controls(t, v.MapIndex(k), at)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			controls(t, v.Elem(), at)
		}
	}
}

// hostileTexts is what every text may try on a terminal: OSC 52 (the clipboard), OSC 8 (a link), a title, DCS, C1.
var hostileTexts = []string{"\x1b]52;c;AAAA\x07", "\x1b]8;;http://x\x1b\\x\x1b]8;;\x1b\\", "\x1b]0;x\x07", "\x1bP+q\x1b\\", "\u009b31m",
	"\\u001b]52;c;AAAA\\a", "\\x9b", "&#27;[31m", "\u202e", "\x00", "\x7f"}

func FuzzLesson(f *testing.F) {
	for _, lang := range []string{"en", "ko"} {
		data, err := fs.ReadFile(lessons.FS, "03-reverse-proxy/lesson."+lang+".md")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range hostileTexts {
		f.Add([]byte("---\ntitle: \"" + text + "\"\nminutes: 1\n---\n# " + text + "\n"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lesson := fstest.MapFS{"09-x/lesson.en.md": {Data: data}, "09-x/lesson.ko.md": {Data: data}}
		within(t, func() {
			if l, err := LoadLesson(lesson, "09-x"); err == nil {
				controls(t, reflect.ValueOf(l), "lesson")
			}
		})
	})
}

// lab03 is lab 03 with one file replaced.
func lab03(t testing.TB, name string, data []byte) fs.FS {
	t.Helper()
	lab := fstest.MapFS{}
	root, err := fs.Sub(labs.FS, "03-reverse-proxy")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"lab.yaml", "compose.yaml", "files/websocket.conf", "backend/Dockerfile", "proxy/Dockerfile",
		"solutions/drop-upgrade/websocket.conf", "solutions/forward-upgrade/websocket.conf", "solutions/idle-drop/websocket.conf",
		"solutions/restore/websocket.conf"} {
		was, err := fs.ReadFile(root, n)
		if err != nil {
			t.Fatal(err)
		}
		lab[n] = &fstest.MapFile{Data: was}
	}
	lab[name] = &fstest.MapFile{Data: data}
	return lab
}

func fuzzLab(f *testing.F, name string) {
	was, err := fs.ReadFile(labs.FS, "03-reverse-proxy/"+name)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(was)
	f.Fuzz(func(t *testing.T, data []byte) {
		lab := lab03(t, name, data)
		within(t, func() {
			l, err := LoadLab(lab, "03-reverse-proxy", "")
			if err != nil {
				return
			}
			controls(t, reflect.ValueOf(l), "lab")
			for _, s := range l.Env.Services {
				for _, c := range s.CapAdd {
					if c == "SYS_ADMIN" || c == "ALL" || c == "NET_ADMIN" {
						t.Errorf("%s may have %s", s.Name, c)
					}
				}
			}
		})
	})
}

func FuzzLab(f *testing.F) {
	for _, text := range hostileTexts {
		f.Add([]byte("title: { en: \"" + text + "\", ko: \"" + text + "\" }\nvariant: x\nengines: [docker]\nsteps: []\n"))
	}
	f.Add([]byte("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]\n"))
	fuzzLab(f, "lab.yaml")
}

func FuzzCompose(f *testing.F) {
	for _, extra := range []string{"privileged: true", "network_mode: host", "pid: host", "volumes: [\"/:/host\"]", "cap_add: [SYS_ADMIN]",
		"devices: [/dev/kmsg]", "security_opt: [\"seccomp:unconfined\"]", "ports: [\"0.0.0.0:80:80\"]", "image: \"${HOME}\"",
		"extends: { file: /etc/passwd, service: x }", "env_file: /etc/passwd", "build: ../..", "userns_mode: host", "ipc: host"} {
		f.Add([]byte("services: { proxy: { build: ./proxy, " + extra + " }, backend: { build: ./backend } }\n"))
	}
	f.Add([]byte("include: [/etc/passwd]\nservices: {}\n"))
	fuzzLab(f, "compose.yaml")
}

// FuzzDockerfile wants what is read of a Dockerfile that is accepted to be what is built of it.
func FuzzDockerfile(f *testing.F) {
	for _, text := range []string{"FROM debian:trixie-slim\nRUN a \\\n # b\n && c\n", "FROM scratch\nADD http://x/ /\n", "# syntax=x\nFROM scratch\n",
		"FROM scratch\nCOPY --from=0 [\"a\", \"b\"]\n", "FROM scratch\nRUN <<EOF\nADD x y\nEOF\n", "ONBUILD ONBUILD ONBUILD ADD a b\n", "RUN --net\\\nwork=host x\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		within(t, func() {
			d, err := ParseDockerfile("Dockerfile", data)
			if err != nil {
				return
			}
			b := buildRefusal{file: "Dockerfile", context: ".", lab: fstest.MapFS{}}
			if b.all(d); len(b.problems) > 0 {
				return
			}
			again, err := ParseDockerfile("Dockerfile", d.Text("k=v"))
			if err != nil {
				t.Fatalf("%q is built as what cannot be read: %v", data, err)
			}
			var was, now []string
			for _, i := range d.Instructions {
				was = append(was, i.Name+"\x00"+strings.Join(append(i.Flags, i.Args...), "\x00"))
			}
			for _, i := range again.Instructions {
				if i.Text != "LABEL k=v" {
					now = append(now, i.Name+"\x00"+strings.Join(append(i.Flags, i.Args...), "\x00"))
				}
			}
			if strings.Join(was, "\n") != strings.Join(now, "\n") {
				t.Errorf("%q is read as %q and built as %q", data, was, now)
			}
		})
	})
}

// FuzzExpect reads expect.yaml of a case.
func FuzzExpect(f *testing.F) {
	f.Add([]byte("step: idle-drop\nverdict: { check: 1, outcome: not-met, got: open }\n"))
	f.Add([]byte("step: drop-upgrade\nrejected: { message: x, line: 1 }\n---\n"))
	f.Add([]byte("step: &a [*a]\n<<: {}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys, ok := lab03(t, "mistakes/a/expect.yaml", data).(fstest.MapFS)
		if !ok {
			t.Fatal("not a map")
		}
		fsys["mistakes/a/websocket.conf"] = &fstest.MapFile{Data: []byte("x")}
		within(t, func() {
			lab, err := LoadLab(fsys, "03-reverse-proxy", "")
			if err != nil {
				t.Fatal(err)
			}
			if cases, err := lab.Cases(); err == nil {
				controls(t, reflect.ValueOf(cases), "cases")
			}
		})
	})
}

// FuzzMarkdown reads a lesson's text the way lint does.
func FuzzMarkdown(f *testing.F) {
	for _, text := range []string{"# a\n\n[a](#a) **b**c", strings.Repeat("> ", 30), strings.Repeat("*a ", 50), "| a |\n|---|\n", "```\n```", "<a><b", "![[[](a)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if line, _ := hostileMarkdown(text); line > 0 || len(text) > maxText {
			return
		}
		within(t, func() { lintMarkdown(text, nil) })
	})
}
