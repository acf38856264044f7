package course_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/cwk-stream/lab/internal/course"
)

// TestHostileLabs loads labs that try to reach out of their containers or their folder, to take over a terminal, or
// to use up the machine. Each is an archive of what it changes in a good lab; its comment has, line by line, the
// problems that must be reported.
func TestHostileLabs(t *testing.T) {
	base := archive(t, "testdata/good.txtar")
	if _, err := course.LoadLab(files(base, nil), "lab", ""); err != nil {
		t.Fatalf("the good lab does not load: %v", err)
	}
	names, err := filepath.Glob("testdata/hostile/*.txtar")
	if err != nil || len(names) < 20 {
		t.Fatalf("only %d hostile labs, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			change := archive(t, name)
			refused(t, files(base, change), strings.Split(strings.TrimSpace(string(change.Comment)), "\n"))
		})
	}
}

func archive(t *testing.T, name string) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// files lays an archive's files over another's. "replace OLD | NEW" as a file's only line edits the one below.
func files(base, change *txtar.Archive) fstest.MapFS {
	out := fstest.MapFS{}
	for _, f := range base.Files {
		out[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
	}
	if change == nil {
		return out
	}
	for _, f := range change.Files {
		data := f.Data
		if edit, ok := strings.CutPrefix(string(data), "replace "); ok {
			old, now, _ := strings.Cut(strings.TrimSuffix(edit, "\n"), " | ")
			unescape := strings.NewReplacer(`\n`, "\n", `\e`, "\x1b", `\u202e`, "\u202e")
			data = []byte(strings.Replace(string(out[f.Name].Data), unescape.Replace(old), unescape.Replace(now), 1))
		}
		out[f.Name] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	return out
}

// refused wants loading to fail at once, with each of the problems.
func refused(t *testing.T, lab fstest.MapFS, want []string) {
	t.Helper()
	began := time.Now()
	_, err := course.LoadLab(lab, "lab", "")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	var problems course.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want problems", err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	for _, w := range want {
		if !strings.Contains(strings.Join(got, "\n"), w) {
			t.Errorf("no %q among:\n%s", w, strings.Join(got, "\n"))
		}
	}
	if strings.ContainsAny(err.Error(), "\x1b\a\u202e") {
		t.Errorf("the report itself has control characters: %q", err)
	}
}

// TestHostileFolder has what no archive can hold: links, pipes, sizes and numbers.
func TestHostileFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege there")
	}
	for _, tt := range []struct {
		name string
		make func(dir string) error
		want string
	}{
		{"a link out", func(dir string) error { return os.Symlink("/etc/passwd", dir+"/files/passwd") }, "lab/files/passwd: is a symbolic link"},
		{"a link inside", func(dir string) error { return os.Symlink("lab.yaml", dir+"/lab.caddy.yaml") }, "lab/lab.caddy.yaml: is a symbolic link"},
		{"a linked folder", func(dir string) error { return os.Symlink("/", dir+"/root") }, "lab/root: is a symbolic link"},
		{"a name with an escape sequence", func(dir string) error { return os.WriteFile(dir+"/a\x1b]0;b\a", nil, 0o644) }, "characters that a lab's file may not have"},
		{"a name with a drive", func(dir string) error { return os.WriteFile(dir+"/C:x", nil, 0o644) }, "characters that a lab's file may not have"},
		{"a large file", func(dir string) error { return sparse(dir+"/big", 5<<20) }, "lab/big: is larger than 4 MiB"},
		{"a large folder", func(dir string) error {
			for _, n := range "abcdefghijklmnopqr" {
				if err := sparse(dir+"/"+string(n), 4<<20); err != nil {
					return err
				}
			}
			return nil
		}, "is larger than 64 MiB"},
		{"a large text", func(dir string) error { return os.Truncate(dir+"/compose.yaml", 600<<10) }, "is not a text of at most 512 KiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, f := range files(archive(t, "testdata/good.txtar"), nil) {
				if err := os.MkdirAll(filepath.Dir(dir+"/"+name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(dir+"/"+name, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := tt.make(dir); err != nil {
				t.Fatal(err)
			}
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			_, err = course.LoadLab(root.FS(), "lab", "")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func sparse(name string, size int64) error {
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		return err
	}
	return os.Truncate(name, size)
}

func TestBombs(t *testing.T) {
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		a := strings.Repeat(",*a"+string(rune('0'+i-1)), 10)[1:]
		bomb += "a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + a + "]\n"
	}
	for name, text := range map[string]string{
		"aliases of aliases":    bomb,
		"brackets":              strings.Repeat("[", 200_000),
		"brackets, a line each": strings.Repeat("[\n", 50_000),
		"dashes":                strings.Repeat("- ", 50_000) + "x",
		"levels":                strings.Repeat(" ", 0) + deep(2_000),
	} {
		t.Run(name, func(t *testing.T) {
			lab := files(archive(t, "testdata/good.txtar"), nil)
			for _, file := range []string{"lab.yaml", "compose.yaml"} {
				was := lab[file]
				lab[file] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
				refused(t, lab, []string{"lab"})
				lab[file] = was
			}
		})
	}
}

// deep is a mapping in a mapping in a mapping …, one column a level.
func deep(levels int) string {
	var b strings.Builder
	for i := range levels {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
		if b.Len() > 240<<10 {
			break
		}
	}
	return b.String()
}

// TestDeepMarkdown wants a lesson to be refused at once that would take a parser minutes, or all of its stack.
func TestDeepMarkdown(t *testing.T) {
	for name, text := range map[string]string{
		"quotations": strings.Repeat(">", 200_000) + " a", "lists": strings.Repeat("- ", 200_000) + "a", "numbers": strings.Repeat("1. ", 100_000),
		"emphasis": strings.Repeat("*a ", 50_000) + strings.Repeat("b* ", 50_000), "links": strings.Repeat("[", 100_000),
		"code": strings.Repeat("` `` ", 90_000), "lines": strings.Repeat("**a\n", 90_000),
	} {
		began := time.Now()
		lesson := fstest.MapFS{"01-a/lesson.en.md": {Data: []byte("---\ntitle: A\nminutes: 1\nstatus: draft\nxp: 1\n---\n\n" + text)}}
		_, err := course.LoadLesson(lesson, "01-a")
		if err == nil || !strings.Contains(err.Error(), "01-a/lesson.en.md:") || time.Since(began) > 2*time.Second {
			t.Errorf("%s: got %v after %s", name, err, time.Since(began))
		}
	}
}

// TestHostilePatterns wants patterns to be small once they are compiled.
func TestHostilePatterns(t *testing.T) {
	for pattern, want := range map[string]string{
		"(a|b)+ [0-9]{1,40}": "", "((x{100}){100}){10}": "invalid repeat count", "x{999}": "",
		strings.Repeat("[a-z]{999}", 40): "repeats so much that it is too large", strings.Repeat("x", 1_001): "is longer than 1000 bytes", "(": "missing closing",
	} {
		_, got := changed(t, "lab.yaml", "http: { via: backend, path: /, expect: { status: 200 } }",
			`log: { service: backend, match: "`+pattern+`" }`)
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%.40s: got %s, want %q", pattern, got, want)
		}
	}
}
