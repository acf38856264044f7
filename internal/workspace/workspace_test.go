package workspace

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
)

const conf = "websocket.conf"

func open(t testing.TB, files course.Files) *Workspace {
	t.Helper()
	w, err := Open(filepath.Join(t.TempDir(), "lab"), files)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOpenLaysOutAndLeavesWhatIsThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	initial := course.Files{conf: []byte("first\n"), "conf.d/more.conf": []byte("more\n")}
	w, err := Open(dir, initial)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700 | fs.ModeDir, w.Path(conf): 0o600, w.Path("conf.d/more.conf"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: got %v, %v; want mode %v", path, info, err, want)
		}
	}
	write(t, w.Path(conf), "mine\n")
	if w, err = Open(dir, initial); err != nil {
		t.Fatal(err)
	}
	got, err := w.Read()
	want := course.Files{conf: []byte("mine\n"), "conf.d/more.conf": []byte("more\n")}
	if err != nil || !got.Equal(want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 2 {
		t.Errorf("got %v in the folder, want the two files' places only", entries)
	}
}

func TestOpenRefusesNamesThatLeadOut(t *testing.T) {
	for _, name := range []string{"../out", "/etc/passwd", "a/../../b", ".", "", ".backup/x"} {
		if _, err := Open(t.TempDir(), course.Files{name: nil}); err == nil {
			t.Errorf("%q was taken as the name of an editable", name)
		}
	}
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	write(t, outside, "secret\n")
	for _, test := range []struct {
		code  string
		spoil func(path string) error
	}{
		{"file-gone", os.Remove},
		{"file-folder", func(p string) error { _ = os.Remove(p); return os.Mkdir(p, 0o700) }},
		{"file-not-text", func(p string) error { return os.WriteFile(p, []byte("\xff\xfem\x00a\x00"), 0o600) }},
		{"file-not-text", func(p string) error { return os.WriteFile(p, []byte("a\x00b"), 0o600) }},
		{"file-too-large", func(p string) error { return os.WriteFile(p, bytes.Repeat([]byte("a"), MaxSize+1), 0o600) }},
		{"file-escapes", func(p string) error { _ = os.Remove(p); return os.Symlink(outside, p) }},
		{"file-unreadable", func(p string) error { _ = os.Remove(p); return os.Symlink(conf, p) }},
		{"folder-gone", func(p string) error { return os.RemoveAll(filepath.Dir(p)) }},
	} {
		w := open(t, course.Files{conf: []byte("x\n")})
		if err := test.spoil(w.Path(conf)); err != nil {
			t.Fatalf("%s: %v", test.code, err)
		}
		files, err := w.Read()
		h, ok := hint.Find(err)
		if !ok || h.Code != test.code || files != nil {
			t.Errorf("got %q, %v; want a hint %s", files, err, test.code)
			continue
		}
		for _, key := range []string{"error." + test.code, "hint." + test.code} {
			for _, lang := range locale.All() {
				if words := lang.Say(key, h.Args...); !locale.Has(key) || strings.Contains(words, "%!") {
					t.Errorf("%s in %s: %q", key, lang, words)
				}
			}
		}
		if _, err := w.Write(course.Files{conf: []byte("back\n")}); err != nil {
			t.Errorf("%s: writing over it: %v", test.code, err)
		}
		if got, err := w.Read(); err != nil || string(got[conf]) != "back\n" {
			t.Errorf("%s: got %q, %v after writing over it", test.code, got, err)
		}
	}
	if data, err := os.ReadFile(outside); err != nil || string(data) != "secret\n" {
		t.Errorf("the file outside was touched: %q, %v", data, err)
	}
}

func TestReadDoesNotWaitForAPipe(t *testing.T) {
	w := open(t, course.Files{conf: []byte("x\n")})
	makePipe(t, w.Path(conf))
	_, err := w.Read()
	if h, ok := hint.Find(err); !ok || h.Code != "file-special" {
		t.Errorf("got %v, want a hint file-special", err)
	}
}

