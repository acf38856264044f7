package journal

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cwk-stream/lab/internal/locale"
)

// found is damage as Load tells it, in short.
func found(d Damage) string {
	if d.Lines() == 0 {
		return ""
	}
	return fmt.Sprintf("torn %d, zeros %d, corrupt %d: %s", d.Torn, d.Zeros, d.Corrupt, d.Places())
}

// TestDamageIsToldOnce: what is damaged is told, set aside as it was and not told again; what is an event counts and stays.
func TestDamageIsToldOnce(t *testing.T) {
	empty := strings.Repeat("\x00", 700)
	newer := `{"id":"n-1","time":"2026-11-23T00:00:00Z","kind":"step-met","check":"a string by then","mood":"good"}`
	unknown := `{"id":"u-1","seq":7,"time":"2026-11-23T00:00:00Z","kind":"levitated","height":3}`
	deep := `{"id":"d-1","seq":6,"time":"2026-11-22T12:00:00Z","kind":"hint","evidence":` + strings.Repeat("[", 3000) + strings.Repeat("]", 3000) + `}`
	abyss := `{"id":"d-1","evidence":` + strings.Repeat("[", maxLine/2)
	for name, test := range map[string]struct {
		text   string
		want   string // places of the events in their sessions
		damage string
		bad    string // what is set aside
	}{
		"torn tail":            {good(1) + "\n" + good(2)[:50], "1", "torn 1, zeros 0, corrupt 0: 2", good(2)[:50] + "\n"},
		"torn in a character":  {good(1) + "\n" + `{"id":"` + "\xea\xb0", "1", "torn 1, zeros 0, corrupt 0: 2", `{"id":"` + "\xea\xb0\n"},
		"no last newline":      {good(1) + "\n" + good(2), "1 2", "", ""},
		"zero tail":            {good(1) + "\n" + empty, "1", "torn 0, zeros 1, corrupt 0: 2", ""},
		"endless zero tail":    {good(1) + "\n" + strings.Repeat("\x00", 3*maxLine), "1", "torn 0, zeros 1, corrupt 0: 2", ""},
		"zeros after a line":   {good(1) + empty, "1", "", ""},
		"torn, then zeros":     {good(1) + "\n" + good(2)[:50] + empty, "1", "torn 1, zeros 0, corrupt 0: 2", good(2)[:50] + empty + "\n"},
		"zeros in between":     {good(1) + "\n" + empty + "\n" + good(2) + "\n", "1 2", "torn 0, zeros 1, corrupt 0: 2", ""},
		"torn middle":          {good(1) + "\n" + good(2)[:50] + "\n" + good(3) + "\n", "1 3", "torn 1, zeros 0, corrupt 0: 2", good(2)[:50] + "\n"},
		"corrupt middle":       {good(1) + "\n" + `{"id":"x",,}` + "\n" + good(3) + "\n", "1 3", "torn 0, zeros 0, corrupt 1: 2", `{"id":"x",,}` + "\n"},
		"not UTF-8":            {"\xff{}\n" + good(1) + "\n", "1", "torn 0, zeros 0, corrupt 1: 1", "\xff{}\n"},
		"no id":                {`{"kind":"step-met"}` + "\n" + good(1) + "\n", "1", "torn 0, zeros 0, corrupt 1: 1", `{"kind":"step-met"}` + "\n"},
		"id is a number":       {`{"id":7}` + "\n" + good(1) + "\n", "1", "torn 0, zeros 0, corrupt 1: 1", `{"id":7}` + "\n"},
		"not an object":        {"null\n[]\n" + good(1) + "\n", "1", "torn 0, zeros 0, corrupt 2: 1, 2", "null\n[]\n"},
		"endless line":         {strings.Repeat("a", maxLine+5) + "\n" + good(1) + "\n", "1", "torn 0, zeros 0, corrupt 1: 1", strings.Repeat("a", maxLine+5) + "\n"},
		"endless, in between":  {good(1) + "\n" + strings.Repeat("a", 3*maxLine) + "\n" + good(2) + "\nx\n", "1 2", "torn 0, zeros 0, corrupt 2: 2, 4", strings.Repeat("a", 3*maxLine) + "\nx\n"},
		"endless depth":        {abyss + "\n" + good(1), "1", "torn 0, zeros 0, corrupt 1: 1", abyss + "\n"},
		"depth":                {deep + "\n", "6", "", ""},
		"many":                 {strings.Repeat("rubbish\n", 5) + good(1), "1", "torn 0, zeros 0, corrupt 5: 1, 2, 3 …", strings.Repeat("rubbish\n", 5)},
		"empty lines and CRLF": {"\n\n" + good(1) + "\r\n\r\n" + good(2) + "\r\n", "1 2", "", ""},
		"byte order marks":     {"\ufeff" + good(1) + "\n\ufeff" + good(2) + "\n", "1 2", "", ""},
		"two in a line":        {good(1) + good(2) + "\n" + good(3), "1 2 3", "", ""},
		"unknown kind":         {unknown + "\n" + good(1) + "\n", "1 7", "", ""},
		"newer version":        {newer + "\n" + good(1) + "\n", "1", "", ""},
		"twice":                {good(1) + "\n" + good(1) + "\n", "1", "", ""},
		"empty":                {"\n", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			j := open(t, test.text)
			for n, want := range []string{test.damage, "", ""} {
				events, damage := load(t, j)
				if got := seqs(events); got != test.want {
					t.Errorf("got %s, want %s", got, test.want)
				}
				if d := cmp.Diff(want, found(damage)); d != "" || want != "" && damage.Aside != j.BadPath() {
					t.Errorf("load %d: damage in %q (-want +got):\n%s", n, damage.Aside, d)
				}
			}
			if d := cmp.Diff(test.bad, content(t, j.BadPath())); d != "" {
				t.Errorf("set aside (-want +got):\n%s", d)
			}
			if test.damage == "" && content(t, j.Path()) != test.text {
				t.Error("the file was rewritten")
			}
			if strings.Contains(test.text, newer) && !strings.Contains(content(t, j.Path()), newer) {
				t.Error("what a newer version wrote is gone")
			}
			mustBeAlone(t, j)
		})
	}
}

