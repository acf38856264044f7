package nginxconf

import (
	"strconv"
	"strings"
)

// itemKind is what a group or an escape stands for.
type itemKind int

const (
	itemNothing   itemKind = iota // a comment, or \E: as if it were not there
	itemAtom                      // something that a quantifier may follow
	itemAssertion                 // \b and its like, and options
)

// escape reads what follows a backslash outside of brackets.
func (p *patternParser) escape() (itemKind, *patternError) {
	if p.end() {
		return 0, p.fail(`\ at end of pattern`, p.pos)
	}
	ch := p.src[p.pos]
	switch ch {
	case 'Q':
		p.pos++
		return p.quoted(), nil
	case 'E':
		p.pos++
		return itemNothing, nil
	case 'b', 'B':
		p.pos++
		p.out = append(p.out, map[byte]string{'b': wordEdge, 'B': notWordEdge}[ch]...)
		return itemAssertion, nil
	case 'A', 'z', 'Z', 'G':
		p.pos++
		if p.out = append(p.out, '\\', ch); ch == 'Z' || ch == 'G' {
			p.slow = true
		}
		return itemAssertion, nil
	case 'K', 'X':
		p.pos++
		p.odd = `\` + string(ch)
		if ch == 'K' {
			return itemAssertion, nil
		}
		return itemAtom, nil
	case 'R':
		p.pos++
		p.slow = true
		p.out = append(p.out, `(?>\r\n|[\n\x0b\f\r\x85])`...)
		return itemAtom, nil
	case 'g', 'k':
		return itemAtom, p.groupEscape(ch)
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if p.backReference() {
			return itemAtom, nil
		}
	}
	set, single, err := p.byteEscape()
	if err != nil {
		return 0, err
	}
	if single >= 0 {
		p.literal(byte(single))
	} else {
		p.set(set)
	}
	return itemAtom, nil
}

// quoted writes what is between \Q and \E as it stands. A quantifier is about its last byte.
func (p *patternParser) quoted() itemKind {
	rest := p.src[p.pos:]
	text, _, _ := strings.Cut(rest, `\E`)
	p.pos += min(len(text)+2, len(rest))
	if text == "" {
		return itemNothing
	}
	for i := range len(text) {
		p.atom = len(p.out)
		p.literal(text[i])
	}
	return itemAtom
}

// backReference reads \1 and its like, unless it is an octal number.
func (p *patternParser) backReference() bool {
	i := p.pos
	for i < len(p.src) && isDigit(p.src[i]) {
		i++
	}
	n, err := strconv.Atoi(p.src[p.pos:i])
	if err != nil || n >= 10 && p.src[p.pos] < '8' && n >= len(p.names) {
		return false
	}
	p.pos = i
	p.refer(patternRef{number: n, at: i - 1})
	return true
}

// refer writes a back reference.
func (p *patternParser) refer(r patternRef) {
	p.refs = append(p.refs, r)
	p.slow = true
	n := r.number
	if r.name != "" {
		if n = p.number(r.name); n == 0 {
			p.odd = "a reference to a later group"
		}
	}
	option := ""
	if p.flags.caseless {
		option = "i"
	}
	p.out = append(p.out, `(?`+option+`:\`+strconv.Itoa(n)+`)`...)
	if n >= len(p.names) {
		p.odd = "a reference to a later group"
	}
}

// reference reads a name up to its terminator, and writes a back reference.
func (p *patternParser) reference(terminator byte) *patternError {
	at := p.pos
	name, err := p.name(terminator)
	if err == nil {
		p.refer(patternRef{name: name, at: at})
	}
	return err
}

var closings = map[byte]byte{'{': '}', '<': '>', '\'': '\''}

// groupEscape reads \k<name> and \g{number}, and their like.
func (p *patternParser) groupEscape(ch byte) *patternError {
	p.pos++
	var open byte
	if !p.end() {
		open = p.src[p.pos]
	}
	closing, bracketed := closings[open]
	if ch == 'k' {
		if !bracketed {
			return p.fail(`\k is not followed by a braced, angle-bracketed, or quoted name`, p.pos)
		}
		p.pos++
		return p.reference(closing)
	}
	return p.numbered(open, closing)
}

// numbered reads the rest of \g{number} and its like, or hands on a name.
func (p *patternParser) numbered(open, closing byte) *patternError {
	bracketed := closing != 0
	wrong := `\g is not followed by a braced, angle-bracketed, or quoted name/number or by a plain number`
	if bracketed {
		p.pos++
	}
	start := p.pos
	sign := byte(0)
	if !p.end() && (p.src[p.pos] == '-' || p.src[p.pos] == '+') {
		sign = p.src[p.pos]
		p.pos++
	}
	digits := p.pos
	for !p.end() && isDigit(p.src[p.pos]) {
		p.pos++
	}
	if digits == p.pos {
		if !bracketed || sign != 0 {
			return p.fail(wrong, start)
		}
		if open != '{' {
			p.odd = "a subroutine call"
		}
		return p.reference(closing)
	}
	n, _ := strconv.Atoi(p.src[digits:p.pos])
	switch sign {
	case '-':
		if n = len(p.names) - n; n <= 0 {
			if bracketed {
				return p.fail(noSuchGroup, start-1)
			}
			return p.fail(noSuchGroup, p.pos)
		}
	case '+':
		n += len(p.names) - 1
	}
	at := p.pos
	if !bracketed && sign == 0 {
		at--
	}
	if bracketed && (p.end() || p.src[p.pos] != closing) {
		return p.fail(wrong, start-1)
	}
	if bracketed {
		p.pos++
	}
	if open == '<' || open == '\'' {
		p.odd = "a subroutine call"
	}
	p.refer(patternRef{number: n, at: at})
	return nil
}

const unsupportedEscape = `PCRE2 does not support \F, \L, \l, \N{name}, \U, or \u`

// simpleEscapes are the escapes for one byte.
var simpleEscapes = map[byte]byte{'a': 7, 'e': 27, 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// byteEscape reads an escape that stands for one byte, or else for a set; single is -1 for a set.
func (p *patternParser) byteEscape() (set byteSet, single int, err *patternError) {
	ch := p.src[p.pos]
	if set, ok := escapeSet(ch); ok {
		p.pos++
		if ch == 'N' {
			return set, -1, p.namedCharacter()
		}
		return set, -1, nil
	}
	if b, ok := simpleEscapes[ch]; ok {
		p.pos++
		return set, int(b), nil
	}
	switch {
	case ch == 'c':
		return p.control()
	case ch == 'x':
		p.pos++
		return p.hex()
	case ch == 'o':
		p.pos++
		return p.octalBraced()
	case ch == 'p' || ch == 'P':
		p.pos++
		set, err := p.property(ch == 'P')
		return set, -1, err
	case isDigit(ch):
		return p.octal()
	case strings.IndexByte("FLlUu", ch) >= 0:
		return set, 0, p.fail(unsupportedEscape, p.pos+1)
	case isWord(ch) && ch != '_':
		return set, 0, p.fail(`unrecognized character follows \`, p.pos)
	}
	p.pos++
	return set, int(ch), nil
}

// namedCharacter complains of \N{name}, which looks like \N with a quantifier.
func (p *patternParser) namedCharacter() *patternError {
	if strings.HasPrefix(p.src[p.pos:], "{U+") {
		return p.fail(`\N{U+dddd} is supported only in Unicode (UTF) mode`, p.pos)
	}
	if strings.HasPrefix(p.src[p.pos:], "{") {
		at := p.pos
		_, _, ok, err := p.counts()
		if p.pos = at; err != nil {
			return p.fail(err.text, at)
		}
		if !ok {
			return p.fail(unsupportedEscape, at)
		}
	}
	return nil
}

func (p *patternParser) control() (set byteSet, single int, err *patternError) {
	p.pos++
	switch {
	case p.end():
		return set, 0, p.fail(`\c at end of pattern`, p.pos)
	case p.src[p.pos] < ' ' || p.src[p.pos] > '~':
		return set, 0, p.fail(`\c must be followed by a printable ASCII character`, p.pos)
	}
	ch := p.src[p.pos]
	p.pos++
	if ch >= 'a' && ch <= 'z' {
		ch -= 'a' - 'A'
	}
	return set, int(ch ^ 0x40), nil
}

// octal reads up to three octal digits; 8 and 9 stand for themselves.
func (p *patternParser) octal() (set byteSet, single int, err *patternError) {
	n, start := 0, p.pos
	for p.pos < start+3 && !p.end() && p.src[p.pos] >= '0' && p.src[p.pos] <= '7' {
		n = n*8 + int(p.src[p.pos]-'0')
		p.pos++
	}
	if p.pos == start {
		p.pos++
		return set, int(p.src[start]), nil
	}
	if n > 255 {
		return set, 0, p.fail(`octal value is greater than \377 in 8-bit non-UTF-8 mode`, p.pos)
	}
	return set, n, nil
}

const tooLargeCode = `character code point value in \x{} or \o{} is too large`

func (p *patternParser) hex() (set byteSet, single int, err *patternError) {
	if p.ahead("{") {
		return p.braced(16, `non-hex character in \x{} (closing brace missing?)`)
	}
	n := 0
	for i := 0; i < 2 && !p.end() && digitOf(p.src[p.pos]) < 16; i++ {
		n = n*16 + digitOf(p.src[p.pos])
		p.pos++
	}
	return set, n, nil
}

func (p *patternParser) octalBraced() (set byteSet, single int, err *patternError) {
	if !p.ahead("{") {
		return set, 0, p.fail(`missing opening brace after \o`, p.pos-1)
	}
	return p.braced(8, `non-octal character in \o{} (closing brace missing?)`)
}

func (p *patternParser) braced(base int, wrong string) (set byteSet, single int, err *patternError) {
	blanks := func() {
		for !p.end() && (p.src[p.pos] == ' ' || p.src[p.pos] == '\t') {
			p.pos++
		}
	}
	blanks()
	n, start := 0, p.pos
	if p.end() || p.src[p.pos] == '}' {
		return set, 0, p.fail(`digits missing after \x or in \x{} or \o{} or \N{U+}`, p.pos)
	}
	for ; !p.end() && digitOf(p.src[p.pos]) < base; p.pos++ {
		if n = n*base + digitOf(p.src[p.pos]); n > 255 {
			for ; !p.end() && digitOf(p.src[p.pos]) < base; p.pos++ {
			}
			return set, 0, p.fail(tooLargeCode, p.pos)
		}
	}
	blanks()
	if p.end() {
		return set, 0, p.fail(wrong, p.pos-1)
	}
	if p.pos == start || p.src[p.pos] != '}' {
		return set, 0, p.fail(wrong, p.pos)
	}
	p.pos++
	return set, n, nil
}

// digitOf is the value of a digit up to 16, or more for what is none.
func digitOf(ch byte) int {
	switch {
	case isDigit(ch):
		return int(ch - '0')
	case ch >= 'a' && ch <= 'f':
		return int(ch-'a') + 10
	case ch >= 'A' && ch <= 'F':
		return int(ch-'A') + 10
	}
	return 99
}
