package embedded_test

import (
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cwk-stream/lab/internal/embedded"
	"github.com/rogpeppe/go-internal/txtar"
)

// judge is the stand-in's word on a websocket.conf in the lab's nginx.conf.
func judge(t testing.TB, conf []byte) string {
	t.Helper()
	main, err := os.ReadFile("../../labs/03-reverse-proxy/proxy/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	return embedded.Judge(map[string][]byte{"/etc/nginx/nginx.conf": main, confPath: conf,
		"/etc/nginx/mime.types": embedded.MimeTypes()})
}

// seeds are the configurations of all differential cases that stand alone.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	var confs [][]byte
	for _, c := range loadCases(t) {
		conf, _ := c.section("websocket.conf")
		if !strings.Contains(conf, "include") {
			confs = append(confs, []byte(conf))
		}
	}
	return confs
}

// FuzzConfiguration looks for panics and hangs in judging configurations. TestMutationsDocker asks real nginx about what
// is in the corpus.
func FuzzConfiguration(f *testing.F) {
	for _, conf := range seeds(f) {
		f.Add(conf)
	}
	f.Fuzz(func(t *testing.T, conf []byte) {
		if first, second := judge(t, conf), judge(t, conf); first != second {
			t.Error("two words on one configuration")
		}
	})
}

// TestMutationsDocker holds on several hundred small changes of the cases' configurations, and on the fuzzing corpus, that
// real nginx accepts what the stand-in accepts, and that where the stand-in refuses what real nginx accepts, it says that
// this is the stand-in's doing. Where both refuse, they must give the same reason.
func TestMutationsDocker(t *testing.T) {
	engine := realEngine(t)
	var cases []diffCase
	word := map[string]string{}
	for i, conf := range append(mutations(seeds(t), 600), corpus(t)...) {
		name := fmt.Sprintf("m%05d", i)
		cases = append(cases, diffCase{name: name, archive: &txtar.Archive{Files: []txtar.File{{Name: "websocket.conf", Data: conf}}}})
		word[name] = judge(t, conf)
	}
	lab := lesson03(t)
	env, err := engine.Start(t.Context(), "mutations"+strings.ToLower(crand.Text()[:8]), lab.Env, filesAfter(t, lab, ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := env.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	b := &bench{env: env}
	if err := b.test(t.Context(), cases, true); err != nil {
		t.Fatal(err)
	}
	const ours = "is not in the embedded stand-in"
	refused, both := 0, 0
	for _, c := range cases {
		said, real := clean(word[c.name]), tested(b.tests[c.name])
		conf, _ := c.section("websocket.conf")
		switch accepted := b.tests[c.name].Code == 0; {
		case strings.Contains(said, ours):
			refused++
		case said == "" && !accepted:
			t.Errorf("the stand-in accepts what nginx refuses: %s\n%s", real, conf)
		case said != "" && accepted:
			t.Errorf("the stand-in refuses what nginx accepts: %s\n%s", said, conf)
		case said != "" && !strings.Contains(real, "[emerg] "+said+"\n"):
			t.Errorf("the stand-in says %q, nginx:\n%s\n%s", said, real, conf)
		default:
			both++
		}
	}
	t.Logf("%d configurations: the same word on %d, not in the stand-in %d", len(cases), both, refused)
}

// mutations makes n small changes, always the same ones.
func mutations(from [][]byte, n int) [][]byte {
	r := rand.New(rand.NewPCG(3, 14))
	var out [][]byte
	for len(out) < n {
		text := string(from[r.IntN(len(from))])
		lines := strings.SplitAfter(text, "\n")
		if len(text) > 3000 || len(lines) < 3 {
			continue
		}
		i, j := r.IntN(len(lines)), r.IntN(len(lines))
		switch r.IntN(7) {
		case 0:
			lines[i] = ""
		case 1:
			lines[i] += lines[j]
		case 2:
			lines[i], lines[j] = lines[j], lines[i]
		case 3:
			lines[i] = cut(r, lines[i])
		case 4:
			lines[i] = strings.Replace(lines[i], []string{";", "{", "}", "$", " ", "http"}[r.IntN(6)], "", 1)
		case 5:
			other := strings.SplitAfter(string(from[r.IntN(len(from))]), "\n")
			lines[i] += other[r.IntN(len(other))]
		case 6:
			lines[i] = strings.Replace(lines[i], " ", []string{"  ", ";", " { ", " } ", ` "`, " $", " # ", " on ", " 1s "}[r.IntN(9)], 1)
		}
		out = append(out, []byte(strings.Join(lines, "")))
	}
	return out
}

func cut(r *rand.Rand, s string) string {
	if s == "" {
		return s
	}
	i := r.IntN(len(s))
	return s[:i] + s[min(len(s), i+1+r.IntN(3)):]
}

// corpus reads what fuzzing found, as go test stores it.
func corpus(t testing.TB) [][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/fuzz/FuzzConfiguration/*")
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, value, _ := strings.Cut(string(data), "\n[]byte(")
		text, err := strconv.Unquote(strings.TrimSuffix(strings.TrimSpace(value), ")"))
		if err == nil {
			out = append(out, []byte(text))
		}
	}
	return out
}
