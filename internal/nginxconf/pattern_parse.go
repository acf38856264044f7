package nginxconf

import (
	"fmt"
	"strings"
)

// patternParser reads PCRE2's syntax (pcre2pattern(3)) and writes what RE2 and regexp2 both understand: every option is
// resolved, every set of characters is a set of bytes, and all groups go by number.
type patternParser struct {
	src               string
	pos               int
	out               []byte
	flags             patternFlags
	names             []string
	refs              []patternRef
	behind, unlimited int // where the lookbehind begins that is being read, plus 1; where the first one begins that has no limit, plus 1
	depth             int
	atom              int    // where in out the item begins that an escape wrote
	slow              bool   // needs backtracking
	lost              bool   // after a construct whose own syntax is not read here, nothing is sure
	odd               string // a construct that is not understood here
}

type patternFlags struct {
	caseless, dotAll, multiline, extended, ungreedy, noCapture, dupNames bool
}

// patternRef is a reference to a group, judged when all are known.
type patternRef struct {
	number int
	name   string
	at     int
}

// patternError is PCRE2's complaint, and the offset of what it is about.
type patternError struct {
	text string
	at   int
}

const (
	// These stand for "$", "\b" and "\B" until the engine is known.
	endOfText, wordEdge, notWordEdge = "\ue000", "\ue001", "\ue002"
	// asciiEdge is "\b" for the engine that would count other letters, too.
	asciiEdge = `(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))`

	maxParens   = 250 // PCRE2's parens_nest_limit
	maxRepeat   = 65535
	maxNameSize = 128
)

const (
	notRepeatable = "quantifier does not follow a repeatable item"
	missingParen  = "missing closing parenthesis"
	noSuchGroup   = "reference to non-existent subpattern"
)

func (p *patternParser) fail(text string, at int) *patternError { return &patternError{text, at} }

func (p *patternParser) end() bool { return p.pos >= len(p.src) }

// ahead tells whether text comes next, and takes it then.
func (p *patternParser) ahead(text string) bool {
	if strings.HasPrefix(p.src[p.pos:], text) {
		p.pos += len(text)
		return true
	}
	return false
}

func (p *patternParser) parse() *patternError {
	if err := p.sequence(false); err != nil {
		return err
	}
	for _, r := range p.refs {
		if r.name == "" && r.number >= len(p.names) || r.name != "" && p.number(r.name) == 0 {
			return p.fail(noSuchGroup, r.at)
		}
	}
	if p.unlimited > 0 {
		return p.fail("length of lookbehind assertion is not limited", p.unlimited-1)
	}
	return nil
}

// number is that of a named group, 0 for none.
func (p *patternParser) number(name string) int {
	for i, known := range p.names {
		if i > 0 && known == name {
			return i
		}
	}
	return 0
}

// sequence reads alternatives up to the end of the group or of the expression.
func (p *patternParser) sequence(nested bool) *patternError {
	atom := -1 // where in out the item begins that a quantifier would be about; -1 for none
	for {
		if p.end() {
			if nested {
				return p.fail(missingParen, p.pos)
			}
			return nil
		}
		start := len(p.out)
		ch := p.src[p.pos]
		if p.flags.extended && p.skipBlank() {
			continue
		}
		p.pos++
		switch ch {
		case ')':
			if !nested {
				return p.fail("unmatched closing parenthesis", p.pos-1)
			}
			return nil
		case '|':
			p.out, atom = append(p.out, '|'), -1
		case '^', '$':
			p.line(ch)
			atom = -1
		case '.', '[':
			if err := p.oneOf(ch); err != nil {
				return err
			}
			atom = start
		case '(':
			p.atom = start
			kind, err := p.group()
			if err != nil {
				return err
			}
			atom = p.next(kind, atom, start)
		case '\\':
			p.atom = start
			kind, err := p.escape()
			if err != nil {
				return err
			}
			atom = p.next(kind, atom, p.atom)
		case '*', '+', '?', '{':
			p.pos--
			quantified, err := p.quantifier(atom)
			if err != nil {
				return err
			}
			if atom = start; quantified {
				atom = -1
			}
		default:
			p.literal(ch)
			atom = start
		}
	}
}

// next is what a quantifier would be about after an item that begins at start, where atom was it before.
func (p *patternParser) next(kind itemKind, atom, start int) int {
	switch kind {
	case itemAtom:
		return start
	case itemAssertion:
		return -1
	}
	return atom
}

