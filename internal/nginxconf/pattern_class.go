package nginxconf

import (
	"fmt"
	"strings"
	"unicode"
)

// byteSet is a set of bytes.
type byteSet [256]bool

func (s *byteSet) addRange(from, to int) {
	for i := from; i <= to; i++ {
		s[i] = true
	}
}

func (s *byteSet) addAll(other byteSet) {
	for i, in := range other {
		s[i] = s[i] || in
	}
}

func (s byteSet) negated() byteSet {
	for i := range s {
		s[i] = !s[i]
	}
	return s
}

// folded adds the other case of each ASCII letter.
func (s byteSet) folded(wanted bool) byteSet {
	if wanted {
		for lower := 'a'; lower <= 'z'; lower++ {
			upper := lower - 'a' + 'A'
			either := s[lower] || s[upper]
			s[lower], s[upper] = either, either
		}
	}
	return s
}

func setOf(ranges ...[2]int) (s byteSet) {
	for _, r := range ranges {
		s.addRange(r[0], r[1])
	}
	return s
}

// set writes a set of bytes as both engines understand it.
func (p *patternParser) set(s byteSet) {
	var b strings.Builder
	n := 0
	for from := 0; from < 256; from++ {
		if !s[from] {
			continue
		}
		to := from
		for to < 255 && s[to+1] {
			to++
		}
		n += to - from + 1
		fmt.Fprintf(&b, `\x%02x`, from)
		if to > from {
			fmt.Fprintf(&b, `-\x%02x`, to)
		}
		from = to
	}
	switch n {
	case 0:
		p.slow = true
		p.out = append(p.out, "(?!)"...)
	case 1:
		p.out = append(p.out, b.String()...)
	default:
		p.out = append(p.out, "["+b.String()+"]"...)
	}
}

// escapeSet gives the set that an escape stands for by itself.
func escapeSet(ch byte) (byteSet, bool) {
	var s byteSet
	switch ch {
	case 'd', 'D':
		s = setOf([2]int{'0', '9'})
	case 'w', 'W':
		s = setOf([2]int{'0', '9'}, [2]int{'A', 'Z'}, [2]int{'a', 'z'}, [2]int{'_', '_'})
	case 's', 'S':
		s = setOf([2]int{'\t', '\r'}, [2]int{' ', ' '})
	case 'h', 'H':
		s = setOf([2]int{'\t', '\t'}, [2]int{' ', ' '}, [2]int{0xa0, 0xa0})
	case 'v', 'V':
		s = setOf([2]int{'\n', '\r'}, [2]int{0x85, 0x85})
	case 'N':
		s = setOf([2]int{'\n', '\n'})
	case 'C':
		return setOf([2]int{0, 255}), true
	default:
		return s, false
	}
	if ch < 'a' {
		s = s.negated()
	}
	return s, true
}

var posixClasses = map[string]byteSet{
	"alpha": setOf([2]int{'A', 'Z'}, [2]int{'a', 'z'}), "lower": setOf([2]int{'a', 'z'}), "upper": setOf([2]int{'A', 'Z'}),
	"alnum": setOf([2]int{'0', '9'}, [2]int{'A', 'Z'}, [2]int{'a', 'z'}), "ascii": setOf([2]int{0, 127}),
	"blank": setOf([2]int{'\t', '\t'}, [2]int{' ', ' '}), "cntrl": setOf([2]int{0, 31}, [2]int{127, 127}),
	"digit": setOf([2]int{'0', '9'}), "graph": setOf([2]int{'!', '~'}), "print": setOf([2]int{' ', '~'}),
	"punct":  setOf([2]int{'!', '/'}, [2]int{':', '@'}, [2]int{'[', '`'}, [2]int{'{', '~'}),
	"space":  setOf([2]int{'\t', '\r'}, [2]int{' ', ' '}),
	"word":   setOf([2]int{'0', '9'}, [2]int{'A', 'Z'}, [2]int{'a', 'z'}, [2]int{'_', '_'}),
	"xdigit": setOf([2]int{'0', '9'}, [2]int{'A', 'F'}, [2]int{'a', 'f'}),
}

