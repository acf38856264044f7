package nginxconf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outline writes a tree on one line: name(arg|arg){…}.
func outline(tree []Directive) string {
	var b strings.Builder
	for i, d := range tree {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(d.Name)
		if len(d.Args) > 0 {
			b.WriteString("(" + strings.Join(d.Args, "|") + ")")
		}
		if d.IsBlock() {
			b.WriteString("{" + outline(d.Block) + "}")
		}
	}
	return b.String()
}

func TestParse(t *testing.T) {
	tests := []struct{ name, in, want, err string }{
		{"empty", "", "", ""},
		{"blank", " \t\r\n# only a comment", "", ""},
		{"simple", "a b c;", "a(b|c)", ""},
		{"nested", "a { b { c; } }\nd;", "a{b{c}} d", ""},
		{"no blanks", "a{b c;}d;", "a{b(c)} d", ""},
		{"double quotes", `a "b c" 'd;}{';`, "a(b c|d;}{)", ""},
		{"empty quotes", `a '' "";`, "a(|)", ""},
		{"quote inside a word", `a b"c d"e;`, `a(b"c|d"e)`, ""},
		{"escapes", `a "x\"y" \ttab b\;c\ d;`, "a(x\"y|\ttab|b\\;c\\ d)", ""},
		{"escaped newline letter", `a "x\ny\\z\q";`, "a(x\ny\\z\\q)", ""},
		{"variable with braces", `a ${b}c x${d}e;`, "a(${b}c|x${d}e)", ""},
		{"braces in a regex must be quoted", `location ~ "^/\d{3}$" {}`, `location(~|^/\d{3}$){}`, ""},
		{"comment inside", "a # ; {\n b;", "a(b)", ""},
		{"hash inside a word", "a b#c;", "a(b#c)", ""},
		{"quoted then brace", `a "b"{ }`, "a(b){}", ""},
		{"quoted then parenthesis", `a "b")c;`, "a(b|)c)", ""},
		{"quoted then letter", "a\n\"b\"c;", "", `unexpected "c" in f:2`},
		{"lone semicolon", "a;;", "a", `unexpected ";" in f:1`},
		{"lone brace", "{", "", `unexpected "{" in f:1`},
		{"closing too much", "a {\n}\n}", "a{}", `unexpected "}" in f:3`},
		{"missing semicolon before brace", "a {\n b c\n}", "a{}", `unexpected "}" in f:3`},
		{"missing brace", "a {\n b;\n", "a{b}", `unexpected end of file, expecting "}" in f:3`},
		{"missing semicolon at the end", "a b\n", "", `unexpected end of file, expecting ";" or "}" in f:2`},
		{"open quote", "a {\n b 'c;\n}\n", "a{}", `unexpected end of file, expecting ";" or "}" in f:4`},
		{"long word", "a " + strings.Repeat("x", 5000) + ";", "", `too long parameter "xxxxxxxxxx..." started in f:1`},
		{"long quote", "a\n'" + strings.Repeat("x\n", 3000) + "';", "",
			`too long parameter, probably missing terminating "'" character in f:2`},
		{"long comment", "#" + strings.Repeat("x", 5000) + "\na;", "", `too long parameter "#xxxxxxxxx..." started in f:1`},
		{"missing include", "a;\ninclude no.conf;", "a", `open() "./no.conf" failed (2: No such file or directory) in f:2`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conf, err := ParseFiles("f", map[string][]byte{"f": []byte(tt.in)})
			if got := outline(conf.Tree); got != tt.want {
				t.Errorf("tree %s, want %s", got, tt.want)
			}
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.err {
				t.Errorf("error %q, want %q", got, tt.err)
			}
		})
	}
}

