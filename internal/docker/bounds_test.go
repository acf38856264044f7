package docker

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/hint"
)

// badEngine listens at a socket as an engine does: it answers a ping as one does, and everything else with answer.
func badEngine(t *testing.T, answer http.HandlerFunc) *Engine {
	t.Helper()
	dir, err := os.MkdirTemp("", "bad")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "e.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/_ping") {
			w.Header().Set("Api-Version", "1.41")
			w.Header().Set("Builder-Version", "1")
			w.Header().Set("Ostype", "linux")
			return
		}
		answer(w, r)
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	e := New(Options{Host: "unix://" + path, Locks: dir})
	e.limit = 2 * time.Second
	t.Cleanup(func() { _ = e.Close(); _ = server.Close(); <-done; _ = os.RemoveAll(dir) })
	return e
}

// endlessly writes a text until nobody reads any more; it fails if that takes too much.
func endlessly(t *testing.T, head, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, err := io.WriteString(w, head)
		piece := strings.Repeat(text, 32<<10/len(text))
		for sent := 0; err == nil; sent += len(piece) {
			if sent > 64<<20 {
				t.Errorf("%d bytes of %q were read", sent, text)
				return
			}
			_, err = io.WriteString(w, piece)
		}
	}
}

// TestEndlessAnswers: whatever does not end is given up, with words, and with little memory.
func TestEndlessAnswers(t *testing.T) {
	lab := lab03(t).Env
	calls := map[string]func(*Engine) error{
		"leftovers": func(e *Engine) error { _, err := e.Leftovers(t.Context()); return err },
		"sweep":     func(e *Engine) error { _, err := e.Sweep(t.Context(), false); return err },
		"version":   func(e *Engine) error { _, err := e.Version(t.Context()); return err },
		"images":    func(e *Engine) error { _, err := e.Images(t.Context(), lab); return err },
		"start":     func(e *Engine) error { _, err := e.Start(t.Context(), newID(), lab, nil, nil); return err },
		"shell":     func(e *Engine) error { _, err := e.Shell(t.Context(), "l", "s", Terminal{}); return err },
		"pull": func(e *Engine) error {
			return pull(t.Context(), e.api, "debian:trixie-slim", inTurn(nil))
		},
		"load": func(e *Engine) error { return load(t.Context(), e.api, strings.NewReader("")) },
		"attach": func(e *Engine) error {
			_, err := e.api.ExecAttach(t.Context(), "x", client.ExecAttachOptions{})
			return err
		},
		"read": func(e *Engine) error {
			_, err := e.api.CopyFromContainer(t.Context(), "x", client.CopyFromContainerOptions{SourcePath: "/x"})
			return err
		},
	}
	for _, body := range [][2]string{{"", "["}, {`[{"Names":["`, "x"}, {"[", "{},"}, {"[", "null,"}, {`{"stream":"`, "x"}, {`{"a":`, `{"a":`}} {
		for name, call := range calls {
			e := badEngine(t, endlessly(t, body[0], body[1]))
			if err := e.Available(t.Context()); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begun := time.Now()
			err := call(e)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Errorf("%s of %q: no error", name, body[1])
				continue
			}
			if _, ok := hint.Find(trouble(err, "x")); !ok {
				t.Errorf("%s of %q: no advice with %v", name, body[1], err)
			}
			if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 100<<20 || time.Since(begun) > 20*time.Second {
				t.Errorf("%s of %q: %d MiB, %v", name, body[1], grown>>20, time.Since(begun))
			}
		}
	}
}

// TestLongFrames: the length that a frame of a container's output claims to have is not believed.
func TestLongFrames(t *testing.T) {
	frame := func(size uint32, content string) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{1, 0, 0, 0}, size), content...)
	}
	var out bytes.Buffer
	in := slowly(append(frame(5, "hello"), frame(maxFrame, strings.Repeat("x", maxFrame))...))
	if err := demux(&out, io.Discard, in); err != nil || out.Len() != 5+maxFrame {
		t.Errorf("frames of right length: %d bytes, %v", out.Len(), err)
	}
	if err := demux(&out, io.Discard, slowly(append(frame(2, "hi"), frame(0xfffffff0, "x")...))); !errors.Is(err, errTooMuch) {
		t.Errorf("a frame of 4 GiB: %v", err)
	}
}

// slowly gives data in pieces of odd sizes.
func slowly(data []byte) io.Reader {
	var all []io.Reader
	for i := 0; len(data) > 0; i++ {
		n := min(1+i*i%7001, len(data))
		all, data = append(all, bytes.NewReader(data[:n])), data[n:]
	}
	return io.MultiReader(all...)
}

// TestLongStreams: a stream of messages may be as long as an engine has something to say, a message of it may not.
func TestLongStreams(t *testing.T) {
	e := badEngine(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 40_000 {
			fmt.Fprintf(w, "{\"status\":\"%s\"}\r\n", strings.Repeat("x", 200))
		}
	})
	if err := e.Available(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := load(t.Context(), e.api, strings.NewReader("")); err != nil {
		t.Errorf("8 MB of short messages: %v", err)
	}
}

// TestSilentAttach: an engine that never gives a connection over is waited for no longer than for anything else.
func TestSilentAttach(t *testing.T) {
	stop := make(chan struct{})
	e := badEngine(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	defer close(stop)
	if err := e.Available(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := e.api.ExecAttach(ctx, "x", client.ExecAttachOptions{})
	if h, ok := hint.Find(trouble(err, "x")); !ok || h.Code != "docker-hangs" || time.Since(begun) > 3*time.Second {
		t.Errorf("after %v: %v", time.Since(begun), err)
	}
}
