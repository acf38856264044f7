package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/cwk-stream/lab/internal/printable"
)

// How JSON and XML spell a character by its number.
const (
	inJSON = `\u%04x`
	inXML  = "&#x%X;"
)

// harmless passes JSON or XML on with every character spelled out that a terminal would obey. The encoders do so for those below U+0020
// alone; the rest (DEL, and C1, of which one begins escape sequences as ESC does) would be obeyed by a terminal. The
// meaning stays. A write must not end within a character.
type harmless struct {
	w     io.Writer
	spell string
}

func (h harmless) Write(p []byte) (int, error) {
	text := string(p)
	obeyed := func(r rune) bool {
		return r != '\n' && r != '\t' && printable.Obeyed(r)
	}
	if !strings.ContainsFunc(text, obeyed) {
		return h.w.Write(p)
	}
	var b strings.Builder
	for _, r := range text {
		if obeyed(r) {
			fmt.Fprintf(&b, h.spell, r)
		} else {
			b.WriteRune(r)
		}
	}
	if _, err := io.WriteString(h.w, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// HarmlessJSON makes w a place for JSON that a terminal shows rather than obeys.
func HarmlessJSON(w io.Writer) io.Writer { return harmless{w, inJSON} }

// HarmlessXML makes w a place for XML that a terminal shows rather than obeys.
func HarmlessXML(w io.Writer) io.Writer { return harmless{w, inXML} }
