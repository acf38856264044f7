package locale

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestParticles(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"nginx{이/가}", "nginx가"},
		{"프록시{을/를}", "프록시를"},
		{"백엔드{은/는} 연결{을/를}", "백엔드는 연결을"},
		{"400{이/가}", "400이"},
		{"101{과/와} 2{과/와}", "101과 2와"},
		{"서울{으로/로}", "서울로"},
		{"웹소켓{으로/로}", "웹소켓으로"},
		{"`lab.yaml`{을/를}", "`lab.yaml`을"},
		{"“풀이”{이/가}", "“풀이”가"},
		{"backend-b{으로/로}", "backend-b로"},
		{"backend{으로/로}", "backend로"},
		{"HTTP{을/를}", "HTTP를"},
		{"http{으로/로}", "http로"},
		{"`nginx -t`{을/를}", "`nginx -t`를"},
		{"socket{이/가} timeout{을/를} stack{은/는} public{과/와}", "socket이 timeout을 stack은 public과"},
		{"client{이/가} host{을/를} port{은/는} network{과/와}", "client가 host를 port는 network와"},
		{"heartbeat{이/가} root{을/를} nginx{은/는}", "heartbeat가 root를 nginx는"},
		{"URL{으로/로} HTML{을/를}", "URL로 HTML을"},
		{"JSON{이/가} QR{으로/로}", "JSON이 QR로"},
		{"EDITOR{이/가}", "EDITOR가"},
		{"클라이언트b{은/는}", "클라이언트b는"},
		{"…{이/가}", "…가"},
	} {
		if got := Particles(tt.in); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestPlurals(t *testing.T) {
	for in, want := range map[string]string{
		"11 trial{s}, 1 finding{s}, 1.5 s": "11 trials, 1 finding, 1.5 s",
		"copied 1 line{s} of code":         "copied 1 line of code",
		"nothing found in 0 folder{s}":     "nothing found in 0 folders",
	} {
		if got := Plurals(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestFromEnv(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want Lang
	}{
		{nil, English},
		{map[string]string{"LANG": "ko_KR.UTF-8"}, Korean},
		{map[string]string{"LC_ALL": "C.UTF-8", "LANG": "ko_KR.UTF-8"}, English},
		{map[string]string{"LAB_LANG": "ko", "LC_ALL": "C"}, Korean},
		{map[string]string{"LANG": "fr_FR"}, English},
	} {
		if got := FromEnv(func(name string) string { return tt.env[name] }); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.env, got, tt.want)
		}
	}
}

var verb = regexp.MustCompile(`%(?:\[(\d+)\])?[-+#0-9.]*[a-zA-Z]`)

var leftover = regexp.MustCompile(`\{\p{Hangul}+/\p{Hangul}+\}`)

// verbs lists the kinds of verbs of a format, by the argument that each takes.
func verbs(format string) []string {
	format = strings.ReplaceAll(format, "%%", "")
	var out []string
	for _, v := range verb.FindAllString(format, -1) {
		out = append(out, v[len(v)-1:])
	}
	slices.Sort(out)
	return out
}

// TestWordsAreWhole wants every message in both languages, mentioning the same things, under a key of its own.
func TestWordsAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range catalogs() {
		for key, e := range c {
			if seen[key] {
				t.Errorf("%s: there twice", key)
			}
			seen[key] = true
			if e.en == "" || e.ko == "" {
				t.Errorf("%s: en %q, ko %q", key, e.en, e.ko)
			}
			if left := leftover.FindString(Particles(e.ko)); left != "" {
				t.Errorf("%s: %s is no pair of particles that is known", key, left)
			}
			if en, ko := verbs(e.en), verbs(e.ko); !slices.Equal(en, ko) && !strings.Contains(e.en+e.ko, "%[") {
				t.Errorf("%s: mentions %v in English and %v in Korean", key, en, ko)
			}
		}
	}
	for key := range seen {
		if code, ok := strings.CutPrefix(key, "error."); ok && !seen["hint."+code] {
			t.Errorf("%s: says what is wrong, and not what to do", key)
		}
	}
}

var coded = regexp.MustCompile(`hint\.With\((?s:.{0,200}?)"([a-z]+(?:-[a-z]+)+)"`)

// TestEveryCodeHasWords reads the program's source for the codes that errors carry.
func TestEveryCodeHasWords(t *testing.T) {
	found := 0
	err := fs.WalkDir(os.DirFS("../.."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile("../../" + path)
		for _, m := range coded.FindAllStringSubmatch(string(data), -1) {
			found++
			if !Has("error." + m[1]) {
				t.Errorf("%s: no words for the code %q", path, m[1])
			}
		}
		return err
	})
	if err != nil || found < 10 {
		t.Errorf("found %d codes, %v", found, err)
	}
}

// TestAdviceTakesText: what an error mentions reaches its words as text, as events carry it, whatever it was.
func TestAdviceTakesText(t *testing.T) {
	for _, c := range catalogs() {
		for key := range c {
			code, ok := strings.CutPrefix(key, "error.")
			if !ok {
				continue
			}
			for _, lang := range All() {
				what, todo := lang.Advice(code, "a", "137", "c", "d", "e", "f")
				if strings.Contains(what+todo, "%!") || what == "" {
					t.Errorf("%s in %s: %q, %q", code, lang, what, todo)
				}
			}
		}
	}
}
