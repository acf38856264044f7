package nginxconf

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patternCase is what libpcre2-8 10.46, Debian trixie's, made of an expression. A character stands for a byte.
type patternCase struct {
	Pattern  string
	Caseless bool
	Error    string
	At       int
	Groups   map[string][]string // by subject: what matched and what the groups captured, up to the last that did
}

// subjects are what each expression was tried on.
var subjects = []string{"", "/", "/ws", "/ws/a", "a", "ab", "ba", "aab", "aaa", "A", "aB", "websocket", "/ws\n", "a\n", "\n", "a b",
	"Ã©", "x-1_2", "/abc/ABC/09", "ws.example.com", "a{2}", "-", "bb", "/a/b/c"}

// TestPatternsAsPCRE2 holds expressions to what PCRE2 itself made of them: its complaints with their offsets, and what
// they match. Some that PCRE2 takes are refused by name.
func TestPatternsAsPCRE2(t *testing.T) {
	f, err := os.Open("testdata/patterns.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	refused, n := 0, 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		var c patternCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		pattern := narrow(c.Pattern)
		p, err := CompilePattern(pattern, c.Caseless)
		var complaint *Error
		switch {
		case errors.As(err, &complaint):
			want := `pcre2_compile() failed: ` + c.Error + ` in "` + pattern + `"`
			if c.At < len(pattern) {
				want += ` at "` + pattern[c.At:] + `"`
			}
			if c.Error == "" || complaint.Text != want {
				t.Errorf("%q: got %s, want %s", c.Pattern, complaint.Text, want)
			}
		case err != nil:
			if refused++; !errors.Is(err, ErrPattern) || c.Error != "" {
				t.Errorf("%q: got %v, want %q", c.Pattern, err, c.Error)
			}
		case c.Error != "":
			t.Errorf("%q: taken, want %s", c.Pattern, c.Error)
		default:
			c.compare(t, p)
		}
	}
	if n < 400 || refused > n/20 {
		t.Errorf("%d of %d expressions are refused", refused, n)
	}
}

func (c patternCase) compare(t *testing.T, p *Pattern) {
	t.Helper()
	for _, subject := range subjects {
		got, err := p.Find(narrow(subject))
		if err != nil {
			t.Errorf("%q on %q: %v", c.Pattern, subject, err)
		}
		want := c.Groups[subject]
		for i := range want {
			want[i] = narrow(want[i])
		}
		for len(got) > len(want) && len(want) > 0 && got[len(got)-1] == "" {
			got = got[:len(got)-1]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q on %q (-PCRE2 +got):\n%s", c.Pattern, subject, diff)
		}
	}
}

func narrow(text string) string { return narrowAll([]string{text}, true)[0] }

// TestPatternGivesUp holds that an expression which backtracks without end is given up.
func TestPatternGivesUp(t *testing.T) {
	p, err := CompilePattern(`^(?=(a|aa)+$)(a|a?)+b$`, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Find(strings.Repeat("a", 200)); !errors.Is(err, ErrLimit) {
		t.Errorf("got %v, want ErrLimit", err)
	}
}

// FuzzPattern looks for panics in reading and matching expressions.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{`^/ws(?<rest>/.*)?$`, `(?i)[[:alpha:]_-]{2,}`, `(?>a|ab)\b\Q.\E(?=x)`, `\x{41}\p{L}[^\d]`} {
		f.Add(seed, "/ws/ab.x")
	}
	f.Fuzz(func(t *testing.T, pattern, subject string) {
		began := time.Now()
		defer func() {
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
		}()
		p, err := CompilePattern(pattern, len(pattern)%2 == 0)
		if err != nil {
			return
		}
		if groups, _ := p.Find(subject); groups != nil && len(groups) != len(p.Names()) {
			t.Errorf("%d groups, and %d names", len(groups), len(p.Names()))
		}
	})
}
