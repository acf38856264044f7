package nginxconf

import "strings"

// group reads what is in parentheses, the first of which has been read.
func (p *patternParser) group() (itemKind, *patternError) {
	open := p.pos - 1
	if p.depth++; p.depth > maxParens && !p.end() {
		return 0, p.fail("parentheses are too deeply nested", p.pos)
	}
	defer func() { p.depth-- }()
	if strings.HasPrefix(p.src[p.pos:], "*") && p.pos+1 < len(p.src) {
		return p.verb()
	}
	if !p.ahead("?") {
		if p.flags.noCapture {
			return itemAtom, p.body("(?:")
		}
		p.names = append(p.names, "")
		return itemAtom, p.body("(")
	}
	if p.end() {
		return 0, p.fail(missingParen, p.pos)
	}
	switch ch := p.src[p.pos]; ch {
	case '#':
		i := strings.IndexByte(p.src[p.pos:], ')')
		if i < 0 {
			return 0, p.fail("missing ) after (?# comment", len(p.src))
		}
		p.pos += i + 1
		return itemNothing, nil
	case ':':
		p.pos++
		return itemAtom, p.body("(?:")
	case '|', '*', '(', 'C', '[':
		p.odd, p.lost = "(?"+string(ch), p.lost || ch == '(' || ch == '['
		return p.oddGroup(ch)
	case '>', '=', '!':
		p.pos++
		p.slow = true
		return itemAtom, p.body("(?" + string(ch))
	case '<':
		return p.angle(open)
	case '\'':
		p.pos++
		return itemAtom, p.named('\'')
	case 'P':
		return p.python()
	case 'R', '&', '+', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.call(ch)
	case '-':
		if p.pos+1 < len(p.src) && isDigit(p.src[p.pos+1]) {
			return p.call(ch)
		}
	}
	return p.options()
}

// body reads the group up to its end and writes it with that opening. Options end with it.
func (p *patternParser) body(opening string) *patternError {
	before := p.flags
	p.out = append(p.out, opening...)
	if err := p.sequence(true); err != nil {
		return err
	}
	p.flags = before
	p.out = append(p.out, ')')
	return nil
}

const badVerb = "(*VERB) not recognized or malformed"

// verb reads (*NAME) and (*NAME:argument), which are not understood here; unknown ones are wrong.
func (p *patternParser) verb() (itemKind, *patternError) {
	p.pos++
	start := p.pos
	for !p.end() && isWord(p.src[p.pos]) {
		p.pos++
	}
	name := p.src[start:p.pos]
	switch name {
	case "", "ACCEPT", "COMMIT", "F", "FAIL", "MARK", "PRUNE", "SKIP", "THEN", "UTF", "UCP", "UTF8", "NO_JIT", "CRLF", "LF", "CR",
		"ANY", "ANYCRLF", "NUL", "BSR_ANYCRLF", "BSR_UNICODE", "NOTEMPTY", "NO_START_OPT", "LIMIT_MATCH", "LIMIT_DEPTH":
	default:
		if strings.ToLower(name) == name && strings.HasPrefix(p.src[p.pos:], ":") {
			break // (*pla:...) and its like
		}
		return 0, p.fail(badVerb, p.pos)
	}
	if name == "" && !strings.HasPrefix(p.src[p.pos:], ":") {
		return 0, p.fail(badVerb, p.pos)
	}
	i := strings.IndexByte(p.src[p.pos:], ')')
	if i < 0 {
		return 0, p.fail(badVerb, len(p.src))
	}
	p.odd = "(*" + name + ")"
	p.pos += i + 1
	return itemAssertion, nil
}

// oddGroup reads past the beginning of a group that is not understood here, and judges what is in it.
func (p *patternParser) oddGroup(ch byte) (itemKind, *patternError) {
	p.pos++
	if ch == 'C' || ch == '(' {
		i := strings.IndexByte(p.src[p.pos:], ')')
		if i < 0 {
			return 0, p.fail(missingParen, len(p.src))
		}
		if p.pos += i + 1; ch == 'C' {
			return itemNothing, nil
		}
	}
	return itemAtom, p.body("(?:")
}

// angle reads a lookbehind or a named group.
func (p *patternParser) angle(open int) (itemKind, *patternError) {
	p.pos++
	for _, kind := range []string{"=", "!"} {
		if p.ahead(kind) {
			outer := p.behind
			p.behind, p.slow = open+1, true
			err := p.body("(?<" + kind)
			p.behind = outer
			return itemAtom, err
		}
	}
	if p.ahead("*") {
		p.odd = "(?<*"
		return itemAtom, p.body("(?:")
	}
	return itemAtom, p.named('>')
}

