package embedded

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// variableOf gives nginx's variables for a request; found is false where nginx has none ("-" in a log).
var variableOf = map[string]func(r *request) (value string, found bool){
	"args":                       func(r *request) (string, bool) { return r.args, r.args != "" },
	"query_string":               func(r *request) (string, bool) { return r.args, r.args != "" },
	"binary_remote_addr":         func(r *request) (string, bool) { return "\x7f\x00\x00\x01", true },
	"body_bytes_sent":            func(r *request) (string, bool) { return itoa64(r.sentBody), true },
	"bytes_sent":                 func(r *request) (string, bool) { return itoa64(r.sent), true },
	"connection":                 func(r *request) (string, bool) { return itoa64(r.conn.serial), true },
	"connection_requests":        func(r *request) (string, bool) { return itoa(r.conn.requests), true },
	"connection_time":            func(r *request) (string, bool) { return seconds(time.Since(r.conn.start)), true },
	"content_length":             func(r *request) (string, bool) { return r.head.get("Content-Length") },
	"content_type":               func(r *request) (string, bool) { return r.head.get("Content-Type") },
	"document_uri":               func(r *request) (string, bool) { return r.uri, true },
	"uri":                        func(r *request) (string, bool) { return r.uri, true },
	"host":                       hostVariable,
	"hostname":                   func(*request) (string, bool) { h, _ := os.Hostname(); return h, true },
	"http_host":                  func(r *request) (string, bool) { return r.head.get("Host") },
	"https":                      func(*request) (string, bool) { return "", true },
	"is_args":                    isArgs,
	"msec":                       func(*request) (string, bool) { return msecOf(time.Now()), true },
	"nginx_version":              func(*request) (string, bool) { return nginxVersion, true },
	"pid":                        func(r *request) (string, bool) { return itoa(r.conn.gen.pid), true },
	"pipe":                       func(*request) (string, bool) { return ".", true },
	"proxy_add_x_forwarded_for":  forwardedFor,
	"proxy_host":                 func(r *request) (string, bool) { return r.proxy.host, r.proxy.used },
	"proxy_port":                 func(r *request) (string, bool) { return itoa(r.proxy.port), r.proxy.used },
	"proxy_internal_body_length": bodyLengthVariable,
	"proxy_internal_chunked":     func(*request) (string, bool) { return "", true },
	"remote_addr":                func(r *request) (string, bool) { return r.conn.client, true },
	"remote_port":                func(r *request) (string, bool) { return r.conn.clientPort, true },
	"remote_user":                func(*request) (string, bool) { return "", false },
	"request":                    func(r *request) (string, bool) { return r.head.line, r.head.line != "" },
	"request_completion":         func(*request) (string, bool) { return "OK", true },
	"request_id":                 func(*request) (string, bool) { return randomID(), true },
	"request_method":             func(r *request) (string, bool) { return r.method, r.method != "" },
	"request_time":               func(r *request) (string, bool) { return seconds(time.Since(r.start)), true },
	"request_uri":                func(r *request) (string, bool) { return r.target, r.target != "" },
	"scheme":                     func(*request) (string, bool) { return "http", true },
	"server_addr":                func(r *request) (string, bool) { return r.conn.gen.address, true },
	"server_name":                func(r *request) (string, bool) { return r.server.name(), true },
	"server_port":                func(r *request) (string, bool) { return itoa(r.conn.port), true },
	"server_protocol":            func(r *request) (string, bool) { return r.version, r.version != "" },
	"status":                     func(r *request) (string, bool) { return fmt.Sprintf("%03d", r.status), true },
	"time_iso8601":               func(*request) (string, bool) { return time.Now().Format("2006-01-02T15:04:05-07:00"), true },
	"time_local":                 func(*request) (string, bool) { return time.Now().Format("02/Jan/2006:15:04:05 -0700"), true },
	"upstream_addr":              func(r *request) (string, bool) { return list(r.proxy.addrs) },
	"upstream_status":            func(r *request) (string, bool) { return list(r.proxy.statuses) },
	"upstream_response_time":     func(r *request) (string, bool) { return list(r.proxy.times) },
	"upstream_header_time":       func(r *request) (string, bool) { return list(r.proxy.headerTimes) },
	"upstream_connect_time":      func(r *request) (string, bool) { return list(r.proxy.connects) },
}