func TestReadTakesTheLargestFile(t *testing.T) {
	w := open(t, course.Files{conf: bytes.Repeat([]byte("a"), MaxSize)})
	if got, err := w.Read(); err != nil || len(got[conf]) != MaxSize {
		t.Errorf("got %d bytes, %v", len(got[conf]), err)
	}
}

func TestWriteKeepsWhatDiffered(t *testing.T) {
	w := open(t, course.Files{conf: []byte("1\n"), "same.conf": []byte("same\n"), "conf.d/a": []byte("a\n")})
	if backup, err := w.Write(course.Files{conf: []byte("1\n")}); backup != "" || err != nil {
		t.Errorf("nothing differs: got %q, %v", backup, err)
	}
	if err := os.Chmod(w.Path(conf), 0o640); err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, next := range []string{"2\n", "3\n"} {
		backup, err := w.Write(course.Files{conf: []byte(next), "same.conf": []byte("same\n"), "conf.d/a": []byte(next)})
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, backup)
	}
	got := map[string]string{}
	for i, backup := range kept {
		if filepath.Dir(backup) != filepath.Join(w.Dir(), ".backup") {
			t.Errorf("backup in %s", backup)
		}
		_ = filepath.WalkDir(backup, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				data, _ := os.ReadFile(path)
				name, _ := filepath.Rel(backup, path)
				got[string(rune('1'+i))+" "+filepath.ToSlash(name)] = string(data)
			}
			return err
		})
	}
	want := map[string]string{"1 websocket.conf": "1\n", "1 conf.d/a": "a\n", "2 websocket.conf": "2\n", "2 conf.d/a": "2\n"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("backups (-want +got):\n%s", d)
	}
	if info, err := os.Stat(w.Path(conf)); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("got %v, %v; want the permissions kept", info.Mode(), err)
	}
}

func TestWriteMovesWhatCannotBeCopied(t *testing.T) {
	w := open(t, course.Files{conf: []byte("x\n")})
	if err := os.Remove(w.Path(conf)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(mkdir(t, w.Path(conf)), "inner"), "kept\n")
	backup, err := w.Write(course.Files{conf: []byte("x\n")})
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(backup, conf, "inner")); err != nil || string(data) != "kept\n" {
		t.Errorf("got %q, %v", data, err)
	}
}

func mkdir(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestWriteThroughALinkedFolderIsRefused(t *testing.T) {
	w := open(t, course.Files{"conf.d/a": []byte("a\n")})
	outside := t.TempDir()
	if err := os.RemoveAll(w.Path("conf.d")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, w.Path("conf.d")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(course.Files{"conf.d/a": []byte("a\n")}); err == nil {
		t.Error("written through a link that leads out")
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 0 {
		t.Errorf("got %v outside", entries)
	}
}

func TestDiff(t *testing.T) {
	before := "1\n2\n3\n4\n5\n6\n7\n8\n"
	for _, test := range []struct{ before, after, want string }{
		{before, before, ""},
		{"", "", ""},
		{before, "1\n2\n3\n4\nfive\n6\n7\n8\n",
			"--- a/x.conf\n+++ b/x.conf\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"},
		{before, strings.ReplaceAll(before, "\n", "\r\n"), ""},
		{strings.ReplaceAll("1\n2\n", "\n", "\r\n"), "1\ntwo\n", "--- a/x.conf\n+++ b/x.conf\n@@ -1,2 +1,2 @@\n 1\n-2\n+two\n"},
		{"", "1\r\n", "--- a/x.conf\n+++ b/x.conf\n@@ -0,0 +1,1 @@\n+1\r\n"},
		{"a", "b\n", "--- a/x.conf\n+++ b/x.conf\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+b\n"},
	} {
		if got := Diff("x.conf", []byte(test.before), []byte(test.after)); got != test.want {
			t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
		}
	}
}