func TestIncludes(t *testing.T) {
	files := map[string][]byte{
		"/etc/nginx/nginx.conf":   []byte("http {\n include lab/*.conf;\n include none/*;\n}\n"),
		"/etc/nginx/lab/b.conf":   []byte("b;"),
		"/etc/nginx/lab/a.conf":   []byte("a { include /etc/nginx/in; }"),
		"/etc/nginx/lab/.no.conf": []byte("hidden;"),
		"/etc/nginx/in":           []byte("x;"),
	}
	conf, err := ParseFiles("/etc/nginx/nginx.conf", files)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := outline(conf.Tree), "http{a{x} b}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := conf.Tree[0].Block[0].Block[0].File, "/etc/nginx/in"; got != want {
		t.Errorf("x is in %s, want %s", got, want)
	}
	again, err := ParseDump(conf.Dump())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(conf, again); diff != "" {
		t.Errorf("a dump does not come back (-want +got):\n%s", diff)
	}
}

func TestIncludeOfItself(t *testing.T) {
	_, err := ParseFiles("/f", map[string][]byte{"/f": []byte("include /f;")})
	var e *Error
	if !errors.As(err, &e) || e.Text != `open() "/f" failed (24: Too many open files)` {
		t.Errorf("got %v", err)
	}
}

// TestIncludesAreBounded reads files that each include the next one twice: 2^40 readings.
func TestIncludesAreBounded(t *testing.T) {
	files := map[string][]byte{"/f40": []byte("a b;")}
	for i := range 40 {
		files[fmt.Sprintf("/f%d", i)] = fmt.Appendf(nil, "include /f%d; include /f%d;", i+1, i+1)
	}
	_, err := ParseFiles("/f0", files)
	var e *Error
	if !errors.As(err, &e) || !strings.HasSuffix(e.Text, "failed (24: Too many open files)") {
		t.Errorf("got %v", err)
	}
}

func TestIncludeOfAFolder(t *testing.T) {
	for include, name := range map[string]string{"/etc/nginx/": "/etc/nginx/", "/etc/nginx": "/etc/nginx", "/etc/*": "/etc/nginx",
		"lab": "/etc/nginx/lab"} {
		_, err := ParseFiles("/etc/nginx/nginx.conf", map[string][]byte{
			"/etc/nginx/nginx.conf": []byte("include " + include + ";"), "/etc/nginx/lab/a.conf": nil})
		var e *Error
		want := Error{Level: "crit", Text: `pread() "` + name + `" failed (21: Is a directory)`}
		if !errors.As(err, &e) || *e != want {
			t.Errorf("include %s: got %v, want %v", include, err, &want)
		}
	}
}

func TestParseDumpOfSomethingElse(t *testing.T) {
	if _, err := ParseDump("nginx: [emerg] no"); err == nil {
		t.Error("no error")
	}
}

func TestLinesAndEnds(t *testing.T) {
	conf, err := ParseFiles("f", map[string][]byte{"f": []byte("\na {\n b\n c;\n}\n")})
	if err != nil {
		t.Fatal(err)
	}
	a := conf.Tree[0]
	if a.Line != 2 || a.End != 5 || a.Block[0].Line != 4 || a.Block[0].End != 0 || a.Block[0].IsBlock() {
		t.Errorf("got %+v", a)
	}
}

// FuzzParse looks for panics and hangs, and holds that whatever can be read can be dumped and read again.
func FuzzParse(f *testing.F) {
	seeds, _ := filepath.Glob("../../labs/03-reverse-proxy/solutions/*/*.conf")
	for _, name := range seeds {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`a "b" 'c\'d' ${e} { f; } # g`))
	f.Add([]byte("include f;"))
	f.Fuzz(func(t *testing.T, data []byte) {
		conf, err := ParseFiles("/f", map[string][]byte{"/f": data})
		Effective(conf.Tree, "/ws", "proxy_read_timeout")
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("not an *Error: %v", err)
			}
			return
		}
		if strings.Contains(string(data), dumpHead) {
			return
		}
		again, err := ParseDump(conf.Dump())
		if err != nil {
			t.Fatalf("reading the dump: %v", err)
		}
		if got, want := outline(again.Tree), outline(conf.Tree); got != want {
			t.Errorf("dumped and read again: %s, was %s", got, want)
		}
	})
}