// prefixes give the families of variables: $http_..., $arg_...
var prefixes = map[string]func(r *request, name string) (string, bool){
	"http_":          func(r *request, name string) (string, bool) { return joined(r.head, name) },
	"upstream_http_": func(r *request, name string) (string, bool) { return joined(r.upstreamResponse, name) },
	"arg_":           argument,
	"cookie_":        cookie,
}

// standIn tells whether the stand-in has a variable of nginx's.
func standIn(name string) bool {
	if _, ok := variableOf[name]; ok {
		return true
	}
	for prefix := range prefixes {
		if len(name) > len(prefix) && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// variable gives the value of a variable, the configuration's own before nginx's.
func (r *request) variable(name string) (string, bool) {
	if v, ok := r.vars[name]; ok {
		return v, true
	}
	if m, ok := r.conn.gen.conf.maps[name]; ok {
		return r.mapped(name, m)
	}
	if r.conn.gen.conf.captured[name] {
		return "", false
	}
	if r.conn.gen.conf.assigned[name] {
		r.log(logWarn, `using uninitialized "`+name+`" variable`)
		r.remember(name, "")
		return "", true
	}
	if f, ok := variableOf[name]; ok {
		return f(r)
	}
	for prefix, f := range prefixes {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return f(r, rest)
		}
	}
	return "", false
}

// maxVariableDepth bounds variables that refer to each other (NGX_HTTP_VARIABLE_DEPTH).
const maxVariableDepth = 100

// mapped gives the value of a map's variable, which nginx works out once for a request. One that needs its own value is
// reported, and is empty where the chain of references ends.
func (r *request) mapped(name string, m *mapping) (string, bool) {
	if r.depth == maxVariableDepth {
		r.log(logError, `cycle while evaluating variable "`+name+`"`)
		return "", false
	}
	r.depth++
	v := m.value(r)
	r.depth--
	r.remember(name, v)
	return v, true
}

func (r *request) remember(name, value string) {
	if r.vars == nil {
		r.vars = map[string]string{}
	}
	r.vars[name] = value
}

func itoa64(n int64) string { return strconv.FormatInt(n, 10) }

// seconds is a duration with three decimals, as nginx logs it.
func seconds(d time.Duration) string {
	return fmt.Sprintf("%.3f", d.Truncate(time.Millisecond).Seconds())
}

func msecOf(t time.Time) string { return fmt.Sprintf("%d.%03d", t.Unix(), t.Nanosecond()/1e6) }

func list(values []string) (string, bool) { return strings.Join(values, ", "), len(values) > 0 }

func isArgs(r *request) (string, bool) {
	if r.args == "" {
		return "", true
	}
	return "?", true
}

func hostVariable(r *request) (string, bool) {
	if r.host != "" {
		return r.host, true
	}
	return r.server.name(), true
}

// name is what $server_name says: the first name, "" for none.
func (s *server) name() string {
	if len(s.names) == 0 {
		return ""
	}
	return s.names[0].name
}

func forwardedFor(r *request) (string, bool) {
	if v, ok := joined(r.head, "x_forwarded_for"); ok {
		return v + ", " + r.conn.client, true
	}
	return r.conn.client, true
}

func bodyLengthVariable(r *request) (string, bool) {
	if r.bodyLength < 0 {
		return "", false
	}
	return itoa64(r.bodyLength), true
}

// joined gives all values of a header, by its name in a variable; cookies are joined by semicolons.
func joined(h head, name string) (string, bool) {
	var values []string
	for _, f := range h.fields {
		if strings.EqualFold(strings.ReplaceAll(f.name, "-", "_"), name) {
			values = append(values, f.value)
		}
	}
	if name == "cookie" {
		return strings.Join(values, "; "), len(values) > 0
	}
	return strings.Join(values, ", "), len(values) > 0
}

func argument(r *request, name string) (string, bool) {
	for pair := range strings.SplitSeq(r.args, "&") {
		if key, value, ok := strings.Cut(pair, "="); ok && strings.EqualFold(key, name) {
			return value, true
		}
	}
	return "", false
}

func cookie(r *request, name string) (string, bool) {
	all, _ := joined(r.head, "cookie")
	for pair := range strings.FieldsFuncSeq(all, func(ch rune) bool { return ch == ';' }) {
		if key, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok && strings.EqualFold(key, name) {
			return value, true
		}
	}
	return "", false
}

func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
