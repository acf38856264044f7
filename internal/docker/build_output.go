package docker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/moby/moby/api/types/jsonstream"

	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/session"
)

// Bounds on what is kept of a builder's output.
const (
	keptLines = 40   // of the instruction that runs
	keptLine  = 2048 // bytes of each
)

// buildProgress follows the output of the classic builder.
type buildProgress struct {
	stage session.Stage
	last  time.Time
	made  string // the image that was made last
	from  int    // how many FROMs have been
	base  bool   // the next image is what a FROM found, not one that was made

	instruction string   // the one that runs, as the Dockerfile has it
	said        []string // the last lines that it wrote
	pending     string   // the line that has not ended yet
	code        int      // how the instruction ended, if it failed by an exit code
}

var (
	stepLine  = regexp.MustCompile(`^(?:\[\d+/\d+\] )?(?:Step|STEP) (\d+)/(\d+) ?: (.*)`)
	imageLine = regexp.MustCompile(`^ ---> ([0-9a-f]{12})$`)
	// builderLine is what the builder says of itself.
	builderLine = regexp.MustCompile(`^(--->|Removing intermediate container |Successfully (built|tagged) |COMMIT )`)
)

// read follows the output to its end, which may have limit bytes in all. made is called with each image that is
// made, and with the number of the stage that it belongs to.
func (b *buildProgress) read(r io.Reader, limit int64, say func(session.Stage), made func(stage int, image string)) error {
	bounded := &io.LimitedReader{R: r, N: limit + 1}
	messages := json.NewDecoder(bounded)
	for {
		var m jsonstream.Message
		err := messages.Decode(&m)
		switch {
		case bounded.N <= 0:
			return fmt.Errorf("the builder said more than %d MiB", limit>>20)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading the builder's output: %w", err)
		case m.Error != nil:
			b.line(b.pending)
			b.code = m.Error.Code
			return errors.New(printable.Uncoloured(m.Error.Message))
		}
		changed := false
		for _, line := range b.whole(m.Stream) {
			b.made = ""
			if changed = b.line(line) || changed; b.made != "" {
				made(b.from, b.made)
			}
		}
		if changed && time.Since(b.last) >= sayEvery {
			b.last = time.Now()
			say(b.stage)
		}
	}
}

// whole gives the lines that end in text; output comes in pieces that end anywhere.
func (b *buildProgress) whole(text string) []string {
	if b.pending != "" && builderLine.MatchString(text) {
		text = "\n" + text // what ran did not end its last line
	}
	lines := strings.Split(b.pending+text, "\n")
	b.pending = lines[len(lines)-1]
	if len(b.pending) > keptLine {
		b.pending = b.pending[:keptLine]
	}
	return lines[:len(lines)-1]
}

// line folds one line of output into the stage, and tells whether there is something new to show.
func (b *buildProgress) line(text string) bool {
	text = strings.TrimRight(ansi.Strip(text), "\r")
	if m := imageLine.FindStringSubmatch(text); m != nil {
		if !b.base {
			b.made = m[1]
		}
		b.base = false
		return false
	}
	if m := stepLine.FindStringSubmatch(text); m != nil {
		b.step(m[1], m[2], m[3])
		return !b.ownLabel(m[3])
	}
	text = text[strings.LastIndexByte(text, '\r')+1:] // a line that is written over, such as a meter
	if text = printable.Uncoloured(text); text == "" || builderLine.MatchString(text) {
		return false
	}
	if b.said = append(b.said, text[:min(len(text), keptLine)]); len(b.said) > keptLines {
		b.said = b.said[1:]
	}
	b.stage.Detail = text
	return true
}

// step begins an instruction.
func (b *buildProgress) step(number, of, instruction string) {
	b.stage.Done, _ = strconv.ParseInt(number, 10, 64)
	b.stage.Total, _ = strconv.ParseInt(of, 10, 64)
	b.stage.Done-- // this one only begins
	if strings.HasPrefix(strings.ToUpper(instruction), "FROM ") {
		b.from, b.base = b.from+1, !strings.HasPrefix(instruction, "FROM scratch")
	}
	if b.ownLabel(instruction) {
		return
	}
	b.instruction, b.said = printable.Uncoloured(instruction), nil
	b.stage.Detail = b.instruction
	b.last = time.Time{} // a new step is always told
}

// ownLabel tells the label that labelStages puts into each stage from what the lab's author wrote.
func (b *buildProgress) ownLabel(instruction string) bool {
	return strings.HasPrefix(instruction, "LABEL "+labelBuild)
}