// mustBeAlone wants nothing beside a journal but its lock and what was set aside.
func mustBeAlone(t *testing.T, j *Journal) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(j.Path()))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		switch filepath.Join(filepath.Dir(j.Path()), e.Name()) {
		case j.Path(), j.Path() + ".lock", j.BadPath():
		default:
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

// TestAppendMendsTheTail: what a killed writer left of a line is no damage once the next event is there.
func TestAppendMendsTheTail(t *testing.T) {
	empty := strings.Repeat("\x00", 700)
	for name, test := range map[string]struct{ text, want, bad string }{
		"whole":              {good(1) + "\n", good(1) + "\n", ""},
		"no last newline":    {good(1) + "\n" + good(2), good(1) + "\n" + good(2) + "\n", ""},
		"two, no newline":    {good(1) + good(2), good(1) + good(2) + "\n", ""},
		"torn":               {good(1) + "\n" + good(2)[:50], good(1) + "\n", good(2)[:50] + "\n"},
		"torn only":          {good(2)[:50], "", good(2)[:50] + "\n"},
		"torn, then zeros":   {good(1) + "\n" + good(2)[:50] + empty, good(1) + "\n", good(2)[:50] + "\n"},
		"zeros":              {good(1) + "\n" + empty, good(1) + "\n", ""},
		"zeros only":         {empty, "", ""},
		"zeros after a line": {good(1) + empty, good(1) + empty + "\n", ""},
	} {
		j := open(t, test.text)
		if err := j.Append(t.Context(), event(9)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(test.want+good(9)+"\n", content(t, j.Path())); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if got := content(t, j.BadPath()); got != test.bad {
			t.Errorf("%s: %q set aside, want %q", name, got, test.bad)
		}
		if _, damage := load(t, j); damage.Lines() > 0 {
			t.Errorf("%s: %s", name, found(damage))
		}
	}
}

// TestDamageThatCannotBeMoved is told each time, changes nothing, and keeps nobody from reading or appending.
func TestDamageThatCannotBeMoved(t *testing.T) {
	text := good(1) + "\nrubbish\n" + good(2) + "\n" + good(3)[:50]
	j := open(t, text)
	if err := os.Mkdir(j.BadPath(), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		events, damage := load(t, j)
		if seqs(events) != "1 2" || found(damage) != "torn 1, zeros 0, corrupt 1: 2, 4" || damage.Aside != "" {
			t.Errorf("got %s, %s in %q", seqs(events), found(damage), damage.Aside)
		}
	}
	if content(t, j.Path()) != text {
		t.Error("the file was rewritten")
	}
	if err := j.Append(t.Context(), event(4)); err != nil {
		t.Fatal(err)
	}
	if events, _ := load(t, j); seqs(events) != "1 2 4" {
		t.Errorf("got %s", seqs(events))
	}
}

// TestSetAsideFollowsALink: a journal that is kept elsewhere stays there, and is readable by its owner alone.
func TestSetAsideFollowsALink(t *testing.T) {
	kept := filepath.Join(t.TempDir(), "kept.jsonl")
	if err := os.WriteFile(kept, []byte("rubbish\n"+good(1)), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "progress.jsonl")
	if err := os.Symlink(kept, path); err != nil {
		t.Skip(err)
	}
	j, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if events, damage := load(t, j); seqs(events) != "1" || damage.Aside == "" {
		t.Errorf("got %s, %+v", seqs(events), damage)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
	if info, err := os.Stat(kept); err != nil || info.Mode().Perm() != 0o600 || content(t, kept) != good(1)+"\n" {
		t.Errorf("the file is %v, %v: %q", info, err, content(t, kept))
	}
}

func TestWordsForDamage(t *testing.T) {
	for _, lang := range locale.All() {
		for _, key := range []string{"journal.aside", "journal.torn", "journal.zeros", "journal.damage"} {
			if words := lang.Say(key, "path", 3, "1, 2", "bad"); !locale.Has(key) || strings.Contains(words, "%!") {
				t.Errorf("%s: %q", key, words)
			}
		}
	}
}
