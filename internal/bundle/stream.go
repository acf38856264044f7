package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"strings"
)

// reader reads until ctx ends, counts, sums up and tells how far it is.
type reader struct {
	ctx   context.Context
	r     io.Reader
	n     int64
	sum   hash.Hash // nil for none
	say   func(done, total int64)
	total int64
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	r.n += int64(n)
	if r.sum != nil {
		r.sum.Write(p[:n])
	}
	if r.say != nil && n > 0 {
		r.say(r.n, r.total)
	}
	return n, err
}

// counter counts what is written.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// Sum identifies the contents of the folders at the root of file systems: equal if, and only if, all names and all
// bytes are.
func Sum(all ...fs.FS) (string, error) {
	h := sha256.New()
	for i, fsys := range all {
		err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.Contains(name, "/") {
				return err
			}
			data, err := fs.ReadFile(fsys, name)
			fmt.Fprintf(h, "%d %d %d %s\n", i, len(name), len(data), name)
			h.Write(data)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