// class reads what is in brackets, the first of which has been read.
func (p *patternParser) class() *patternError {
	if err := p.posixOutside(); err != nil {
		return err
	}
	negate := p.ahead("^")
	c := &patternClass{patternParser: p, last: -1}
	for {
		if p.end() {
			return p.fail("missing terminating ] for character class", p.pos)
		}
		if p.src[p.pos] == ']' && c.some && !c.literal {
			p.pos++
			break
		}
		if err := c.item(); err != nil {
			return err
		}
	}
	if c.inRange {
		c.all['-'] = true
	}
	s := c.all.folded(p.flags.caseless)
	if negate {
		s = s.negated()
	}
	p.set(s)
	return nil
}

// patternClass is a set in brackets that is being read.
type patternClass struct {
	*patternParser
	all     byteSet
	last    int  // the byte before, which may begin a range; -1 for none
	inRange bool // a hyphen has been read after last
	wasSet  bool // the item before was a set
	some    bool // anything has been read: a bracket before that is a literal one
	literal bool // between \Q and \E
}

func (c *patternClass) item() *patternError {
	ch := c.src[c.pos]
	if c.literal {
		if c.ahead(`\E`) {
			c.literal = false
			return nil
		}
		c.pos++
		return c.single(int(ch), c.pos-1)
	}
	switch ch {
	case '[':
		set, ok, err := c.posix()
		if err != nil || ok {
			return c.addSet(set, err)
		}
	case '\\':
		return c.classEscape()
	case '-':
		if !c.inRange && (c.last >= 0 || c.wasSet) {
			return c.hyphen()
		}
	}
	c.pos++
	return c.single(int(ch), c.pos-1)
}

// hyphen reads one that may stand between the ends of a range.
func (c *patternClass) hyphen() *patternError {
	c.pos++
	if c.wasSet {
		if !c.end() && c.src[c.pos] != ']' {
			return c.fail("invalid range in character class", c.pos)
		}
		c.all['-'], c.wasSet = true, false
		return nil
	}
	c.inRange = true
	return nil
}

func (c *patternClass) classEscape() *patternError {
	c.pos++
	if c.end() {
		return c.fail(`\ at end of pattern`, c.pos)
	}
	switch ch := c.src[c.pos]; ch {
	case 'b':
		c.pos++
		return c.single('\b', c.pos)
	case 'Q':
		c.pos++
		c.literal = true
		return nil
	case 'E':
		c.pos++
		return nil
	case 'A', 'B', 'C', 'G', 'K', 'R', 'X', 'Z', 'z':
		return c.fail("escape sequence is invalid in character class", c.pos)
	case 'N':
		return c.fail(`\N is not supported in a class`, c.pos+1)
	case 'g', 'k':
		c.pos++
		return c.single(int(ch), c.pos-1)
	}
	at := c.pos
	set, single, err := c.byteEscape()
	if err != nil || single < 0 {
		return c.addSet(set, err)
	}
	return c.single(single, at)
}

// addSet adds a set, which may be no end of a range.
func (c *patternClass) addSet(set byteSet, err *patternError) *patternError {
	if err != nil {
		return err
	}
	if c.inRange {
		return c.fail("invalid range in character class", c.pos)
	}
	c.some = true
	c.all.addAll(set)
	c.last, c.wasSet = -1, true
	return nil
}

// single adds one byte, which may end a range.
func (c *patternClass) single(b, at int) *patternError {
	c.wasSet, c.some = false, true
	if !c.inRange {
		c.all[b], c.last = true, b
		return nil
	}
	c.inRange = false
	if b < c.last {
		return c.fail("range out of order in character class", at)
	}
	c.all.addRange(c.last, b)
	c.last = -1
	return nil
}