// skipBlank passes over what (?x) ignores.
func (p *patternParser) skipBlank() bool {
	switch p.src[p.pos] {
	case ' ', '\t', '\n', '\v', '\f', '\r':
		p.pos++
		return true
	case '#':
		i := strings.IndexByte(p.src[p.pos:], '\n')
		if i < 0 {
			i = len(p.src) - p.pos - 1
		}
		p.pos += i + 1
		return true
	}
	return false
}

// line writes what "^" and "$" assert.
func (p *patternParser) line(ch byte) {
	asserted := map[byte]string{'^': `\A`, '$': endOfText}[ch]
	if p.flags.multiline {
		asserted = "(?m:" + string(ch) + ")"
	}
	p.out = append(p.out, asserted...)
}

// oneOf reads a set of bytes: "." or what is in brackets.
func (p *patternParser) oneOf(ch byte) *patternError {
	if ch == '[' {
		return p.class()
	}
	any := setOf([2]int{0, 255})
	any['\n'] = p.flags.dotAll
	p.set(any)
	return nil
}

// literal writes one byte.
func (p *patternParser) literal(ch byte) {
	var s byteSet
	s[ch] = true
	p.set(s.folded(p.flags.caseless))
}

// quantifier reads one, if there is one, and applies it to the item that begins at atom.
func (p *patternParser) quantifier(atom int) (bool, *patternError) {
	start := p.pos
	least, most := 0, -1
	switch p.src[p.pos] {
	case '*':
	case '+':
		least = 1
	case '?':
		most = 1
	case '{':
		var ok bool
		var err *patternError
		if least, most, ok, err = p.counts(); err != nil {
			return false, err
		}
		if !ok {
			p.pos++
			p.literal('{')
			return false, nil
		}
		start = p.pos
	}
	p.pos++
	if atom < 0 {
		return false, p.fail(notRepeatable, start)
	}
	if most < 0 && p.behind > 0 && p.unlimited == 0 {
		p.unlimited = p.behind
	}
	lazy, possessive := p.flags.ungreedy, false
	switch {
	case p.ahead("?"):
		lazy = !lazy
	case p.ahead("+"):
		possessive = true
	}
	if most != 1 && strings.Contains(string(p.out[atom:]), "(") {
		p.slow = true // Go's engine and PCRE2 differ in what a group captures in an empty last round
	}
	q := repeat(least, most)
	item := "(?:" + string(p.out[atom:]) + ")" + q
	switch {
	case possessive:
		p.slow = true
		item = "(?>" + item + ")"
	case lazy:
		item += "?"
	}
	p.out = append(p.out[:atom], item...)
	return true, nil
}

func repeat(least, most int) string {
	switch {
	case least == 0 && most < 0:
		return "*"
	case least == 1 && most < 0:
		return "+"
	case least == 0 && most == 1:
		return "?"
	case most < 0:
		return fmt.Sprintf("{%d,}", least)
	}
	return fmt.Sprintf("{%d,%d}", least, most)
}

// counts reads "{1}", "{1,}", "{1,2}" or "{,2}", with blanks, up to the "}"; ok is false where it is none of them.
func (p *patternParser) counts() (least, most int, ok bool, err *patternError) {
	i := p.pos + 1
	blanks := func() {
		for i < len(p.src) && (p.src[i] == ' ' || p.src[i] == '\t') {
			i++
		}
	}
	var tooBig *patternError
	number := func() (n int, given bool) {
		for ; i < len(p.src) && isDigit(p.src[i]); i++ {
			if n, given = n*10+int(p.src[i]-'0'), true; n > maxRepeat {
				if tooBig == nil {
					tooBig = p.fail("number too big in {} quantifier", i+1)
				}
				n = maxRepeat + 1
			}
		}
		blanks()
		return n, given
	}
	blanks()
	least, first := number()
	most = least
	if second := first; i < len(p.src) && p.src[i] == ',' {
		i++
		blanks()
		if most, second = number(); !second {
			most = -1
		}
		first = first || second
	}
	if !first || i >= len(p.src) || p.src[i] != '}' {
		return 0, 0, false, nil
	}
	if tooBig != nil {
		return 0, 0, false, tooBig
	}
	if most >= 0 && most < least {
		return 0, 0, false, p.fail("numbers out of order in {} quantifier", i)
	}
	p.pos = i
	return least, most, true, nil
}

func isDigit(ch byte) bool { return ch >= '0' && ch <= '9' }

func isWord(ch byte) bool {
	return ch == '_' || isDigit(ch) || ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z'
}
