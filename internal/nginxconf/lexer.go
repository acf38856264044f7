package nginxconf

// maxToken is the size of nginx's read buffer (NGX_CONF_BUFFER): no parameter, and no comment, may be longer. Bytes.
const maxToken = 4096

// ending says what ended a run of words.
type ending int

const (
	endDirective  ending = iota // ";"
	endBlockStart               // "{"
	endBlockDone                // "}"
	endFile
)

// lexer splits one file into words the way nginx's ngx_conf_read_token does (src/core/ngx_conf_file.c), oddities
// included: a quote inside a word is an ordinary character, "${" does not open a block, and after a closing quote there
// must be a blank, ";", "{" or ")".
type lexer struct {
	file string
	data []byte
	pos  int
	line int // of the next byte, from 1

	word word
}

// word is the state of ngx_conf_read_token between two bytes.
type word struct {
	start, startLine int
	open             bool // inside a word
	comment          bool
	escaped          bool // the previous byte was a backslash
	variable         bool // the previous byte was "$"
	quote            byte // the quote that is open, or 0
	needSpace        bool // a quote has just been closed
}

func newLexer(file string, data []byte) *lexer { return &lexer{file: file, data: data, line: 1} }

// next gives the words up to ";", "{", "}" or the end of the file.
func (l *lexer) next() ([]string, ending, error) {
	var args []string
	l.word = word{start: l.pos, startLine: l.line}
	for {
		if l.pos >= len(l.data) {
			if len(args) > 0 || l.word.open {
				return args, endFile, l.fail(`unexpected end of file, expecting ";" or "}"`)
			}
			return nil, endFile, nil
		}
		if l.pos-l.word.start == maxToken {
			return args, endFile, l.tooLong()
		}
		ch := l.data[l.pos]
		l.pos++
		if ch == '\n' {
			l.line++
			l.word.comment = false
		}
		switch {
		case l.word.comment:
			continue
		case l.word.escaped:
			l.word.escaped = false
			continue
		case l.word.needSpace:
			end, done, again, err := l.afterQuote(ch)
			if done || err != nil {
				return args, end, err
			}
			if again {
				continue
			}
		}
		if !l.word.open {
			end, done, err := l.between(ch, len(args))
			if done || err != nil {
				return args, end, err
			}
			continue
		}
		if l.inside(ch) {
			args = append(args, unescape(l.data[l.word.start:l.pos-1]))
			switch ch {
			case ';':
				return args, endDirective, nil
			case '{':
				return args, endBlockStart, nil
			}
		}
	}
}

// afterQuote takes the byte after a closing quote; again says that it is used up.
func (l *lexer) afterQuote(ch byte) (end ending, done, again bool, err error) {
	switch ch {
	case ' ', '\t', '\r', '\n':
		l.word.needSpace = false
		return 0, false, true, nil
	case ';':
		return endDirective, true, false, nil
	case '{':
		return endBlockStart, true, false, nil
	case ')':
		l.word.needSpace = false
		return 0, false, false, nil
	}
	return 0, false, false, l.fail(`unexpected "` + string(ch) + `"`)
}

// between takes a byte outside words, of which there were n so far.
func (l *lexer) between(ch byte, n int) (end ending, done bool, err error) {
	l.word.start, l.word.startLine = l.pos-1, l.line
	switch ch {
	case ' ', '\t', '\r', '\n':
		return 0, false, nil
	case ';', '{':
		if n == 0 {
			return 0, false, l.fail(`unexpected "` + string(ch) + `"`)
		}
		if ch == '{' {
			return endBlockStart, true, nil
		}
		return endDirective, true, nil
	case '}':
		if n != 0 {
			return 0, false, l.fail(`unexpected "}"`)
		}
		return endBlockDone, true, nil
	case '#':
		l.word.comment = true
		return 0, false, nil
	case '\\':
		l.word.escaped = true
	case '"', '\'':
		l.word.start++
		l.word.quote = ch
	case '$':
		l.word.variable = true
	}
	l.word.open = true
	return 0, false, nil
}

// inside takes a byte of a word and tells whether the word ends with it.
func (l *lexer) inside(ch byte) bool {
	w := &l.word
	if ch == '{' && w.variable {
		return false
	}
	w.variable = false
	switch {
	case ch == '\\':
		w.escaped = true
		return false
	case ch == '$':
		w.variable = true
		return false
	case w.quote != 0:
		if ch != w.quote {
			return false
		}
		w.quote, w.needSpace = 0, true
	case ch != ' ' && ch != '\t' && ch != '\r' && ch != '\n' && ch != ';' && ch != '{':
		return false
	}
	w.open = false
	return true
}

// unescape resolves the escapes that nginx knows, in quoted and in bare words alike; any other backslash stays.
func unescape(raw []byte) string {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' && i+1 < len(raw) {
			switch raw[i+1] {
			case '"', '\'', '\\':
				i++
			case 't':
				out = append(out, '\t')
				i++
				continue
			case 'r':
				out = append(out, '\r')
				i++
				continue
			case 'n':
				out = append(out, '\n')
				i++
				continue
			}
		}
		out = append(out, raw[i])
	}
	return string(out)
}

func (l *lexer) tooLong() error {
	l.line = l.word.startLine
	if l.word.quote != 0 {
		return l.fail(`too long parameter, probably missing terminating "` + string(l.word.quote) + `" character`)
	}
	return l.fail(`too long parameter "` + string(l.data[l.word.start:l.word.start+10]) + `..." started`)
}

func (l *lexer) fail(text string) error { return &Error{Text: text, File: l.file, Line: l.line} }
