package embedded

import (
	"path"
	"slices"
)

// What the lab's proxy image has of files, as far as a configuration may ask for it. There is nothing that nginx could
// serve under its own root.
var (
	imageFiles = []string{"/etc/nginx/nginx.conf", "/etc/nginx/mime.types", "/etc/nginx/lab/websocket.conf", "/etc/passwd",
		"/etc/group", "/etc/nsswitch.conf", "/usr/sbin/nginx"}
	imageFolders = append([]string{"/tmp", "/dev", "/etc/nginx/lab", "/proc", "/sys"}, readOnlyFolders...)
)

// isThere answers -f, -d, -e and -x.
func isThere(kind byte, name string) bool {
	name = path.Clean(name)
	file, folder := slices.Contains(imageFiles, name), slices.Contains(imageFolders, name)
	switch kind {
	case 'f':
		return file
	case 'd':
		return folder
	case 'e':
		return file || folder
	}
	return folder || name == "/usr/sbin/nginx"
}
