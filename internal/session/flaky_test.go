package session_test

import (
	"strings"
	"testing"

	"github.com/cwk-stream/lab/internal/session"
)

// TestFlaky has checks that end otherwise now and then: of their own, and of a service that does. What is only asked too
// often is none of them.
func TestFlaky(t *testing.T) {
	exec := strings.Replace(string(onPaper(nil)["lab.yaml"].Data), "status: 201 } } }",
		"status: 201 } } }, { exec: { service: web, command: [\"coin\"] } }", 1)
	for _, tt := range []struct {
		name   string
		lab    string
		engine *paper
		slow   bool
		want   []string // each contained in what was found
	}{
		{"a command, one time in four", exec, &paper{coin: 4}, false, []string{"after first flaky 2 exec met", "checks first check-never-fails 2 exec"}},
		{"a command, one time in twelve", exec, &paper{coin: 12}, false, []string{"after first flaky 2 exec met", "checks first check-never-fails 2 exec"}},
		{"a service, one time in five", "", &paper{wobble: 5}, true, []string{"before first flaky 1 http not-met", "after first flaky 1 http met"}},
		{"a service that bears no hurry", "", &paper{hurry: true}, true, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.slow && testing.Short() {
				t.Skip("takes its time")
			}
			t.Parallel()
			change := map[string]string{}
			if tt.lab != "" {
				change["lab.yaml"] = tt.lab
			}
			trials := rehearse(t, onPaper(change), tt.engine)
			got := strings.Join(found(trials), "\n")
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q among:\n%s", want, got)
				}
			}
			if len(tt.want) == 0 && got != "" {
				t.Errorf("found %s", got)
			}
			for _, x := range trials {
				if x.Finding == "flaky" && !strings.HasPrefix(x.Place, "lab.yaml:") {
					t.Errorf("%s: place %q", x.Name, x.Place)
				}
			}
		})
	}
}

// TestRehearsalOfTheLab has what is wrong with a lab whatever the files: a page to be ready by that is not there, and a check
// that tells nothing apart.
func TestRehearsalOfTheLab(t *testing.T) {
	text := string(onPaper(nil)["lab.yaml"].Data)
	for name, tt := range map[string]struct{ lab, want, place string }{
		"a page that is not there": {strings.Replace(text, "edit:", "services: { web: { ready: { port: 80, path: /nothing } } }\nedit:", 1),
			"ready web ready-not-found web /nothing 404", "lab.yaml:4"},
		"any answer": {strings.Replace(text, "edit:", "services: { web: { ready: { port: 80, path: / } } }\nedit:", 1), "", ""},
		"a limit below the wait": {strings.Replace(text, "status: 202 } } }", "status: 202 } } }, { idle: { via: web, path: /, open_after: 2s }, limit: 1s }", 1),
			"lint lab.yaml:11 lint limit: 1s is less than the 2s", "lab.yaml:11"},
	} {
		var of []session.Trial
		for _, x := range rehearse(t, onPaper(map[string]string{"lab.yaml": tt.lab}), &paper{}) {
			if x.Kind == session.TrialLint || x.Kind == session.TrialReady {
				of = append(of, x)
			}
		}
		got := strings.Join(found(of), "\n")
		if (got == "") != (tt.want == "") || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: found %q, want %q", name, got, tt.want)
		} else if got != "" && of[0].Place != tt.place {
			t.Errorf("%s: at %s, want %s", name, of[0].Place, tt.place)
		}
	}
}
