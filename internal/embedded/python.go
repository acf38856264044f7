package embedded

import (
	"fmt"
	"strings"
	"time"
)

// received is a request as the lab's application sees it: headers by name, those that came twice joined, in the order
// in which they came. Bytes are taken for Latin-1.
type received struct {
	names   []string
	values  map[string]string
	version string
}

// received makes what the application sees. In a handshake, the version that the application was told is what came; in
// other requests a header of the client's can name another one.
func (q query) received(handshake bool) received {
	r := received{values: map[string]string{}, version: q.version}
	fields := q.fields
	if handshake {
		fields = q.withoutVersion()
	}
	for _, f := range fields {
		if old, twice := r.values[f.name]; twice {
			r.values[f.name] = old + ", " + f.value
			continue
		}
		r.names = append(r.names, f.name)
		r.values[f.name] = f.value
	}
	if version, ok := r.values[versionField]; ok {
		r.version = version
		delete(r.values, versionField)
	}
	return r
}

// value is that of a header; nil for none.
func (r received) value(name string) *string {
	if v, ok := r.values[strings.ToLower(name)]; ok {
		return &v
	}
	return nil
}

// json is all headers as a JSON object.
func (r received) json() string {
	var pairs []string
	for _, name := range r.names {
		if v, ok := r.values[name]; ok {
			pairs = append(pairs, pyJSON(&name, true)+":"+pyJSON(&v, true))
		}
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// explain is the body of the answer to what is no handshake.
func (r received) explain() string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"error":"%s","received":{`, notAHandshake)
	for _, name := range []string{"upgrade", "connection", "sec-websocket-key", "sec-websocket-version"} {
		fmt.Fprintf(&b, `"%s":%s,`, name, pyJSON(r.value(name), false))
	}
	return b.String() + `"http_version":` + pyJSON(&r.version, false) + "}}"
}

// pyJSON writes a string, bytes taken for Latin-1, as Python's json.dumps does: with escapes for all that is not ASCII,
// or in UTF-8. nil is null.
func pyJSON(s *string, ascii bool) string {
	if s == nil {
		return "null"
	}
	short := map[byte]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(*s) {
		ch := (*s)[i]
		switch escape, ok := short[ch]; {
		case ok:
			b.WriteString(escape)
		case ch < ' ' || ascii && ch > '~':
			fmt.Fprintf(&b, `\u%04x`, ch)
		default:
			b.WriteRune(rune(ch))
		}
	}
	b.WriteByte('"')
	return b.String()
}

// pyQuote makes an address fit for a Location header as Starlette does.
func pyQuote(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if ch := s[i]; isAlnum(ch) || strings.IndexByte("_.-~:/%#?=@[]!$&'()*+,;", ch) >= 0 {
			b.WriteByte(ch)
		} else {
			fmt.Fprintf(&b, "%%%02X", ch)
		}
	}
	return b.String()
}

// backslashed writes text as Python decodes UTF-8 with errors="backslashreplace".
func backslashed(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r == '\uFFFD' && !strings.HasPrefix(s[i:], "\uFFFD") {
			fmt.Fprintf(&b, `\x%02x`, s[i])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// pyFloat writes seconds, rounded to three decimals, as Python does: 0.4, 2.0.
func pyFloat(d time.Duration) string {
	s := strings.TrimRight(fmt.Sprintf("%.3f", d.Seconds()), "0")
	if strings.HasSuffix(s, ".") {
		s += "0"
	}
	return s
}
