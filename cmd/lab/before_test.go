package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/reward"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/labs"
	"github.com/cwk-stream/lab/lessons"
)

// stood is what counts of a standing.
type stood struct {
	XP, Level, LessonsDone int
	States                 map[string]reward.LessonState
	Got                    map[string]time.Time
}

func stand(s reward.Standing) stood {
	out := stood{s.XP, s.Level, s.LessonsDone, s.States, map[string]time.Time{}}
	for _, a := range s.Achievements {
		if a.Got {
			out.Got[a.ID] = a.When.UTC()
		}
	}
	return out
}

// before is an app with the journal in testdata/before, and what the version before made of that. It has what that wrote while a
// student read two lessons and took the lab of the third, with a mistake, a hint, a solution and a reset.
func before(t *testing.T) (*app, stood) {
	t.Helper()
	home := t.TempDir()
	written, err := os.ReadFile(filepath.Join("testdata", "before", "progress.jsonl"))
	if err == nil {
		err = os.WriteFile(filepath.Join(home, "progress.jsonl"), written, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join("testdata", "before", "status.json"))
	if err != nil {
		t.Fatal(err)
	}
	var standing reward.Standing
	if err := json.Unmarshal(data, &standing); err != nil {
		t.Fatal(err)
	}
	return &app{world: world{out: io.Discard, err: os.Stderr,
		getenv: func(key string) string { return map[string]string{"LAB_HOME": home}[key] }}}, stand(standing)
}

func TestJournalOfTheVersionBefore(t *testing.T) {
	a, want := before(t)
	_, got, err := a.standings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, stand(got)); d != "" {
		t.Errorf("(-the version before +this one):\n%s", d)
	}
	target, err := a.find("03", "")
	if err != nil {
		t.Fatal(err)
	}
	h, err := a.history(t.Context(), target.lab)
	if err != nil || len(h.Met) != 4 || len(h.Awarded) != 4 || h.Hints["drop-upgrade"] != 1 || len(h.Solved) != 0 {
		t.Errorf("history %+v, %v", h, err)
	}
}

// TestStepThatWasRenamed: a step gets another id in one variant of a lab of the course, and a third one later. Nothing of what
// was achieved is lost, and nothing is given twice.
func TestStepThatWasRenamed(t *testing.T) {
	a, want := before(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, labs.FS); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "03-reverse-proxy")
	written, err := os.ReadFile(filepath.Join(folder, "lab.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []struct{ from, to string }{
		{"- id: drop-upgrade\n", "- id: lose-upgrade\n    was: [drop-upgrade]\n"},
		{"- id: lose-upgrade\n    was: [drop-upgrade]\n", "- id: without-upgrade\n    was: [lose-upgrade, drop-upgrade]\n"},
	} {
		if n := strings.Count(string(written), change.from); n != 1 {
			t.Fatalf("%q is there %d times", change.from, n)
		}
		written = []byte(strings.Replace(string(written), change.from, change.to, 1))
		id := strings.Fields(change.to)[2]
		solutions := filepath.Join(folder, "solutions")
		if err := os.CopyFS(filepath.Join(solutions, id), os.DirFS(filepath.Join(solutions, "drop-upgrade"))); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "lab.yaml"), written, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := course.Load(lessons.FS, os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.standing(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, stand(got)); d != "" {
			t.Errorf("%s (-before +after):\n%s", id, d)
		}
		lab, err := c.Lab("03-reverse-proxy", "")
		if err != nil {
			t.Fatal(err)
		}
		h, err := a.history(t.Context(), lab)
		if err != nil || !h.Met[id] || !h.Awarded[id] || h.Hints[id] != 1 || len(h.Met) != 4 {
			t.Errorf("%s: history %+v, %v", id, h, err)
		}
		if now, err := stepID(lab, "drop-upgrade"); now != id || err != nil {
			t.Errorf("--step drop-upgrade is %q, %v", now, err)
		}
		j, err := a.journal() // met once more, under its new id
		if err == nil {
			err = j.Append(t.Context(), session.Event{Time: session.Began.Add(20 * time.Hour), Kind: session.StepMet, Lab: lab.ID,
				Variant: lab.Variant, Step: id, XP: 20, Engine: "embedded"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
