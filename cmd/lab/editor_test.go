package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

func TestCommandWords(t *testing.T) {
	spaced := filepath.Join(t.TempDir(), "my editor")
	if err := os.WriteFile(spaced, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string][]string{
		"":                       nil,
		"vi":                     {"vi"},
		"code --wait":            {"code", "--wait"},
		`"/opt/my editor/ed" -w`: {"/opt/my editor/ed", "-w"},
		`'/opt/my editor/ed' -w`: {"/opt/my editor/ed", "-w"},
		`/opt/my\ editor/ed -w`:  {"/opt/my editor/ed", "-w"},
		`ed "unfinished`:         {"ed", `"unfinished`},
		"ed `id` $HOME":          {"ed", "`id`", "$HOME"},
		spaced:                   {spaced},
	} {
		if got := commandWords(command); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", command, got, want)
		}
	}
}

// typing is a terminal: each read gives one line.
type typing struct {
	mu    sync.Mutex
	lines []string
}

func (t *typing) Read(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == 0 {
		return 0, io.EOF
	}
	n := copy(p, t.lines[0])
	t.lines = t.lines[1:]
	return n, nil
}

// TestPromptLeavesTheInput: what is typed between two questions belongs to whoever reads then, such as an editor.
func TestPromptLeavesTheInput(t *testing.T) {
	in := &typing{lines: []string{"e\n", "for the editor\n", "c\n"}}
	p := prompt(t.Context(), in)
	if line, ok, err := p.line(t.Context()); line != "e" || !ok || err != nil {
		t.Fatalf("got %q, %v, %v", line, ok, err)
	}
	buf := make([]byte, 80)
	if n, err := in.Read(buf); err != nil || string(buf[:n]) != "for the editor\n" {
		t.Fatalf("the editor got %q, %v", buf[:n], err)
	}
	if line, ok, err := p.line(t.Context()); line != "c" || !ok || err != nil {
		t.Errorf("got %q, %v, %v", line, ok, err)
	}
	for range 2 {
		if _, ok, err := p.line(t.Context()); ok || err != nil {
			t.Errorf("after the end: %v, %v", ok, err)
		}
	}
}
