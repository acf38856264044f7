package nginxconf

import (
	"math"
	"os"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	tests := []struct {
		in            string
		msec, seconds time.Duration // -1 for invalid
	}{
		{"30", 30 * time.Second, 30 * time.Second},
		{"30s", 30 * time.Second, 30 * time.Second},
		{"0", 0, 0},
		{"500ms", 500 * time.Millisecond, -1},
		{"1m30s", 90 * time.Second, 90 * time.Second},
		{"1m30", 90 * time.Second, 90 * time.Second},
		{"1h 30m", 90 * time.Minute, 90 * time.Minute},
		{"1s500ms", 1500 * time.Millisecond, -1},
		{"2d", 48 * time.Hour, 48 * time.Hour},
		{"1w", 168 * time.Hour, 168 * time.Hour},
		{"1M", -1, 30 * 24 * time.Hour},
		{"1y", -1, 365 * 24 * time.Hour},
		{"s", -1, -1}, {"", -1, -1}, {"-1", -1, -1}, {"30sec", -1, -1}, {"30S", -1, -1}, {"1s1m", -1, -1},
		{"1.5s", -1, -1}, {"30 s", -1, -1}, {"30 ", 30 * time.Second, 30 * time.Second}, {"1s1s", -1, -1},
		{"9223372036854775807", -1, math.MaxInt64},
		{"9223372036854775807ms", math.MaxInt64, -1},
		{"9223372036854775808ms", -1, -1},
		{"999999999999", math.MaxInt64, math.MaxInt64},
	}
	for _, tt := range tests {
		for _, way := range []struct {
			name string
			f    func(string) (time.Duration, error)
			want time.Duration
		}{{"msec", ParseTime, tt.msec}, {"seconds", ParseSeconds, tt.seconds}} {
			got, err := way.f(tt.in)
			if err != nil {
				got = -1
			}
			if got != way.want {
				t.Errorf("%s %q: %v, want %v", way.name, tt.in, got, way.want)
			}
		}
	}
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]int64{"0": 0, "1": 1, "8k": 8192, "8K": 8192, "1m": 1 << 20, "2g": 2 << 30,
		"": -1, "k": -1, "-1": -1, "+1": -1, "1kb": -1, "1.5m": -1, "9223372036854775807g": -1} {
		got, err := ParseSize(in)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func tree(t *testing.T, text string) []Directive {
	t.Helper()
	conf, err := ParseFiles("/nginx.conf", map[string][]byte{"/nginx.conf": []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return conf.Tree
}

func TestFindLocation(t *testing.T) {
	const text = `
location / {}
location /ws { location /ws/in { location ~ deep {} } location ~ \.in$ {} }
location = /ws {}
location /ws/slash/ { proxy_pass http://b; }
location ^~ /keep { location /keep/inner {} }
location ~ ^/(ws|keep)/.*\.php$ {}
location ~* \.PNG$ { location ~ x {} }
location ~ "(?=lookahead)" {}
location =/glued {}
location ~*glued2$ {}
location @named {}`
	var locations []*Location
	for _, d := range tree(t, text) {
		locations = append(locations, NewLocation(d))
	}
	for path, want := range map[string]string{
		"/":                "/",
		"/other":           "/",
		"/ws":              "= /ws",
		"/wsx":             "/ws",
		"/ws/in/x":         "/ws/in",
		"/ws/in/deep":      "~ deep",
		"/ws/x.in":         `~ \.in$`,
		"/ws/x.php":        `~ ^/(ws|keep)/.*\.php$`,
		"/ws/slash":        "redirect /ws/slash/",
		"/ws/slash/":       "/ws/slash/",
		"/keep/x.php":      "^~ /keep",
		"/keep/inner.php":  "/keep/inner",
		"/a.png":           `~* \.PNG$`,
		"/x.png":           "~ x",
		"/glued":           "=/glued",
		"/some/GLUED2":     "~*glued2$",
		"/gluedx":          "/",
		"/?=lookahead":     "~ (?=lookahead)",
		"/@named":          "/",
		"/ws/in/something": "/ws/in",
	} {
		found, redirect := FindLocation(locations, path)
		got := "none"
		if found != nil {
			got = found.Block.Value()
		}
		if redirect {
			got = "redirect " + got
		}
		if got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if found, _ := FindLocation(locations[1:2], "/"); found != nil {
		t.Errorf("found %v where nothing matches", found)
	}
}

func TestEffective(t *testing.T) {
	const text = `
http {
  proxy_read_timeout 10s;
  server { listen 80; server_name other; proxy_read_timeout 11s; }
  server {
    listen 8080;
    server_name a;
    proxy_read_timeout 20s;
    location /ws { proxy_read_timeout 30s; location /ws/in {} proxy_pass http://b; }
    location /two { proxy_read_timeout 1s; proxy_set_header A 1; proxy_set_header B "2 3"; }
    location / {}
  }
  server { listen *:8080 default_server; server_name c; }
}`
	tests := []struct {
		r               Request
		directive, want string
		line            int
	}{
		{Request{Path: "/ws"}, "proxy_read_timeout", "11s", 4},
		{Request{Path: "/ws", Port: 8080}, "proxy_read_timeout", "10s", 3},
		{Request{Path: "/ws?x=/y", Port: 8080, Host: "A"}, "proxy_read_timeout", "30s", 9},
		{Request{Path: "/ws/in", Port: 8080, Host: "a"}, "proxy_read_timeout", "30s", 9},
		{Request{Path: "/ws/in", Port: 8080, Host: "a"}, "proxy_pass", "-", 0},
		{Request{Path: "/ws", Port: 8080, Host: "a"}, "proxy_pass", "http://b", 9},
		{Request{Path: "/else", Port: 8080, Host: "a"}, "proxy_read_timeout", "20s", 8},
		{Request{Path: "/two", Port: 8080, Host: "a"}, "proxy_set_header", "B 2 3", 10},
		{Request{Path: "/two", Port: 8080, Host: "a"}, "proxy_send_timeout", "60s", 0},
		{Request{Path: "/two", Port: 8080, Host: "a"}, "unheard_of", "-", 0},
		{Request{Path: "/", Port: 81}, "proxy_send_timeout", "-", 0},
	}
	for _, tt := range tests {
		ways, doubts := Ways(tree(t, text), tt.r, tt.directive)
		if len(ways) != 1 || doubts != nil {
			t.Fatalf("%+v: %+v, doubts %v", tt.r, ways, doubts)
		}
		got, where := "-", Directive{}
		if hops := ways[0].Hops; len(hops) > 0 && hops[0].Found {
			got, where = hops[0].Value, hops[0].Where
		}
		if got != tt.want || where.Line != tt.line {
			t.Errorf("%+v %s: %s in line %d, want %s in %d", tt.r, tt.directive, got, where.Line, tt.want, tt.line)
		}
	}
}

func TestEffectiveOfTheLab(t *testing.T) {
	for step, want := range map[string]string{"forward-upgrade": "60s", "idle-drop": "30s", "restore": "3600s"} {
		data, err := os.ReadFile("../../labs/03-reverse-proxy/solutions/" + step + "/websocket.conf")
		if err != nil {
			t.Fatal(err)
		}
		got, _, found := Effective(tree(t, "http {\n"+string(data)+"}\n"), "/ws", "proxy_read_timeout")
		if !found || got != want {
			t.Errorf("%s: %s (%v), want %s", step, got, found, want)
		}
	}
}
