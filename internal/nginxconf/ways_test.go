package nginxconf

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

// wayCase is one case of testdata/effective.txt.
type wayCase struct {
	name, host, path, want, conf string
	port                         int
}

// wayCases reads them, each at a port of its own, and the text that holds all of them.
func wayCases(t testing.TB) ([]wayCase, string) {
	t.Helper()
	data, err := os.ReadFile("testdata/effective.txt")
	if err != nil {
		t.Fatal(err)
	}
	var cases []wayCase
	var all strings.Builder
	for i, part := range strings.Split(string(data), "\n== ")[1:] {
		c := wayCase{host: "127.0.0.1", path: "/ws", port: 1000 + i}
		lines := strings.Split(part, "\n")
		c.name = lines[0]
		var body []string
		for _, line := range lines[1:] {
			key, value, _ := strings.Cut(line, ": ")
			switch key {
			case "host":
				c.host = value
			case "path":
				c.path = value
			case "want":
				c.want = value
			default:
				if outer, ok := strings.CutPrefix(line, "!"); ok {
					c.conf += outer + "\n"
				} else {
					body = append(body, line)
				}
			}
		}
		text := strings.Join(body, "\n")
		if !strings.Contains(text, "server {") {
			text = "server { listen PORT; " + text + "}"
		}
		c.conf = strings.NewReplacer("PASS", "proxy_pass http://be/ws$is_args$args", "PORT", fmt.Sprint(c.port)).Replace(c.conf + text + "\n")
		all.WriteString(c.conf)
		cases = append(cases, c)
	}
	return cases, all.String()
}

// TestWaysAsRealNginx holds the resolution to what was seen of real nginx; internal/docker's test of the same cases sees
// to it that they are still what it does.
func TestWaysAsRealNginx(t *testing.T) {
	cases, all := wayCases(t)
	conf := tree(t, "http { upstream be { server backend:8000; } proxy_read_timeout 5s;\n"+all+"}")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := Request{Port: c.port, Host: c.host, Path: c.path, Exists: func(kind byte, name string) (bool, bool) {
				return name == "/etc/nginx/nginx.conf", true
			}}
			want, _, _ := strings.Cut(c.want, " ")
			if got := outcome(Ways(conf, r, "proxy_read_timeout")); got != want {
				ways, doubts := Ways(conf, r, "proxy_read_timeout")
				t.Errorf("%s, want %s: %+v, doubts %v", got, want, ways, doubts)
			}
		})
	}
}

// outcome sums ways up: the lowest limit where they agree on it, the status of nginx's own answer, else unsure.
func outcome(ways []Way, _ []Directive) string {
	got := ""
	for _, w := range ways {
		one := "unsure"
		switch {
		case w.Doubt != nil:
		case w.Proxied:
			one = ""
			for _, h := range w.Hops {
				if one == "" || h.Value < one {
					one = h.Value
				}
			}
		default:
			one = fmt.Sprint(w.Status)
		}
		if got != "" && one != got {
			return "unsure"
		}
		got = one
	}
	return got
}

// TestWaysAreBounded wants an end, soon, of what leads to itself or doubles with each step.
func TestWaysAreBounded(t *testing.T) {
	var doubling, choices strings.Builder
	for i := range 40 {
		fmt.Fprintf(&doubling, "map $a%d $a%d { default $a%d$a%d; }\n", i, i+1, i, i)
		fmt.Fprintf(&choices, "if ($remote_port = %d) { set $x%d 1; }\n", i, i)
	}
	for name, conf := range map[string]string{
		"map of itself":   "map $a $a { default 1; } server { location / { if ($a) { return 403; } proxy_pass http://b; } }",
		"maps of another": "map $a $b { default $b; } map $b $a { default $a; } server { rewrite ^ $a last; location / { proxy_pass http://b; } }",
		"doubling":        "map $uri $a0 { default aaaaaaaaaaaaaaaa; }\n" + doubling.String() + "server { rewrite ^ /$a40 last; location / { proxy_pass http://b; } }",
		"choices":         "server { location / { " + choices.String() + " proxy_pass http://b; } }",
		"hops":            "server { listen 80; location / { proxy_pass http://127.0.0.1/a; } }",
		"error pages":     "recursive_error_pages on; server { location / { error_page 404 = /x; return 404; } }",
		"named":           "server { location / { try_files /a @a; } location @a { try_files /b @b; } location @b { try_files /a @a; } }",
	} {
		ways, _ := Ways(tree(t, "http {"+conf+"}"), Request{Port: 80, Host: "x", Path: "/ws"}, "proxy_read_timeout")
		if len(ways) == 0 || len(ways) > maxWays+1 {
			t.Errorf("%s: %d ways", name, len(ways))
		}
		t.Logf("%s: %s, %d ways", name, outcome(ways, nil), len(ways))
	}
}

func FuzzWays(f *testing.F) {
	cases, _ := wayCases(f)
	for _, c := range cases {
		f.Add("http { upstream be { server b; }\n"+c.conf+"}", c.host, c.path, c.port)
	}
	f.Add("http { map $a $a { default $a; } server { rewrite ^(.*)$ $1$a last; } }", "", "/%2e%2e/?x=y", 0)
	f.Fuzz(func(t *testing.T, text, host, path string, port int) {
		conf, _ := ParseFiles("/nginx.conf", map[string][]byte{"/nginx.conf": []byte(text)})
		r := Request{Host: host, Path: path, Port: port}
		got, _ := Ways(conf.Tree, r, "proxy_read_timeout")
		again, _ := Ways(conf.Tree, r, "proxy_read_timeout")
		if len(got) == 0 || !reflect.DeepEqual(got, again) {
			t.Errorf("%+v, and again %+v", got, again)
		}
	})
}
