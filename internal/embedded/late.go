package embedded

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// lateError is what nginx notices after it found the syntax to be ok: log files and addresses that cannot be opened. It
// names no line.
type lateError struct {
	text  string
	twice bool // nginx says it once more on standard error, as the configured log is open by then
}

func (e *lateError) Error() string { return e.text }

// openable tells whether nginx could open a log file in the lab's container: its file system is read-only but for /tmp,
// and nginx runs as an ordinary user.
func openable(name string) error {
	if name == "stderr" {
		return nil
	}
	if !strings.HasPrefix(name, "/") {
		name = "/usr/share/nginx/" + name
	}
	full := path.Clean(name)
	dir := path.Dir(full)
	why := "2: No such file or directory"
	switch {
	case slices.Contains([]string{"/dev/stdout", "/dev/stderr", "/dev/null", "/var/log/nginx/error.log"}, full):
		return nil
	case full == "/dev" || full == "/tmp" || full == "/etc/nginx/lab" || slices.Contains(readOnlyFolders, full):
		why = "21: Is a directory"
	case dir == "/tmp":
		return nil
	case dir == "/dev" || dir == "/etc/nginx/lab":
		why = "13: Permission denied"
	case slices.Contains(readOnlyFolders, dir):
		why = "30: Read-only file system"
	}
	return &lateError{text: `open() "` + name + `" failed (` + why + `)`}
}

// tempPath notes a folder for temporary files, of which nginx has only one of a name (ngx_add_path).
func (c *compiler) tempPath(d nginxconf.Directive) error {
	for _, other := range c.conf.tempPaths {
		if other.Args[0] == d.Args[0] && !slices.Equal(other.Args[1:], d.Args[1:]) {
			return &nginxconf.Error{Text: `the same path name "` + d.Args[0] + `" in ` + place(d) +
				` has the different levels than in ` + place(other)}
		}
	}
	c.conf.tempPaths = append(c.conf.tempPaths, d)
	return nil
}

// creatable tells whether nginx could make a folder, or has it already.
func creatable(name string) error {
	if !strings.HasPrefix(name, "/") {
		name = "/usr/share/nginx/" + name
	}
	full := path.Clean(name)
	dir := path.Dir(full)
	files := []string{"/etc/nginx/nginx.conf", "/etc/nginx/mime.types", "/etc/passwd", "/etc/group", "/dev/null", "/dev/stdout", "/dev/stderr"}
	why := "2: No such file or directory"
	switch {
	case full == "/tmp" || dir == "/tmp" || full == "/dev" || full == "/etc/nginx/lab" || slices.Contains(readOnlyFolders, full) ||
		slices.Contains(files, full):
		return nil
	case slices.Contains(files, dir):
		why = "20: Not a directory"
	case dir == "/dev" || dir == "/etc/nginx/lab":
		why = "13: Permission denied"
	case slices.Contains(readOnlyFolders, dir):
		why = "30: Read-only file system"
	}
	return &lateError{text: `mkdir() "` + name + `" failed (` + why + `)`}
}

// readOnlyFolders are those of the lab's image, outside of which nothing can be written but in /tmp.
var readOnlyFolders = []string{"/", "/etc", "/etc/nginx", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib", "/var", "/var/log",
	"/var/log/nginx"}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// bindable tells whether nginx could listen on all addresses; own is that of its container. One that a wildcard on the
// same port stands for is not bound by itself.
func (c *config) bindable(own netip.Addr) error {
	for _, l := range c.listens {
		a := l.addr.Addr()
		covered := !l.set && slices.ContainsFunc(c.listens, func(other *listen) bool {
			b := other.addr.Addr()
			return other.addr.Port() == l.addr.Port() && b.IsUnspecified() && b.Is4() == a.Is4()
		})
		if !covered && !a.IsUnspecified() && (a.Is6() || !a.IsLoopback() && !a.IsMulticast() && a != own && a != broadcast) {
			return &lateError{"bind() to " + l.addr.String() + " failed (99: Cannot assign requested address)", true}
		}
	}
	return nil
}
