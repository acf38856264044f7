package nginxconf

import "strconv"

// captures is what a regular expression matched.
type captures struct {
	ok     bool
	values map[string]string // by number, and by name
}

// match tries a regular expression; known is false where it is not understood here, or takes too long.
func match(expression string, caseless bool, text string) (m captures, known bool) {
	p, err := CompilePattern(expression, caseless)
	if err != nil {
		return captures{}, false
	}
	return p.match(text)
}

func (p *Pattern) match(text string) (m captures, known bool) {
	if p == nil {
		return captures{}, false
	}
	groups, err := p.Find(text)
	if err != nil || groups == nil {
		return captures{}, err == nil
	}
	m = captures{ok: true, values: map[string]string{}}
	for i, name := range p.Names() {
		m.values[strconv.Itoa(i)] = groups[i]
		if name != "" {
			m.values[name] = groups[i]
		}
	}
	return m, true
}