// named reads a name up to its terminator, and the group.
func (p *patternParser) named(terminator byte) *patternError {
	name, err := p.name(terminator)
	if err != nil {
		return err
	}
	if p.number(name) != 0 && !p.flags.dupNames {
		return p.fail("two named subpatterns have the same name (PCRE2_DUPNAMES not set)", p.pos)
	}
	p.names = append(p.names, name)
	return p.body("(")
}

func (p *patternParser) name(terminator byte) (string, *patternError) {
	start := p.pos
	switch {
	case p.end() || !isWord(p.src[p.pos]):
		return "", p.fail("subpattern name expected", p.pos)
	case isDigit(p.src[p.pos]):
		return "", p.fail("subpattern name must start with a non-digit", p.pos)
	}
	for !p.end() && isWord(p.src[p.pos]) {
		p.pos++
	}
	name := p.src[start:p.pos]
	if len(name) > maxNameSize {
		return "", p.fail("subpattern name is too long (maximum 128 code units)", p.pos)
	}
	if terminator == 0 {
		return name, nil
	}
	if p.end() || p.src[p.pos] != terminator {
		return "", p.fail("syntax error in subpattern name (missing terminator?)", p.pos)
	}
	p.pos++
	return name, nil
}

// python reads (?P<name>...), (?P=name) and (?P>name).
func (p *patternParser) python() (itemKind, *patternError) {
	p.pos++
	switch {
	case p.ahead("<"):
		return itemAtom, p.named('>')
	case p.ahead("="):
		return itemAtom, p.reference(')')
	case p.ahead(">"):
		return p.callName()
	case p.end():
		return 0, p.fail(missingParen, p.pos)
	}
	return 0, p.fail("unrecognized character after (?P", p.pos)
}

// callName reads the name of a subroutine call, which is not understood here.
func (p *patternParser) callName() (itemKind, *patternError) {
	at := p.pos
	name, err := p.name(')')
	if err != nil {
		return 0, err
	}
	p.odd = "a subroutine call"
	p.refs = append(p.refs, patternRef{name: name, at: at})
	return itemAtom, nil
}

// call reads a subroutine call by number, or (?R).
func (p *patternParser) call(ch byte) (itemKind, *patternError) {
	p.odd = "a subroutine call"
	if ch == '&' {
		p.pos++
		return p.callName()
	}
	if ch == 'R' {
		if p.pos++; !p.ahead(")") {
			return 0, p.fail("(?R (recursive pattern call) must be followed by a closing parenthesis", p.pos)
		}
		return itemAtom, nil
	}
	if ch == '+' || ch == '-' {
		if p.pos++; p.end() || !isDigit(p.src[p.pos]) {
			return 0, p.fail("digit expected after (?+ or (?-", p.pos-1)
		}
	}
	n := 0
	for ; !p.end() && isDigit(p.src[p.pos]); p.pos++ {
		n = min(n*10+int(p.src[p.pos]-'0'), maxRepeat)
	}
	switch ch {
	case '+':
		n += len(p.names) - 1
	case '-':
		if n = len(p.names) - n; n <= 0 {
			n = maxRepeat
		}
	}
	p.refs = append(p.refs, patternRef{number: n, at: p.pos})
	if !p.ahead(")") {
		return 0, p.fail(missingParen, p.pos)
	}
	return itemAtom, nil
}

// options reads (?i), (?i-m:...) and their like.
func (p *patternParser) options() (itemKind, *patternError) {
	f, on := p.flags, true
	if p.ahead("^") {
		f = patternFlags{ungreedy: f.ungreedy, dupNames: f.dupNames}
	}
	for ; ; p.pos++ {
		if p.end() {
			return 0, p.fail(missingParen, p.pos)
		}
		switch p.src[p.pos] {
		case 'i':
			f.caseless = on
		case 's':
			f.dotAll = on
		case 'm':
			f.multiline = on
		case 'x':
			f.extended = on
		case 'U':
			f.ungreedy = on
		case 'n':
			f.noCapture = on
		case 'a', 'r': // what they restrict to ASCII is ASCII here
			if p.src[p.pos] == 'a' && p.pos+1 < len(p.src) && strings.IndexByte("DSWPT", p.src[p.pos+1]) >= 0 {
				p.pos++
			}
		case 'J':
			f.dupNames = on
		case '-':
			if !on {
				return 0, p.fail("invalid hyphen in option setting", p.pos)
			}
			on = false
		case ')':
			p.pos++
			p.flags = f
			return itemAssertion, nil
		case ':':
			p.pos++
			before := p.flags
			p.flags = f
			err := p.body("(?:")
			p.flags = before
			return itemAtom, err
		default:
			return 0, p.fail("unrecognized character after (? or (?-", p.pos)
		}
	}
}
