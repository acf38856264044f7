package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

// explain gives an error the advice of what is behind it on this machine, which is none of the student's doing, in place
// of the advice of where it was noticed: descriptors that are exhausted, a folder that became root's, time that was over.
func (a *app) explain(err error) error {
	var problems course.Problems
	_, advised := hint.Find(err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), strings.Contains(err.Error(), "too many open files"):
		return hint.With(err, "too-many-files", openLimit())
	case errors.Is(err, fs.ErrPermission):
		if path, owner, me, ok := a.notMine(err); ok {
			return hint.With(err, "not-yours", path, owner, me, filepath.Clean(a.dataDir()))
		}
	case !advised && !errors.As(err, &problems) && errors.Is(err, context.DeadlineExceeded):
		what := strings.TrimSuffix(err.Error(), context.DeadlineExceeded.Error())
		return hint.With(err, "too-slow", strings.TrimRight(what, ": "))
	}
	return err
}

// notMine finds what of lab's folder belongs to another user, where that is why something was not permitted: what the
// error names, or one of the folders above that.
func (a *app) notMine(err error) (path, owner, me string, ok bool) {
	home := filepath.Clean(a.dataDir())
	at := home
	var named *fs.PathError
	if errors.As(err, &named) && strings.HasPrefix(filepath.Clean(named.Path), home+string(filepath.Separator)) {
		at = filepath.Clean(named.Path)
	}
	for _, candidate := range append(above(at, home), filepath.Join(home, "progress.jsonl"), filepath.Join(home, "progress.jsonl.lock"),
		filepath.Join(home, "work"), filepath.Join(home, "last-run.jsonl")) {
		info, err := os.Lstat(candidate)
		if err != nil {
			continue
		}
		if owner, me, other := otherOwner(info); other {
			return candidate, owner, me, true
		}
	}
	return "", "", "", false
}

// above lists a path and the folders that it is in, up to top.
func above(path, top string) []string {
	out := []string{path}
	for path != top && len(path) > len(top) {
		path = filepath.Dir(path)
		out = append(out, path)
	}
	return out
}

// protected makes an error with a report, to be sent, of a panic in do.
func protected(do func() error) error { return hint.Safely(do) }
