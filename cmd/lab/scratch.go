package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/workspace"
)

// scratchPrefix begins the name of every temporary folder: lab-run-USER.PROCESS.START.RANDOM, so that it can be told
// whose it is, whatever its process came to.
const scratchPrefix = "lab-run-"

// scratch opens a workspace that is gone when remove was called.
func (a *app) scratch(lab course.Lab) (w *workspace.Workspace, remove func(), err error) {
	initial, err := lab.Initial()
	if err != nil {
		return nil, nil, err
	}
	sweepScratch(os.TempDir())
	me := docker.Self()
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("%s%d.%d.%s.%s", scratchPrefix, me.UID, me.PID, me.Start, rand.Text()[:10]))
	a.guard(charge{Folder: dir})
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, nil, hint.With(err, "no-temp")
	}
	remove = func() { _ = removeFolder(dir) }
	if w, err = workspace.Open(dir, initial); err != nil {
		remove()
	}
	return w, remove, err
}

// sweepScratch removes the temporary folders in temp that dead processes of this user left, and gives their paths.
func sweepScratch(temp string) (removed []string) {
	entries, err := os.ReadDir(temp)
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		return nil
	}
	for _, e := range entries {
		if owner, ok := scratchOwner(e.Name()); ok && e.IsDir() && !owner.Alive() {
			if dir := filepath.Join(temp, e.Name()); removeFolder(dir) == nil {
				removed = append(removed, dir)
			}
		}
	}
	return removed
}

// scratchOwner reads out of a temporary folder's name whose it is; ok is false if it is none of this user's.
func scratchOwner(name string) (o docker.Owner, ok bool) {
	rest, ours := strings.CutPrefix(name, scratchPrefix)
	f := strings.Split(rest, ".")
	if !ours || len(f) != 4 {
		return o, false
	}
	o = docker.Self()
	uid, err := strconv.Atoi(f[0])
	if err != nil || uid != o.UID {
		return o, false
	}
	o.PID, err = strconv.Atoi(f[1])
	o.Start = f[2]
	return o, err == nil
}
