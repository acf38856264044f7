package embedded_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/embedded"
	"github.com/cwk-stream/lab/internal/session"
)

func startLab(t testing.TB) session.Environment {
	t.Helper()
	lab := lesson03(t)
	env, err := embedded.New(embedded.Options{}).Start(t.Context(), "bench", lab.Env, filesAfter(t, lab, ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := env.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return env
}

const handshakeText = "GET /ws HTTP/1.1\r\nHost: lab.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// handshake opens a WebSocket and gives the connection and the status.
func handshake(t testing.TB, env session.Environment) (net.Conn, int) {
	t.Helper()
	addr, err := env.Addr("proxy", 0)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, handshakeText); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, res.StatusCode
}

// BenchmarkReady is from Start until everything serves. The goal is 30 ms.
func BenchmarkReady(b *testing.B) {
	lab := lesson03(b)
	files := filesAfter(b, lab, "")
	for b.Loop() {
		env, err := embedded.New(embedded.Options{}).Start(b.Context(), "bench", lab.Env, files, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		_ = env.Stop(b.Context())
		b.StartTimer()
	}
}

// BenchmarkSave is from new files until the handshake's answer under them: Put, Apply and a handshake. The goal is a
// median of 20 ms.
func BenchmarkSave(b *testing.B) {
	lab := lesson03(b)
	env := startLab(b)
	versions := [][]session.File{filesAfter(b, lab, "drop-upgrade"), filesAfter(b, lab, "forward-upgrade")}
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		if err := env.Put(b.Context(), versions[i%2]); err != nil {
			b.Fatal(err)
		}
		applied, err := env.Apply(b.Context(), "proxy")
		if err != nil || !applied.OK {
			b.Fatal(applied.Message, err)
		}
		c, status := handshake(b, env)
		_ = c.Close()
		if want := []int{400, 101}[i%2]; status != want {
			b.Fatalf("save %d: status %d, want %d: a stale verdict", i, status, want)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
}

// TestIdleConnections holds the cost of 500 idle WebSockets through the proxy, both ends and the backend included, under
// 30 MB.
func TestIdleConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("opens 500 connections")
	}
	env := startLab(t)
	conf, err := env.ReadFile(t.Context(), "proxy", "/etc/nginx/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	raised := []byte(strings.Replace(string(conf), "worker_connections 512", "worker_connections 4096", 1))
	if err := env.Put(t.Context(), []session.File{{Service: "proxy", Path: "/etc/nginx/nginx.conf", Data: raised}}); err != nil {
		t.Fatal(err)
	}
	if applied, err := env.Apply(t.Context(), "proxy"); err != nil || !applied.OK {
		t.Fatal(applied.Message, err)
	}
	before := memory()
	const n = 500
	conns := make([]net.Conn, n)
	for i := range conns {
		var status int
		if conns[i], status = handshake(t, env); status != 101 {
			t.Fatalf("connection %d: status %d", i, status)
		}
	}
	cost := float64(memory()-before) / (1 << 20)
	t.Logf("%d idle connections: %.1f MB", n, cost)
	if !raceEnabled && cost > 30 {
		t.Errorf("%d idle connections cost %.1f MB, want less than 30", n, cost)
	}
	for _, c := range conns {
		_ = c.Close()
	}
}

// memory is what the process has from the system for heap and stacks, after a collection. Bytes.
func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
