package embedded

import (
	"strings"
)

// template is a text with variables in it.
type template []part

// part is literal text, or a variable, or the nth group that the last regular expression captured.
type part struct {
	text     string
	variable string // lower-case
	group    int    // 1–9
}

// parseTemplate reads text as nginx's ngx_http_script_compile does. A non-empty complaint is nginx's.
func parseTemplate(text string) (t template, complaint string) {
	for len(text) > 0 {
		i := strings.IndexByte(text, '$')
		if i != 0 {
			if i < 0 {
				i = len(text)
			}
			t = append(t, part{text: text[:i]})
			text = text[i:]
			continue
		}
		text = text[1:]
		if text == "" {
			return nil, "invalid variable name"
		}
		if text[0] >= '1' && text[0] <= '9' {
			t = append(t, part{group: int(text[0] - '0')})
			text = text[1:]
			continue
		}
		bracket := text[0] == '{'
		if bracket {
			text = text[1:]
		}
		n := 0
		for n < len(text) && isName(text[n]) {
			n++
		}
		name := text[:n]
		text = text[n:]
		if bracket {
			if !strings.HasPrefix(text, "}") {
				if name == "" && text == "" {
					return nil, "invalid variable name"
				}
				return nil, `the closing bracket in "` + name + `" variable is missing`
			}
			text = text[1:]
		}
		if name == "" {
			return nil, "invalid variable name"
		}
		t = append(t, part{variable: strings.ToLower(name)})
	}
	return t, ""
}

func isName(ch byte) bool {
	return ch >= 'A' && ch <= 'Z' || ch >= 'a' && ch <= 'z' || ch >= '0' && ch <= '9' || ch == '_'
}

// variables lists the names in it, in order.
func (t template) variables() []string {
	var names []string
	for _, p := range t {
		if p.variable != "" {
			names = append(names, p.variable)
		}
	}
	return names
}

// fill gives the text for one request.
func (t template) fill(r *request) string {
	if len(t) == 1 && t[0].text != "" {
		return t[0].text
	}
	for _, p := range t {
		if m := r.conn.gen.conf.maps[p.variable]; m != nil && m.volatile {
			delete(r.vars, p.variable)
		}
	}
	length := 0 // nginx first asks for the length of each value, then for the value
	for _, p := range t {
		if !r.spend(1) {
			return ""
		}
		length += len(r.part(p))
	}
	var b strings.Builder
	for _, p := range t {
		if r.exhausted {
			return ""
		}
		text := r.part(p)
		if !r.spend(1 + len(text)/costUnit) {
			return ""
		}
		if b.Len()+len(text) > length { // an expression has matched in between
			r.exhausted = true
			r.log(logAlert, "no buffer space in script copy")
			return ""
		}
		b.WriteString(text)
	}
	return b.String()
}

// part gives the value of one part of a text.
func (r *request) part(p part) string {
	switch {
	case p.variable != "":
		value, _ := r.variable(p.variable)
		return value
	case p.group > 0:
		return r.group(p.group)
	}
	return p.text
}

// What filling in texts may cost one request. nginx has no such limit and takes all memory; no real configuration comes
// near it.
const (
	maxWork  = 1 << 20
	costUnit = 64 // bytes of text that cost as much as one variable
)

// spend takes from what a request may cost; false if that is used up, from which on every text is empty.
func (r *request) spend(cost int) bool {
	if r.work += cost; r.work > maxWork && !r.exhausted {
		r.exhausted = true
		r.log(logError, "the variables of this request need more than the embedded stand-in for nginx spends on them")
	}
	return !r.exhausted
}
