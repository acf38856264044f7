package docker

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/session"
)

// TestEffectiveOnRealNginx puts the cases of internal/nginxconf/testdata/effective.txt into one real nginx, all at once,
// each at a port of its own behind a server that takes /case/PORT/PATH there, and sees which limit ends an idle WebSocket:
// what the resolution of nginxconf is held to is what nginx does.
func TestEffectiveOnRealNginx(t *testing.T) {
	data, err := os.ReadFile("../nginxconf/testdata/effective.txt")
	if err != nil {
		t.Fatal(err)
	}
	conf := `map_hash_bucket_size 256; variables_hash_max_size 4096; server_names_hash_bucket_size 128; variables_hash_bucket_size 128;
map $http_upgrade $connection_upgrade { default upgrade; '' close; }
upstream be { server backend:8000; }
proxy_read_timeout 5s; proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
server { listen 8080; location /case/ { if ($request_uri ~ "^/case/(\d\d\d\d)(/.*)$") { set $to $1; set $rest $2; }
  proxy_read_timeout 1h; proxy_pass http://127.0.0.1:$to$rest; proxy_set_header Host $http_x_host;
  proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; } location / { return 200; } }
`
	type one struct{ name, host, path, want string }
	var cases []one
	for i, part := range strings.Split(string(data), "\n== ")[1:] {
		c := one{host: "127.0.0.1", path: "/ws"}
		var body, outer strings.Builder
		for n, line := range strings.Split(part, "\n") {
			key, value, _ := strings.Cut(line, ": ")
			before, isOuter := strings.CutPrefix(line, "!")
			switch {
			case n == 0:
				c.name = line
			case key == "host":
				c.host = value
			case key == "path":
				c.path = value
			case key == "want":
				c.want = strings.TrimPrefix(value, "unsure ")
			case isOuter:
				outer.WriteString(before + "\n")
			default:
				body.WriteString(line + "\n")
			}
		}
		text := body.String()
		if !strings.Contains(text, "server {") {
			text = "server { listen PORT; " + text + "}\n"
		}
		conf += strings.NewReplacer("PASS", "proxy_pass http://be/ws$is_args$args", "PORT", fmt.Sprint(1000+i)).
			Replace(outer.String() + text)
		cases = append(cases, c)
	}
	addr := serveConf(t, conf)
	var all sync.WaitGroup
	for i, c := range cases {
		all.Go(func() {
			if got := endOf(t, addr, fmt.Sprintf("/case/%d%s", 1000+i, c.path), c.host); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		})
	}
	all.Wait()
}

// serveConf runs lab 03's environment with conf as the student's file, and gives the proxy's address.
func serveConf(t *testing.T, conf string) string {
	e := real(t)
	lab := lab03(t)
	v, err := e.Start(t.Context(), newID(), lab.Env, files(t)(""), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Stop(context.Background()) })
	if err := v.Put(t.Context(), []session.File{{Service: "proxy", Path: lab.Edit[0].Target, Data: []byte(conf)}}); err != nil {
		t.Fatal(err)
	}
	if a, err := v.Apply(t.Context(), "proxy"); err != nil || !a.OK {
		t.Fatalf("%+v, %v", a, err)
	}
	addr, err := v.Addr("proxy", 0)
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// endOf opens a WebSocket, is silent, and gives after how many seconds it ended, or the status of the answer.
func endOf(t *testing.T, addr, path, host string) string {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(15 * time.Second))
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nX-Host: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", path, host)
	var buf bytes.Buffer
	began := time.Now()
	_, _ = io.Copy(&buf, c)
	status := "no answer"
	_, _ = fmt.Sscanf(buf.String(), "HTTP/1.1 %s", &status)
	if status != "101" {
		return status
	}
	return fmt.Sprintf("%.0fs", math.Round(time.Since(began).Seconds()))
}
