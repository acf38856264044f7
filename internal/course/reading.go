package course

import (
	"time"
	"unicode"
)

// How fast nobody reads: some 2,000 words a minute, in characters a second. One of Chinese, Japanese or Korean says as
// much as two of others.
const fastest = 200

// shortest is the least time in which anybody notices what a text says.
const shortest = 5 * time.Second

// LeastTime is the time below which nobody has read the text. It holds up nobody who does: those who read fast need four
// times as long.
func (t LessonText) LeastTime() time.Duration {
	n := 0
	for _, r := range t.Markdown {
		switch {
		case unicode.In(r, unicode.Hangul, unicode.Han, unicode.Hiragana, unicode.Katakana):
			n += 2
		case !unicode.IsSpace(r):
			n++
		}
	}
	return max(shortest, time.Duration(n)*time.Second/fastest)
}
