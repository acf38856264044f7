package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/colorprofile"
	"golang.org/x/term"
)

// examineTerminal looks at what the screens and the student's editor need.
func (a *app) examineTerminal() []finding {
	if !isTerminal(a.out) {
		return []finding{{"terminal", "ok", a.lang().Say("doctor.plain"), ""}, a.examineEditor()}
	}
	cells := finding{"terminal", "ok", a.lang().Say("doctor.cells", a.width(), a.getenv("TERM")), ""}
	if a.width() < 60 {
		cells = a.advised("terminal", "warn", cells.Detail, "narrow")
	}
	return []finding{cells, a.examineColours(), a.examineHangul(), a.examineClipboard(), a.examineEditor()}
}

func (a *app) examineColours() finding {
	var env []string
	for _, name := range []string{"TERM", "COLORTERM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TMUX", "STY", "WT_SESSION", "TERM_PROGRAM"} {
		if v := a.getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	name := map[colorprofile.Profile]string{colorprofile.TrueColor: "true", colorprofile.ANSI256: "256", colorprofile.ANSI: "16"}
	key, ok := name[colorprofile.Detect(a.out, env)]
	if !ok {
		key = "none"
	}
	return finding{"colours", "ok", a.lang().Say("doctor.colours-" + key), ""}
}

// examineHangul has the terminal say how far a Hangul syllable moves its cursor.
func (a *app) examineHangul() finding {
	n, ok := a.measure("가")
	switch {
	case !ok:
		return finding{"hangul", "ok", a.lang().Say("doctor.hangul-silent"), ""}
	case n != 2:
		return a.advised("hangul", "warn", a.lang().Say("doctor.hangul-takes", n), "hangul")
	}
	return finding{"hangul", "ok", a.lang().Say("doctor.hangul-takes", n), ""}
}

var position = regexp.MustCompile(`\x1b\[\d+;(\d+)R`)

// measure asks the terminal how many cells a text takes: it writes it at the beginning of a line and asks for the
// cursor's place (DSR 6). ok is false where it does not answer.
func (a *app) measure(text string) (cells int, ok bool) {
	in, isFile := a.in.(*os.File)
	if !isFile || !isTerminal(a.in) || a.linear() {
		return 0, false
	}
	defer a.holdTerminal("")()
	state, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return 0, false
	}
	defer func() { _ = term.Restore(int(in.Fd()), state) }()
	fmt.Fprintf(a.out, "\r%s\x1b[6n", text)
	defer fmt.Fprint(a.out, "\r\x1b[2K")
	answer := make(chan string, 1)
	go func() { // a read from the keyboard cannot be called off: where no answer comes, it ends with the program
		var got strings.Builder
		for b := make([]byte, 1); !strings.HasSuffix(got.String(), "R") && got.Len() < 64; {
			if _, err := io.ReadFull(in, b); err != nil {
				break
			}
			got.Write(b)
		}
		answer <- got.String()
	}()
	select {
	case s := <-answer:
		m := position.FindStringSubmatch(s)
		if m == nil {
			return 0, false
		}
		column, _ := strconv.Atoi(m[1])
		return column - 1, true
	case <-time.After(500 * time.Millisecond):
		return 0, false
	}
}

// examineClipboard tells whether what is copied reaches the clipboard by OSC 52, as far as the terminal's name says.
func (a *app) examineClipboard() finding {
	switch {
	case a.getenv("TERM_PROGRAM") == "Apple_Terminal", a.getenv("TERM") == "linux":
		return a.advised("clipboard", "warn", a.lang().Say("doctor.clipboard-none"), "clipboard")
	case a.getenv("TMUX") != "":
		return a.advised("clipboard", "ok", a.lang().Say("doctor.clipboard-tmux"), "clipboard-tmux")
	}
	return finding{"clipboard", "ok", a.lang().Say("doctor.clipboard-osc"), ""}
}

func (a *app) examineEditor() finding {
	words := a.editor()
	if len(words) == 0 {
		return finding{"editor", "ok", a.lang().Say("doctor.no-editor"), ""}
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return a.advised("editor", "warn", a.lang().Say("doctor.editor-gone", words[0]), "editor")
	}
	return finding{"editor", "ok", strings.Join(words, " "), ""}
}
