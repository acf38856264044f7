package nginxconf

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// Pattern is a regular expression as nginx with PCRE2 10.46 understands it: on bytes, not on characters. Where Go's own
// engine can do it, which takes a time that grows with the text alone, that one does; what only backtracking can do
// (assertions, back references, atomic groups) is limited in time.
type Pattern struct {
	fast  *regexp.Regexp // nil where it takes backtracking
	slow  *regexp2.Regexp
	names []string // of the groups, by number from 1; "" for one without
}

// ErrPattern is in the chain of the error for an expression that PCRE2 takes and that is not understood here.
var ErrPattern = errors.New("not understood")

// ErrLimit is the error of a match that takes too long; nginx has a limit of its own, on steps.
var ErrLimit = errors.New("match limit exceeded")

// matchTime is what one match may take.
const matchTime = 200 * time.Millisecond

// CompilePattern reads an expression. An *Error is nginx's complaint, without a place.
func CompilePattern(text string, caseless bool) (*Pattern, error) {
	p := &patternParser{src: text, names: []string{""}}
	p.flags.caseless = caseless
	if err := p.parse(); err != nil && !p.lost {
		at := ""
		if err.at < len(text) {
			rest, _, _ := strings.Cut(text[err.at:], "\x00")
			at = ` at "` + rest + `"`
		}
		return nil, &Error{Text: `pcre2_compile() failed: ` + err.text + ` in "` + text + `"` + at}
	}
	if p.odd != "" || p.lost {
		return nil, fmt.Errorf("%w: %s", ErrPattern, p.odd)
	}
	pattern := &Pattern{names: p.names}
	out := string(p.out)
	slow := strings.NewReplacer(endOfText, `\Z`, wordEdge, asciiEdge, notWordEdge, "(?!"+asciiEdge+")")
	fast := strings.NewReplacer(endOfText, `\z`, wordEdge, `\b`, notWordEdge, `\B`)
	if !p.slow {
		pattern.fast, _ = regexp.Compile(fast.Replace(out))
	}
	var err error
	if pattern.slow, err = regexp2.Compile(slow.Replace(out), regexp2.None); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPattern, err)
	}
	pattern.slow.MatchTimeout = matchTime
	return pattern, nil
}

// Names lists the groups' names by number; the first is that of the whole match, which has none.
func (p *Pattern) Names() []string { return p.names }

// MatchString tells whether the text matches, as far as can be told in time.
func (p *Pattern) MatchString(text string) bool {
	groups, _ := p.Find(text)
	return groups != nil
}

// Find gives what matched and what each group captured, "" for one that took no part; nil if nothing matches. The error
// is ErrLimit.
func (p *Pattern) Find(text string) ([]string, error) {
	wide := widen(text)
	if p.fast != nil && !strings.Contains(text, "\n") { // "$" also matches before a final line break, which Go cannot say
		groups := p.fast.FindStringSubmatch(wide)
		return narrowAll(groups, wide != text), nil
	}
	m, err := p.slow.FindStringMatch(wide)
	if err != nil {
		return nil, ErrLimit
	}
	if m == nil {
		return nil, nil
	}
	groups := make([]string, len(p.names))
	for i := range groups {
		if g := m.GroupByNumber(i); g != nil && len(g.Captures) > 0 {
			groups[i] = g.String()
		}
	}
	return narrowAll(groups, wide != text), nil
}

// widen makes a character of each byte, so that both engines match bytes.
func widen(text string) string {
	for i := range len(text) {
		if text[i] >= 0x80 {
			wide := make([]rune, len(text))
			for i := range len(text) {
				wide[i] = rune(text[i])
			}
			return string(wide)
		}
	}
	return text
}

func narrowAll(groups []string, needed bool) []string {
	if !needed {
		return groups
	}
	for i, g := range groups {
		bytes := make([]byte, 0, len(g))
		for _, ch := range g {
			bytes = append(bytes, byte(ch))
		}
		groups[i] = string(bytes)
	}
	return groups
}
