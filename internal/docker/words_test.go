package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/google/go-cmp/cmp"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/session"
)

func TestTrouble(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("dialling: %w", syscall.ECONNREFUSED), "docker-unreachable"},
		{fs.ErrNotExist, "docker-unreachable"},
		{fmt.Errorf("dialling: %w", syscall.EACCES), "docker-permission"},
		{errors.New("permission denied while trying to connect to the docker API at unix:///x"), "docker-permission"},
		{context.DeadlineExceeded, "docker-hangs"},
		{errors.New("client version 1.56 is too new. Maximum supported API version is 1.30"), "docker-api-old"},
		{errors.New("write /var/lib/x: no space left on device"), "docker-disk-full"},
		{errors.New("could not find an available, non-overlapping IPv4 address pool among the defaults"), "docker-networks-full"},
		{errors.New("all predefined address pools have been fully subnetted"), "docker-networks-full"},
		{fmt.Errorf("reading: %w", errTooMuch), "docker-garbled"},
		{fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), "docker-garbled"},
		{json.Unmarshal([]byte("<html>"), new(int)), "docker-garbled"},
		{json.Unmarshal([]byte("[]"), new(int)), "docker-garbled"},
		{errdefs.ErrInternal.WithMessage("it broke"), "docker-garbled"},
		{context.Canceled, ""},
		{errors.New("anything else"), ""},
	} {
		got := ""
		if h, ok := hint.Find(trouble(test.err, "unix:///x")); ok {
			got = h.Code
		}
		if got != test.want {
			t.Errorf("trouble(%v) = %q, want %q", test.err, got, test.want)
		}
	}
	kept := hint.With(errors.New("no space left on device"), "build-failed")
	if h, _ := hint.Find(trouble(kept, "")); h.Code != "build-failed" {
		t.Errorf("advice was replaced by %s", h.Code)
	}
}

// TestWords: every code that this package gives has words, and they fit its arguments.
func TestWords(t *testing.T) {
	for code, args := range map[string][]any{
		"docker-unreachable": {"h"}, "docker-permission": {"h"}, "docker-api-old": {"1.30", minAPI}, "docker-hangs": {"h"}, "docker-garbled": {"h"}, "docker-not-isolated": {"h"}, "service-wrote-too-much": {"s", 192},
		"docker-remote": {"h"}, "docker-windows": nil, "docker-disk-full": nil, "docker-networks-full": nil,
		"base-image-missing": {"i"}, "image-missing": {"i"}, "build-failed": {"s", "d"}, "build-network": {"s", "d"},
		"build-memory": {"s", "d"}, "build-processes": {"s", "d"}, "build-large": {"s", "d"}, "build-slow": {"s", "d"}, "build-context": {"f"},
		"service-died": {"s", 1, "w"}, "service-out-of-memory": {"s"}, "service-not-ready": {"s", 60.0}, "reload-unclear": {"s"},
	} {
		for _, key := range []string{"error." + code, "hint." + code} {
			for _, lang := range locale.All() {
				if got := lang.Say(key, args...); !locale.Has(key) || strings.Contains(got, "%!") {
					t.Errorf("%s in %s: %s", key, lang, got)
				}
			}
		}
	}
}

func TestReachable(t *testing.T) {
	for host, ok := range map[string]bool{
		"unix:///var/run/docker.sock": true, "tcp://127.0.0.1:2375": true, "tcp://localhost:2375": true, "npipe:////./pipe/x": true,
		"tcp://192.0.2.7:2375": false, "ssh://me@host": false, "tcp://engine.example:2376": false,
	} {
		if err := reachable(host); (err == nil) != ok {
			t.Errorf("reachable(%s) = %v", host, err)
		}
	}
}

func TestAvailable(t *testing.T) {
	none := func(string) string { return "" }
	e := New(Options{Host: "unix://" + t.TempDir() + "/none.sock", Getenv: none})
	err := e.Available(t.Context())
	if h, ok := hint.Find(err); !ok || h.Code != "docker-unreachable" {
		t.Errorf("without an engine: %v", err)
	}
}

