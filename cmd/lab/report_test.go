package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrivacy: what a report must not carry to strangers.
func TestPrivacy(t *testing.T) {
	p := privacyOf(map[string]string{"/home/minji/.local/share/lab": "<data>", "/home/minji": "~", "/tmp": "<tmp>", `C:\Users\minji`: "~"},
		"minji-laptop.corp.example", "minji")
	for _, test := range []struct{ in, want string }{
		{"/home/minji/.local/share/lab/work/03/websocket.conf", "<data>/work/03/websocket.conf"},
		{"/home/minji/secret plans/x", "~/secret plans/x"},
		{"/home/other/x and /Users/other/y", "/home/<user>/x and /Users/<user>/y"},
		{`C:\Users\minji\lab and C:\\Users\\minji\\lab`, `~\lab and ~\\lab`},
		{`D:\Users\other\lab`, `D:\Users\<user>\lab`},
		{"owner minji-laptop.corp.example/1000/4711", "owner <host>/1000/4711"},
		{"host minji-laptop", "host <host>"},
		{"by Minji", "by <user>"},
		{"tcp://me:pass@build.example:2376", "tcp://<secret>@build.example:2376"},
		{"min.ji+lab@example.co.kr", "<mail>"},
		{"Authorization: Bearer abc.def", "Authorization: <secret>"},
		{`{"Cookie":"session=1"}`, `{"Cookie":"<secret>"}`},
		{`token=abc&x=1`, `token=<secret>`},
		{"203.0.113.9 and 127.0.0.1:8080 and 172.19.0.2 and nginx 1.26.3", "<address> and 127.0.0.1:8080 and 172.19.0.2 and nginx 1.26.3"},
		{`proxy_set_header Upgrade $http_upgrade;`, `proxy_set_header Upgrade $http_upgrade;`},
	} {
		if got := p.clean(test.in); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.in, got, test.want)
		}
	}
	if got := privacyOf(nil, "localhost", "root").clean("root of localhost"); got != "root of localhost" {
		t.Errorf("names that are nobody's: %s", got)
	}
}

// TestReport: after a run that failed, the report has its events and the services' words, and nothing of the home.
func TestReport(t *testing.T) {
	h := home{t, t.TempDir()}
	if _, complaint, code := h.run("check", "03", "--engine", "embedded", "--step", "1"); code != exitNotMet {
		t.Fatalf("check: %d, %s", code, complaint)
	}
	file := filepath.Join(t.TempDir(), "report.txt")
	if _, complaint, code := h.run("doctor", "--report", file); code != 0 {
		t.Fatalf("doctor: %d, %s", code, complaint)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# doctor", `"name":"ports"`, "LAB_HOME=<data>", `"kind":"verdict"`, `"service":"proxy"`, "lab "} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in the report:\n%.2000s", want, data)
		}
	}
	for _, private := range []string{h.dir, filepath.Dir(h.dir)} {
		if strings.Contains(string(data), private) {
			t.Errorf("%s is in the report", private)
		}
	}
	if _, _, code := h.run("doctor", "--report", file); code != exitCannotRun {
		t.Errorf("a report was overwritten: %d", code)
	}
}
