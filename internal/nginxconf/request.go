package nginxconf

import (
	"net/url"
	"path"
	"strings"
)

// Request is a request as it is sent, as far as it decides where nginx takes it.
type Request struct {
	Port   int               // that it came to; 0 for any
	Host   string            // the Host header, a port in it is ignored; "" for none: the default server
	Path   string            // origin-form, with its query
	Header map[string]string // the other headers, by their names in lower case

	// Self lists the host names at which this nginx reaches itself, beside the loopback addresses.
	Self []string
	// Exists tells whether there is a file of that kind at a path: 'f' a file, 'd' a directory, 'e' either, 'x' an
	// executable. A path without a "/" before it is below nginx's prefix. known is false where that cannot be told. nil for
	// never.
	Exists func(kind byte, path string) (exists, known bool)
}

// Upgrade are the headers of a WebSocket handshake, without those whose value is another one each time.
func Upgrade() map[string]string {
	return map[string]string{"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-version": "13",
		"user-agent": "Go-http-client/1.1"}
}

func (r Request) exists(kind byte, path string) (exists, known bool) {
	if r.Exists == nil {
		return false, false
	}
	return r.Exists(kind, path)
}

// hostName is the host as nginx compares it (ngx_http_validate_host): lower case, without port and final dot.
func hostName(host string) string {
	host = strings.ToLower(host)
	if strings.HasPrefix(host, "[") {
		if end := strings.IndexByte(host, ']'); end >= 0 {
			return host[:end+1]
		}
	}
	host, _, _ = strings.Cut(host, ":")
	return strings.TrimSuffix(host, ".")
}

// splitTarget gives the normalized path of a request target, as $uri has it, and its query. ok is false for a target that
// nginx refuses with 400.
func splitTarget(target string, mergeSlashes bool) (uri, args string, ok bool) {
	raw, args, _ := strings.Cut(target, "?")
	uri, err := url.PathUnescape(raw)
	if err != nil || !strings.HasPrefix(uri, "/") || strings.ContainsRune(uri, 0) {
		return "", "", false
	}
	slash := strings.HasSuffix(uri, "/") || strings.HasSuffix(uri, "/.") || strings.HasSuffix(uri, "/..")
	if mergeSlashes || !strings.Contains(uri, "//") {
		uri = path.Clean(uri)
	}
	if slash && !strings.HasSuffix(uri, "/") {
		uri += "/"
	}
	return uri, args, true
}
