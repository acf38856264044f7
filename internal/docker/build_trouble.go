package docker

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/cwk-stream/lab/internal/hint"
)

// shownLines is how many of the last lines of a failed instruction a person is shown, and shownCells how much of each.
const (
	shownLines = 8
	shownCells = 160
)

// Exit codes by which an instruction says that a signal ended it: 128 and the signal's number.
const (
	killed       = 137
	fileTooLarge = 153
)

var (
	// noNetwork is how apt, pip, npm, curl, wget and git say that what they fetch could not be reached.
	noNetwork = regexp.MustCompile(`(?i)could not resolve|temporary failure (in name resolution|resolving)|name or service not known|` +
		`unable to connect|could not connect|failed to connect|connection (timed out|refused)|network is unreachable|no route to host|` +
		`bad address '|EAI_AGAIN|ENOTFOUND|ETIMEDOUT|failed to establish a new connection|407 proxy|proxy authentication required`)
	noProcess = regexp.MustCompile(`(?i)resource temporarily unavailable|cannot fork|can't fork|failed to create (new )?(os )?thread`)
	noMemory  = regexp.MustCompile(`(?i)cannot allocate memory|out of memory|\bMemoryError\b|signal 9|(^|\s)killed$`)
	noSize    = regexp.MustCompile(`(?i)file size limit exceeded|file too large`)
	noDisk    = regexp.MustCompile(`(?i)no space left on device`)
	// exitCode is how Docker and Podman say that an instruction failed by itself.
	exitCode = regexp.MustCompile(`returned a non-zero code: (\d+)|exit status (\d+)$`)
)

// buildTrouble says in a person's terms why a build ended with err: what failed, the last lines that it wrote, and a code
// by what kind of trouble that is. What secrets lists is never shown.
func buildTrouble(ctx context.Context, service string, b *buildProgress, secrets *strings.Replacer, err error) error {
	building := fmt.Errorf("building the image of %s: %w", service, err)
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errBuildSlow):
		return hint.With(fmt.Errorf("building the image of %s: %w", service, cause), "build-slow", service, brief(b.instruction))
	case errors.Is(cause, errBuildLarge):
		return hint.With(fmt.Errorf("building the image of %s: %w", service, cause), "build-large", service, brief(b.instruction))
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if code, _ := classify(err, ""); code != "" && code != "docker-disk-full" {
		return building // it is about the engine, not about the build
	}
	said := secrets.Replace(strings.Join(b.said, "\n"))
	text := strings.TrimPrefix(secrets.Replace(err.Error()), "Error response from daemon: ")
	failed := text
	if m := exitCode.FindStringSubmatch(err.Error()); m != nil && b.instruction != "" {
		code := m[1] + m[2]
		failed = secrets.Replace(fmt.Sprintf("%s → %s", brief(b.instruction), code))
		building = fmt.Errorf("building the image of %s: %s%s", service, failed, lastOf(said))
	}
	code := "build-failed"
	switch {
	case noDisk.MatchString(text + "\n" + said):
		return hint.With(building, "docker-disk-full")
	case noSize.MatchString(said), b.code == fileTooLarge:
		code = "build-large"
	case noProcess.MatchString(said):
		code = "build-processes"
	case noMemory.MatchString(said), b.code == killed:
		code = "build-memory"
	case noNetwork.MatchString(text + "\n" + said):
		code = "build-network"
	}
	return hint.With(building, code, service, failed+quoted(said))
}

// brief is an instruction on one short line.
func brief(instruction string) string {
	return cut(strings.Join(strings.Fields(instruction), " "), shownCells/2)
}

func cut(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// lastOf is the last line of what was said, behind a colon.
func lastOf(said string) string {
	if said == "" {
		return ""
	}
	return ": " + cut(said[strings.LastIndexByte(said, '\n')+1:], shownCells)
}

// quoted sets the last lines of what was said below the sentence that they follow.
func quoted(said string) string {
	if said == "" {
		return ""
	}
	lines := strings.Split(said, "\n")
	var out strings.Builder
	for _, line := range lines[max(0, len(lines)-shownLines):] {
		out.WriteString("\n    " + cut(line, shownCells))
	}
	return out.String()
}