func TestRefusal(t *testing.T) {
	const path = "/etc/nginx/lab/websocket.conf"
	for output, want := range map[string]session.Applied{
		"2026/11/22 12:02:36 [emerg] 8#8: host not found in upstream \"backnd:8000\" in " + path + ":10\n" +
			"nginx: configuration file /etc/nginx/nginx.conf test failed\n": {
			Message: `[emerg] host not found in upstream "backnd:8000" in ` + path + ":10", File: path, Line: 10},
		"nginx: [emerg] unknown directive \"lisen\" in " + path + ":3\nnginx: configuration file /etc/nginx/nginx.conf test failed\n": {
			Message: `[emerg] unknown directive "lisen" in ` + path + ":3", File: path, Line: 3},
		"2026/11/22 12:02:36 [emerg] 1#1: unknown \"connection_upgrade\" variable": {
			Message: `[emerg] unknown "connection_upgrade" variable`},
		"Error: adapting config using caddyfile: /etc/caddy/lab/Caddyfile:4: unrecognized directive: revers_proxy\n": {
			Message: "Error: adapting config using caddyfile: /etc/caddy/lab/Caddyfile:4: unrecognized directive: revers_proxy",
			File:    "/etc/caddy/lab/Caddyfile", Line: 4},
		"\x1b[31mred\x1b[0m \x1b]0;title\x07words\n": {Message: "red words"},
		"": {Message: "it refused the files and gave no reason"},
	} {
		if diff := cmp.Diff(want, refusal(session.Applied{}, output)); diff != "" {
			t.Errorf("%q:\n%s", output, diff)
		}
	}
}

const builderOutput = `{"stream":"Step 1/4 : FROM debian:trixie-slim AS debian"}
{"stream":"\n"}
{"stream":" ---\u003e d80ad1b8ca65\n"}
{"stream":"Step 2/4 : RUN apt-get update"}
{"stream":"\n"}
{"stream":" ---\u003e Running in 0123456789ab\n"}
{"stream":"\u001b[91mGet:1 packages\n\u001b[0m"}
{"stream":" ---\u003e 111111111111\n"}
{"stream":"Step 3/4 : FROM scratch"}
{"stream":"\n"}
{"stream":" ---\u003e \n"}
{"stream":"Step 4/4 : COPY --from=debian / /"}
{"stream":"\n"}
{"stream":" ---\u003e 222222222222\n"}
{"aux":{"ID":"sha256:2222"}}
`

func TestBuildProgress(t *testing.T) {
	var got, made []string
	b := buildProgress{stage: session.Stage{Name: "build", Subject: "x"}}
	err := b.read(strings.NewReader(builderOutput), buildOutput, func(s session.Stage) {
		got = append(got, fmt.Sprintf("%d/%d %s", s.Done, s.Total, s.Detail))
		b.last = time.Time{} // show all
	}, func(stage int, image string) { made = append(made, fmt.Sprint(stage, " ", image)) })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"0/4 FROM debian:trixie-slim AS debian", "1/4 RUN apt-get update", "1/4 Get:1 packages",
		"2/4 FROM scratch", "3/4 COPY --from=debian / /"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1 111111111111", "2 222222222222"}, made); diff != "" {
		t.Errorf("images that were made: %s", diff)
	}
	b = buildProgress{}
	err = b.read(strings.NewReader(`{"errorDetail":{"message":"it broke\u001b[0m"},"error":"it broke"}`), buildOutput, func(session.Stage) {}, func(int, string) {})
	if err == nil || err.Error() != "it broke" {
		t.Errorf("an error of the builder: %v", err)
	}
}

func TestLines(t *testing.T) {
	var got []string
	l := lines{add: func(at time.Time, text string) { got = append(got, at.UTC().Format("05.000")+" "+text) }}
	for _, frame := range []string{"2026-11-22T12:00:01.5Z hello\n", "2026-11-22T12:00:02Z long ", "2026-11-22T12:00:03Z line\r\n", "2026-11-22T12:00:04Z \n"} {
		if _, err := l.Write([]byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"01.500 hello", "02.000 long line", "04.000 "}, got); diff != "" {
		t.Error(diff)
	}
}

func TestQuote(t *testing.T) {
	if got, want := quote([]string{"a b", "it's", ""}), `'a b' 'it'\''s' ''`; got != want {
		t.Errorf("quote: %s, want %s", got, want)
	}
	if m := regexp.MustCompile(`^'nginx' '-t'$`); !m.MatchString(quote([]string{"nginx", "-t"})) {
		t.Error("quoting nginx -t")
	}
}
