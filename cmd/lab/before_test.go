package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cwk-stream/lab/internal/reward"
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

// TestJournalOfTheVersionBefore: testdata/before has what the version before wrote while a student read two lessons and took
// the lab of the third, with a mistake, a hint, a solution and a reset; and what it made of that. It gives the same now.
func TestJournalOfTheVersionBefore(t *testing.T) {
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
	var want reward.Standing
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	a := &app{world: world{out: io.Discard, err: os.Stderr, getenv: func(key string) string { return map[string]string{"LAB_HOME": home}[key] }}}
	_, got, err := a.standings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(stand(want), stand(got)); d != "" {
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
