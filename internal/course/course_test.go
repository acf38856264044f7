package course_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/labs"
)

func TestLoadLab03(t *testing.T) {
	c, err := course.Load(os.DirFS("../../lessons"), labs.FS)
	if err != nil {
		t.Fatal(err)
	}
	lab, err := c.Lab("03-reverse-proxy", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := len(lab.Steps); got != 4 {
		t.Errorf("steps: got %d, want 4", got)
	}
	idle := lab.Steps[2].Checks[0]
	if got, want := idle.Limit, 41500*time.Millisecond; got != want {
		t.Errorf("idle limit: got %s, want %s", got, want)
	}
	if got := idle.Idle.Via; got != "proxy" {
		t.Errorf("idle via: got %q, want proxy", got)
	}
	proxy, ok := lab.Env.Service("proxy")
	if !ok || proxy.Build.Dir != "proxy" || proxy.Ports[0] != 8080 || proxy.Mounts["/etc/nginx/lab"] != "conf" ||
		proxy.Apply.Signal != "HUP" || !proxy.ReadOnly {
		t.Errorf("proxy: got %+v", proxy)
	}
	if lab.Env.Services[0].Name != "backend" {
		t.Errorf("the backend must start before the proxy, got %+v", lab.Env.Services)
	}
}

// TestStatuses writes what a handshake may be answered with as one number, and as a list.
func TestStatuses(t *testing.T) {
	base := archive(t, "testdata/good.txtar")
	for written, want := range map[string]string{
		"101": "[101]", "[401, 403]": "[401 403]",
		"99": "", "[401, 600]": "", "[]": "", "many": "", `["401"]`: "", "{}": "",
	} {
		fsys := files(base, nil)
		text := strings.Replace(string(fsys["lab.yaml"].Data), "http: { via: backend, path: /, expect: { status: 200 } }",
			"handshake: { via: backend, path: /, expect: { status: "+written+" } }", 1)
		fsys["lab.yaml"].Data = []byte(text)
		lab, err := course.LoadLab(fsys, "lab", "")
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "lab.yaml:10:") {
				t.Errorf("status: %s: got %v, want a problem in line 10", written, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("status: %s: %v", written, err)
		} else if got := fmt.Sprint(lab.Steps[0].Checks[0].Handshake.Expect.Status); got != want {
			t.Errorf("status: %s: got %s, want %s", written, got, want)
		}
	}
}

// TestWhatCannotRun wants a problem where a lab is read, and not an environment that does not start.
func TestWhatCannotRun(t *testing.T) {
	base := archive(t, "testdata/good.txtar")
	for want, change := range map[string][3]string{
		"lab.yaml:3:19: engines: nothing stands in for service backend": {"lab.yaml", "[docker]", "[docker, embedded]"},
		`lab.yaml:5:47: target: "/conf/a.conf" is on no volume`: {"compose.yaml", `    volumes: ["conf:/conf"]`,
			`    volumes: ["conf:/con"]` + "\n    read_only: true"},
		`lab.yaml:10:100: equals: "three" is no time`: {"lab.yaml", "http: { via: backend, path: /, expect: { status: 200 } }",
			`effective: { service: backend, directive: x, command: [c], match: "(.*)", unit: s, equals: three }`},
	} {
		fsys := files(base, nil)
		fsys[change[0]].Data = []byte(strings.Replace(string(fsys[change[0]].Data), change[1], change[2], 1))
		if _, err := course.LoadLab(fsys, "lab", ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestDollars wants two of them to be one, as for Compose: a lab's file works with either.
func TestDollars(t *testing.T) {
	fsys := files(archive(t, "testdata/good.txtar"), nil)
	fsys["compose.yaml"].Data = []byte(strings.Replace(string(fsys["compose.yaml"].Data), "    tmpfs: [/tmp]",
		`    command: [sh, -c, "echo $$HOME $$$$"]`, 1))
	lab, err := course.LoadLab(fsys, "lab", "")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := lab.Env.Services[0].Command[2], "echo $HOME $$"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFormerIDs wants each id that a step has or had to mean one step.
func TestFormerIDs(t *testing.T) {
	second := "\n  - id: two\n    was: %s\n    title: { en: \"B\", ko: \"나\" }\n    checks:\n      - http: { via: backend, path: /, expect: { status: 404 } }\n"
	for was, want := range map[string]string{
		"[]":           "",
		"[old, older]": "",
		"[one]":        `lab.yaml:12:11: was: "one" is the id of a step, or was named before`,
		"[two]":        `lab.yaml:12:11: was: "two" is the id of a step, or was named before`,
		"[old, old]":   "lab.yaml:12:10:",
		"[Old]":        `lab.yaml:12:11: was[0]: "Old" is not a name of small letters, digits and hyphens`,
		"old":          "lab.yaml:12:10:",
	} {
		fsys := files(archive(t, "testdata/good.txtar"), nil)
		fsys["lab.yaml"].Data = append([]byte(strings.TrimSpace(string(fsys["lab.yaml"].Data))), fmt.Sprintf(second, was)...)
		lab, err := course.LoadLab(fsys, "lab", "")
		switch {
		case want == "" && err != nil:
			t.Errorf("was: %s: %v", was, err)
		case want == "" && "["+strings.Join(lab.Steps[1].Was, ", ")+"]" != was:
			t.Errorf("was: %s: got %v", was, lab.Steps[1].Was)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("was: %s: got %v, want %s", was, err, want)
		}
	}
}
