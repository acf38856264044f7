package embedded

import (
	"net/netip"
	"path"
	"slices"
	"strings"
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
	readOnly := []string{"/", "/etc", "/etc/nginx", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib", "/var", "/var/log",
		"/var/log/nginx"}
	why := "2: No such file or directory"
	switch {
	case slices.Contains([]string{"/dev/stdout", "/dev/stderr", "/dev/null", "/var/log/nginx/error.log"}, full):
		return nil
	case full == "/dev" || full == "/tmp" || full == "/etc/nginx/lab" || slices.Contains(readOnly, full):
		why = "21: Is a directory"
	case dir == "/tmp":
		return nil
	case dir == "/dev" || dir == "/etc/nginx/lab":
		why = "13: Permission denied"
	case slices.Contains(readOnly, dir):
		why = "30: Read-only file system"
	}
	return &lateError{text: `open() "` + name + `" failed (` + why + `)`}
}

// bindable tells whether nginx could listen on all addresses; own is that of its container. One that a wildcard on the
// same port stands for is not bound by itself.
func (c *config) bindable(own netip.Addr) error {
	for _, l := range c.listens {
		a := l.addr.Addr()
		covered := !l.set && slices.ContainsFunc(c.listens, func(other *listen) bool {
			b := other.addr.Addr()
			return other.addr.Port() == l.addr.Port() && b.IsUnspecified() && b.Is4() == a.Is4()
		})
		if !covered && !a.IsUnspecified() && !a.IsLoopback() && a != own {
			return &lateError{"bind() to " + l.addr.String() + " failed (99: Cannot assign requested address)", true}
		}
	}
	return nil
}
