package course_test

import (
	"strings"
	"testing"

	"github.com/cwk-stream/lab/internal/course"
)

// TestLintChecks has checks that cannot do what they are written for, each with the place and the advice; and their right
// siblings, of which nothing is said.
func TestLintChecks(t *testing.T) {
	idle := func(closed string) string { return "idle: { via: backend, path: /, closed: { " + closed + " } }" }
	for _, tt := range []struct{ name, check, want, hint string }{
		{"a close that is told from one at once", idle("after: 3s, within: 1s, by: backend"), "", ""},
		{"a tolerance wider than the wait", idle("after: 3s, within: 10s"), "lab.yaml:10:69: within: from 10s before to 10s after 3s also includes a close at once", "less than after"},
		{"a tolerance as wide as the wait", idle("after: 3s, within: 3s"), "lab.yaml:10:69: within: ", "less than after"},
		{"a tolerance that no machine keeps", idle("after: 3s, within: 50ms"), "lab.yaml:10:69: within: 50ms is less than a busy machine is late by", "at least 200ms"},
		{"a limit below the wait", idle("after: 3s, within: 1s") + "\n        limit: 3s", "lab.yaml:11:16: limit: 3s is less than the 4s that the check may wait", "leave limit out"},
		{"a limit above the wait", idle("after: 3s, within: 1s") + "\n        limit: 4s", "", ""},
		{"a limit below what must stay open", "idle: { via: backend, path: /, open_after: 9s }\n        limit: 5s", "limit: 5s is less than the 9s", "leave limit out"},
		{"a close by who cannot be known", "idle: { via: front, path: /, closed: { after: 3s, within: 1s, by: other } }", "by: that other closed cannot be proven", "name the proxy"},
		{"a close by the proxy", "idle: { via: front, path: /, closed: { after: 3s, within: 1s, by: front } }", "", ""},
		{"a close by what the student edits", "idle: { via: front, path: /, closed: { after: 3s, within: 1s, by: backend } }", "", ""},
		{"a pattern of everything", `log: { service: backend, match: ".*" }`, `lab.yaml:10:41: the pattern ".*" matches whatever there is`, "name what only"},
		{"an output of everything", `exec: { service: backend, command: [c], expect: { match: "x*" } }`, `the pattern "x*" matches whatever there is`, "name what only"},
		{"an empty output", `exec: { service: backend, command: [c], expect: { match: "^$" } }`, "", ""},
		{"a body of an upgrade", "handshake: { via: backend, path: /, expect: { status: 101, contains: a } }", "contains: an answer of 101 has no body", "echo"},
		{"a body of a refusal", "handshake: { via: backend, path: /, expect: { status: [101, 403], contains: a } }", "", ""},
		{"pings that are too many and too few", "watch: { via: backend, path: /, expect: { pings: { during: 2s, at_least: 3, at_most: 2 } } }", "at_most: 2 is less than at_least, 3", "more than"},
		{"a close within nothing", "watch: { via: backend, path: /, expect: { closed: { after: 2s, within: 2s } } }", "within: 0s after 2s is less than", "at least 200ms"},
		{"a close within some time", "watch: { via: backend, path: /, expect: { closed: { within: 100ms } } }", "", ""},
		{"notice within nothing", "watch: { via: backend, path: /, mute: true, expect: { noticed: { by: backend, after: 2s, within: 2100ms } } }", "within: 100ms after 2s", "at least 200ms"},
		{"a window longer than the watch", "arrivals: { by: backend, during: 2s, window: 3s, at_most: 1 }", "window: 3s is more than the 2s that are watched", "less than during"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := files(archive(t, "testdata/good.txtar"), nil)
			fsys["compose.yaml"].Data = []byte(strings.Replace(string(fsys["compose.yaml"].Data), "volumes:\n  conf",
				"  front: { build: ./backend, command: [nginx], ports: [\"127.0.0.1::80\"] }\n  other: { build: ./backend, ports: [\"127.0.0.1::80\"] }\nvolumes:\n  conf", 1))
			fsys["lab.yaml"].Data = []byte(strings.Replace(string(fsys["lab.yaml"].Data),
				"http: { via: backend, path: /, expect: { status: 200 } }", tt.check, 1))
			lab, err := course.LoadLab(fsys, "lab", "")
			if err != nil {
				t.Fatal(err)
			}
			found := lab.LintChecks()
			switch {
			case tt.want == "" && len(found) > 0:
				t.Error(found)
			case tt.want != "" && (len(found) != 1 || !strings.Contains(found[0].String(), tt.want) || !strings.Contains(found[0].Hint, tt.hint)):
				t.Errorf("got %v %+v, want %q with hint %q", found, found, tt.want, tt.hint)
			}
		})
	}
}

// TestLintUntil wants the line that a reload is waited for by to be one that nginx says.
func TestLintUntil(t *testing.T) {
	for until, fine := range map[string]bool{"gracefully shutting down": true, "reconfiguring$": true, `exited with code \d+`: true,
		"never said": false, "Reloading": false, ".*": false} {
		fsys := files(archive(t, "testdata/good.txtar"), nil)
		fsys["lab.yaml"].Data = []byte(strings.Replace(string(fsys["lab.yaml"].Data), "edit:",
			"services: { backend: { apply: { stub: nginx, signal: HUP, until: '"+until+"' } } }\nedit:", 1))
		lab, err := course.LoadLab(fsys, "lab", "")
		if err != nil {
			t.Fatal(err)
		}
		if found := lab.LintChecks(); (len(found) == 0) != fine {
			t.Errorf("%s: got %v", until, found)
		} else if !fine && found[0].Line != 4 {
			t.Errorf("%s: got line %d, want 4", until, found[0].Line)
		}
	}
}
