package workspace

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// TestWatchTree wants every change below a folder to be told, by events and, where there are none, by polling.
func TestWatchTree(t *testing.T) {
	for name, notify := range map[string]bool{"by events": true, "by polling": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "lesson.en.md"), []byte("one"), 0o600))
			var events *fsnotify.Watcher
			if notify {
				var err error
				events, err = fsnotify.NewWatcher()
				must(t, err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			changes := watchTree(ctx, dir, events)
			for what, change := range map[string]func() error{
				"written":  func() error { return os.WriteFile(filepath.Join(dir, "lesson.en.md"), []byte("another"), 0o600) },
				"replaced": func() error { return renamedOver(filepath.Join(dir, "lesson.en.md"), "a third") },
				"new":      func() error { return os.WriteFile(filepath.Join(dir, "lab.yaml"), nil, 0o600) },
				"below": func() error {
					if err := os.MkdirAll(filepath.Join(dir, "mistakes", "one"), 0o700); err != nil {
						return err
					}
					return os.WriteFile(filepath.Join(dir, "mistakes", "one", "expect.yaml"), nil, 0o600)
				},
			} {
				must(t, change())
				select {
				case <-changes:
				case <-time.After(5 * time.Second):
					t.Fatalf("%s: no change was told", what)
				}
				time.Sleep(quiet)
				select { // what took more than one look
				case <-changes:
				default:
				}
			}
			select {
			case <-changes:
				t.Error("a change was told, and there was none")
			case <-time.After(quiet):
			}
			cancel()
			for range changes {
			}
		})
	}
}

func renamedOver(path, text string) error {
	if err := os.WriteFile(path+"~", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+"~", path)
}
