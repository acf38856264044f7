package probe

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestRefusedBeforeItIsWhole: a server that refuses a message by its length, and resets the connection if there is more to
// read, is heard; one that takes the message gets all of it, as one frame.
func TestRefusedBeforeItIsWhole(t *testing.T) {
	for _, size := range []int{0, 5, 125, 126, 65_535, 65_536, 100_000} {
		up := websocket.Upgrader{ReadBufferSize: 512}
		got := make(chan string, 1)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := up.Upgrade(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, data, err := conn.ReadMessage()
			if err != nil {
				t.Error(err)
			}
			got <- string(data)
		}))
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http"), nil)
		if err != nil {
			t.Fatal(err)
		}
		message := strings.Repeat("x", size)
		if err := writeInTwo(t.Context(), conn, []byte(message)); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		select {
		case text := <-got:
			if text != message {
				t.Errorf("%d bytes: %d came", size, len(text))
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%d bytes: nothing came", size)
		}
		_ = conn.Close()
		s.Close()
	}
}

// hastyProxy is a tunnel to addr that ends as soon as it cannot write to the server, as nginx's does, whatever the server
// has said before and was not read yet.
func hastyProxy(t *testing.T, addr string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			end := func() { _ = client.Close(); _ = server.Close() }
			go func() {
				defer end()
				_, _ = io.Copy(server, client)
			}()
			go func() {
				defer end()
				for part := make([]byte, 512); ; {
					n, err := server.Read(part)
					time.Sleep(20 * time.Millisecond) // it has other connections, too
					if _, out := client.Write(part[:n]); err != nil || out != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// TestRefusalIsHeard: a server's refusal comes with its code also where it resets the connection with bytes unread and a
// proxy passes that on at once.
func TestRefusalIsHeard(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{ReadBufferSize: 256}
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		conn.SetReadLimit(1000) // it answers with a close frame; what is unread then makes a reset of its end
		_, _, _ = conn.ReadMessage()
		_ = conn.Close()
	}))
	defer s.Close()
	addr := hastyProxy(t, strings.TrimPrefix(s.URL, "http://"))
	for range 20 {
		conn, _, err := websocket.DefaultDialer.Dial("ws://"+addr, nil)
		if err != nil {
			t.Fatal(err)
		}
		quiet := &look{quiet: true}
		message := strings.Repeat("x", 4<<20)
		_, err = quiet.exchange(t.Context(), conn, "proxy", message, func(ctx context.Context) error {
			return writeInTwo(ctx, conn, []byte(message))
		})
		if code := closeCode(err); code != 1009 {
			t.Fatalf("closed with %d: %v", code, err)
		}
		_ = conn.Close()
	}
}
