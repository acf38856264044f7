//go:build pictures

package main

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// A cell of the pictures, in pixels.
const cellWidth, cellHeight = 8.4, 17.0

// TestPictures draws the README's pictures from the real program on a real terminal, into assets/. `make pictures`
// runs it.
func TestPictures(t *testing.T) {
	for _, lang := range []string{"en", "ko"} {
		t.Run(lang, func(t *testing.T) { draw(t, lang) })
	}
}

// draw takes a student of that language to where the pictures are taken.
func draw(t *testing.T, lang string) {
	s := onScreen(t, 110, 32, []string{"DOCKER_HOST=unix:///nonexistent.sock", "LAB_LANG=" + lang, "COLORTERM=truecolor"},
		"start", "03", "--engine", "embedded")
	s.sees("embedded ●", 20*time.Second)
	shoot := func(name string) {
		t.Helper()
		time.Sleep(700 * time.Millisecond) // let it settle
		screen := s.tmux("capture-pane", "-e", "-p")
		if err := os.WriteFile(filepath.Join("../../assets", name+"-"+lang+".svg"), []byte(picture(screen)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.edit(func(c string) string { return strings.Replace(c, upgradeLine, "", 1) })
	s.sees("+20 XP", 20*time.Second)
	shoot("broken")
	s.keys("n")
	time.Sleep(300 * time.Millisecond)
	s.keys("s")
	time.Sleep(time.Second)
	s.keys("y")
	time.Sleep(2 * time.Second)
	s.keys("n")
	s.edit(func(c string) string {
		return strings.Replace(c, "        proxy_buffering off;", "        proxy_read_timeout 30s;\n        proxy_buffering off;", 1)
	})
	s.sees("18.", 30*time.Second)
	shoot("countdown")
	s.tmux("kill-server")
}

// style is how a stretch of text is drawn.
type style struct {
	color, background string
	bold, reverse     bool
}

const ink, paper = "#d8dee9", "#14161b"

// picture makes an SVG of a captured screen. Every stretch is set at its cells, so that it does not depend on the
// width of the reader's font.
func picture(screen string) string {
	lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	wide := 0
	var body strings.Builder
	for y, line := range lines {
		wide = max(wide, ansi.StringWidth(line))
		drawLine(&body, line, y)
	}
	w, h := float64(wide)*cellWidth+24, float64(len(lines))*cellHeight+24
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f">
<rect width="100%%" height="100%%" rx="6" fill="%s"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, 'Noto Sans Mono CJK KR', monospace" font-size="14" xml:space="preserve">
%s</g>
</svg>
`, w, h, w, h, paper, body.String())
}

func drawLine(b *strings.Builder, line string, y int) {
	var s style
	x, wide, parser, state := 0, 0, ansi.NewParser(), byte(0)
	run, from := "", 0
	flush := func() {
		if strings.TrimSpace(run) != "" || s.background != "" || s.reverse {
			drawRun(b, run, s, from, y)
		}
		run, from = "", x
	}
	for line != "" {
		seq, width, n, next := ansi.DecodeSequence(line, state, parser)
		state, line = next, line[n:]
		if width > 0 {
			if width != wide && run != "" {
				flush() // Hangul and Latin each at its own cells: not every viewer stretches text to its length
			}
			run, x, wide = run+seq, x+width, width
			continue
		}
		flush()
		if cmd := ansi.Cmd(parser.Command()); cmd.Final() == 'm' {
			s = s.with(seq)
		}
	}
	flush()
}

func drawRun(b *strings.Builder, text string, s style, x, y int) {
	left, top := 12+float64(x)*cellWidth, 12+float64(y)*cellHeight
	color, background := s.color, s.background
	if color == "" {
		color = ink
	}
	if s.reverse {
		if background == "" {
			background = paper
		}
		color, background = background, color
	}
	width := float64(ansi.StringWidth(text)) * cellWidth
	if background != "" {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", left, top, width, cellHeight, background)
	}
	weight := ""
	if s.bold {
		weight = ` font-weight="bold"`
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" fill="%s"%s>%s</text>`+"\n",
		left, top+13, width, color, weight, html.EscapeString(text))
}

// with is the style after an SGR sequence.
func (s style) with(seq string) style {
	params := strings.FieldsFunc(strings.TrimSuffix(strings.TrimPrefix(seq, "\x1b["), "m"), func(r rune) bool { return r == ';' || r == ':' })
	if len(params) == 0 {
		return style{}
	}
	for i := 0; i < len(params); i++ {
		n, _ := strconv.Atoi(params[i])
		switch {
		case n == 0:
			s = style{}
		case n == 1:
			s.bold = true
		case n == 22:
			s.bold = false
		case n == 7:
			s.reverse = true
		case n == 27:
			s.reverse = false
		case n == 39:
			s.color = ""
		case n == 49:
			s.background = ""
		case n >= 30 && n <= 37:
			s.color = sixteen[n-30]
		case n >= 90 && n <= 97:
			s.color = sixteen[n-82]
		case n >= 40 && n <= 47:
			s.background = sixteen[n-40]
		case (n == 38 || n == 48) && i+2 < len(params):
			color, used := extended(params[i+1:])
			if n == 38 {
				s.color = color
			} else {
				s.background = color
			}
			i += used
		}
	}
	return s
}

var sixteen = []string{"#3b4252", "#bf616a", "#a3be8c", "#ebcb8b", "#81a1c1", "#b48ead", "#88c0d0", "#d8dee9",
	"#6b7489", "#d57780", "#b1d196", "#f0d399", "#8fbcdb", "#c79bc4", "#93ccdc", "#eceff4"}

// extended reads 5;N or 2;R;G;B and tells how many parameters that took.
func extended(params []string) (color string, used int) {
	number := func(i int) int { n, _ := strconv.Atoi(params[i]); return n }
	if params[0] == "2" && len(params) >= 4 {
		return fmt.Sprintf("#%02x%02x%02x", number(1), number(2), number(3)), 4
	}
	n := number(1)
	switch {
	case n < 16:
		return sixteen[n], 2
	case n >= 232:
		g := 8 + 10*(n-232)
		return fmt.Sprintf("#%02x%02x%02x", g, g, g), 2
	}
	n -= 16
	level := func(v int) int {
		if v == 0 {
			return 0
		}
		return 55 + 40*v
	}
	return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6%6), level(n%6)), 2
}
