package probe

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
)

// maxFiles bounds how many files one check asks for.
const maxFiles = 20

// serviceFiles tells which files nginx would find.
type serviceFiles struct {
	look    *look
	service string
	prefix  string // of paths without a "/"; "" for not asked yet
	asked   int
}

var prefixPattern = regexp.MustCompile(`--prefix=(/\S+)`)

// exists asks the service. Where that has no program to ask, as a stand-in, reading the file tells.
func (f *serviceFiles) exists(ctx context.Context, kind byte, path string) (exists, known bool) {
	if f.asked++; f.asked > maxFiles || path == "" {
		return false, false
	}
	target := f.look.run.target
	if path[0] != '/' {
		if f.prefix == "" {
			f.prefix = "/usr/share/nginx" // Debian's
			if res, err := target.Exec(ctx, f.service, "nginx", "-V"); err == nil {
				if m := prefixPattern.FindStringSubmatch(res.Stderr + res.Stdout); m != nil {
					f.prefix = m[1]
				}
			}
		}
		path = f.prefix + "/" + path
	}
	if res, err := target.Exec(ctx, f.service, "test", "-"+string(kind), path); err == nil && (res.Code == 0 || res.Code == 1) {
		return res.Code == 0, true
	}
	_, err := target.ReadFile(ctx, f.service, path)
	switch {
	case err == nil:
		return kind == 'f' || kind == 'e', kind != 'x'
	case errors.Is(err, fs.ErrNotExist):
		return false, true
	}
	return false, false
}
