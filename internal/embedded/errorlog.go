package embedded

import (
	"fmt"
	"strings"
	"time"
)

// log writes a line of the error log about a request, in nginx's words with nginx's context after them.
func (r *request) log(level severity, text string) {
	var b strings.Builder
	b.WriteString(text)
	if r.action != "" {
		b.WriteString(" while " + r.action)
	}
	b.WriteString(", client: " + r.conn.client + ", server: " + r.server.name())
	if r.head.line != "" {
		b.WriteString(`, request: "` + r.head.line + `"`)
	}
	if r.proxy.name != "" {
		b.WriteString(`, upstream: "http://` + r.proxy.name + r.proxy.uri + `"`)
	}
	if host, ok := r.head.get("Host"); ok {
		b.WriteString(`, host: "` + host + `"`)
	}
	if referrer, ok := r.head.get("Referer"); ok {
		b.WriteString(`, referrer: "` + referrer + `"`)
	}
	r.conn.gen.log(level, r.conn.serial, b.String(), r.set)
}

// longestError is how long a line of the error log may be, without its end (NGX_MAX_ERROR_STR). Bytes.
const longestError = 2048 - 1

// log writes a line of the error log about a connection, as far as s wants lines of that level.
func (g *generation) log(level severity, serial int64, text string, s *settings) {
	for _, l := range s.errorLogs {
		if l.shown && level <= l.least {
			line := fmt.Sprintf("%s [%s] %d#%d: *%d %s", stamp(), level, g.pid, g.pid, serial, text)
			g.nginx.write(line[:min(len(line), longestError)])
		}
	}
}

// notice writes a line of the error log about the process itself.
func (n *nginx) notice(conf *config, pid int, level severity, text string) {
	for _, l := range conf.mainLogs {
		if l.shown && level <= l.least {
			n.write(fmt.Sprintf("%s [%s] %d#%d: %s", stamp(), level, pid, pid, text))
		}
	}
}

func stamp() string { return time.Now().Format("2006/01/02 15:04:05") }

// access writes the request's line of the access log.
func (r *request) access() {
	for _, l := range r.set.accessLogs {
		if !l.shown {
			continue
		}
		var b strings.Builder
		for _, p := range l.format {
			switch {
			case p.variable != "":
				if v, ok := r.variable(p.variable); ok {
					b.WriteString(escapeLog(v))
				} else {
					b.WriteByte('-')
				}
			default:
				b.WriteString(p.text)
			}
		}
		r.conn.gen.nginx.write(b.String())
	}
}

// escapeLog is nginx's default escaping in access logs.
func escapeLog(s string) string {
	clean := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] > 126 || s[i] == '"' || s[i] == '\\' {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if ch := s[i]; ch < ' ' || ch > 126 || ch == '"' || ch == '\\' {
			fmt.Fprintf(&b, `\x%02X`, ch)
		} else {
			b.WriteByte(ch)
		}
	}
	return b.String()
}
