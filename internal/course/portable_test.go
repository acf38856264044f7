package course_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cwk-stream/lab/internal/course"
)

// TestEditPaths wants the student's files to have names that every system can hold, and tells apart.
func TestEditPaths(t *testing.T) {
	for _, tt := range []struct {
		paths, want string // of two files, separated by a bar
	}{
		{"a.conf|b.conf", ""},
		{"a.conf|sub/a.conf", ""},
		{"console.log|com", ""},
		{"한국어.conf|a.conf", ""},
		{"CON|a.conf", `lab.yaml:5:13: path: "CON" has "CON", which is a device on Windows`},
		{"con.txt|a.conf", "is a device on Windows"},
		{"sub/nul|a.conf", "is a device on Windows"},
		{"Com1.tar.gz|a.conf", "is a device on Windows"},
		{"LPT9 .txt|a.conf", "is a device on Windows"},
		{"CONIN$|a.conf", "is a device on Windows"},
		{"A.txt|a.txt", `lab.yaml:6:13: path: "a.txt" is "A.txt" for some system`},
		{"a.conf|a.conf", `lab.yaml:6:13: path: "a.conf" is "a.conf" for some system`},
		{"a|A/b", "for some system"},
		{"a/b|A", "for some system"},
		{"a/b|A/c", ""},
		{"straße|STRASSE", "for some system"},
		{"ﬁle|file", "for some system"},
		{"a.|b", "Windows drops these"},
		{"a |b", "Windows drops these"},
		{"sub./a|b", "Windows drops these"},
		{"a?b|c", "Windows cannot hold"},
		{"a|b<c", "Windows cannot hold"},
		{"a:b|c", "characters that a lab's file may not have"},
		{strings.Repeat("x", 101) + "|c", "has a name longer than 100 bytes"},
		{strings.Repeat("xxxxxxxxx/", 18) + "x|c", "is longer than 180 bytes"},
	} {
		one, two, _ := strings.Cut(tt.paths, "|")
		fsys := files(archive(t, "testdata/good.txtar"), nil)
		fsys["files/"+one], fsys["files/"+two] = &fstest.MapFile{Data: []byte("x")}, &fstest.MapFile{Data: []byte("x")}
		fsys["lab.yaml"].Data = []byte(strings.Replace(string(fsys["lab.yaml"].Data), "  - { path: a.conf, service: backend, target: /conf/a.conf }",
			"  - { path: '"+one+"', service: backend, target: /conf/one }\n  - { path: '"+two+"', service: backend, target: /conf/two }", 1))
		_, err := course.LoadLab(fsys, "lab", "")
		if (tt.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.paths, err, tt.want)
		}
	}
	_, got := changed(t, "lab.yaml", "steps:", "  - { path: b.conf, service: backend, target: /conf/a.conf }\nsteps:")
	if want := `lab.yaml:6:47: target: "/conf/a.conf" is that of another path already`; !strings.Contains(got, want) {
		t.Errorf("one target twice: got %s, want %s", got, want)
	}
	if _, got := changed(t, "lab.yaml", "id: one", "id: aux"); !strings.Contains(got, `id: "aux" is not a name`) {
		t.Errorf("a step whose solution Windows cannot hold: got %s", got)
	}
}

// TestLintNames wants the same of all files of a folder, and a lesson to be in languages that are shown.
func TestLintNames(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"notes.txt", ""},
		{"aux.c", "lab/aux.c: the path has \"aux.c\", which is a device on Windows"},
		{"files/A.conf", "lab/files/a.conf: is files/A.conf for some system"},
		{"files/\u1112\u1161\u11ab.conf", "is not in Unicode normal form C"},
	} {
		fsys := files(archive(t, "testdata/good.txtar"), nil)
		fsys[tt.name] = &fstest.MapFile{Data: []byte("x")}
		var got []string
		for _, p := range course.LintLab(fsys, "lab") {
			if strings.HasPrefix(p.Message, "the path") || strings.HasSuffix(p.Message, "some system") {
				got = append(got, p.String())
			}
		}
		if all := strings.Join(got, "\n"); (tt.want == "") != (all == "") || !strings.Contains(all, tt.want) {
			t.Errorf("%s: got %s, want %q", tt.name, all, tt.want)
		}
	}
	lesson := fstest.MapFS{}
	for _, lang := range []string{"en", "ko", "ja"} {
		lesson["lesson."+lang+".md"] = &fstest.MapFile{Data: []byte("---\ntitle: A\nminutes: 1\nstatus: draft\nxp: 1\n---\nA.\n")}
	}
	if got := course.LintLesson(lesson, "01-a", nil).Error(); !strings.Contains(got, `01-a/lesson.ja.md: is never shown: there is no language "ja"`) {
		t.Errorf("a third language: got %s", got)
	}
	delete(lesson, "lesson.ko.md")
	if got := course.LintLesson(lesson, "01-a", nil).Error(); !strings.Contains(got, "01-a/lesson.ko.md: is not there: a lesson is in both languages") {
		t.Errorf("a missing twin: got %s", got)
	}
}