// posixName finds "[:name:]" at the bracket before pos; ok is false where it is not of that form.
func (p *patternParser) posixName(at int) (kind byte, name string, end int, ok bool) {
	if at+1 >= len(p.src) || strings.IndexByte(":.=", p.src[at+1]) < 0 {
		return 0, "", 0, false
	}
	kind = p.src[at+1]
	for i := at + 2; i+1 < len(p.src); i++ {
		switch ch := p.src[i]; {
		case ch == kind && p.src[i+1] == ']':
			return kind, p.src[at+2 : i], i + 2, true
		case ch == ']' || ch == '\\' && strings.IndexByte(`]\`, p.src[i+1]) >= 0:
			return 0, "", 0, false
		case ch == '[' && p.src[i+1] == kind:
			return 0, "", 0, false
		}
	}
	return 0, "", 0, false
}

// posix reads a named class within brackets.
func (p *patternParser) posix() (set byteSet, ok bool, err *patternError) {
	kind, name, end, ok := p.posixName(p.pos)
	if !ok {
		return set, false, nil
	}
	if kind != ':' {
		return set, false, p.fail("POSIX collating elements are not supported", end)
	}
	name, negate := strings.CutPrefix(name, "^")
	set, known := posixClasses[name]
	if !known {
		return set, false, p.fail("unknown POSIX class name", end)
	}
	if p.pos = end; negate {
		set = set.negated()
	}
	return set, true, nil
}

// posixOutside complains of a named class that is not within brackets.
func (p *patternParser) posixOutside() *patternError {
	kind, _, _, ok := p.posixName(p.pos - 1)
	switch {
	case !ok:
		return nil
	case kind == ':':
		return p.fail("POSIX named classes are supported only within a class", p.pos-1)
	}
	return p.fail("POSIX collating elements are not supported", p.pos-1)
}

// property reads what follows \p or \P.
func (p *patternParser) property(negate bool) (set byteSet, err *patternError) {
	const malformed = `malformed \P or \p sequence`
	if p.end() {
		return set, p.fail(malformed, p.pos)
	}
	name := p.src[p.pos : p.pos+1]
	p.pos++
	if name == "{" {
		i := strings.IndexByte(p.src[p.pos:], '}')
		if i < 0 {
			return set, p.fail(malformed, len(p.src))
		}
		name = p.src[p.pos : p.pos+i]
		p.pos += i + 1
		if rest, ok := strings.CutPrefix(name, "^"); ok {
			name, negate = rest, !negate
		}
	}
	in, ok := propertyOf(name)
	if cased := strings.ToLower(name); p.flags.caseless && (cased == "lu" || cased == "ll" || cased == "lt") {
		in, ok = propertyOf("L&")
	}
	if !ok {
		return set, p.fail(`unknown property after \P or \p`, p.pos)
	}
	for i := range set {
		set[i] = in(rune(i)) != negate
	}
	return set, nil
}

// propertyOf finds a general category, a script, or one of PCRE2's own properties.
func propertyOf(name string) (func(rune) bool, bool) {
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer(" ", "", "_", "", "-", "").Replace(s))
	}
	switch plain(name) {
	case "any":
		return func(rune) bool { return true }, true
	case "l&", "lc":
		return func(r rune) bool { return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt) }, true
	case "xan":
		return func(r rune) bool { return unicode.In(r, unicode.L, unicode.N) }, true
	case "xwd":
		return func(r rune) bool { return r == '_' || unicode.In(r, unicode.L, unicode.N) }, true
	case "xsp", "xps":
		return unicode.IsSpace, true
	}
	for _, tables := range []map[string]*unicode.RangeTable{unicode.Categories, unicode.Scripts} {
		for known, table := range tables {
			if plain(known) == plain(name) {
				return func(r rune) bool { return unicode.Is(table, r) }, true
			}
		}
	}
	return nil, false
}
