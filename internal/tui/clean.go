package tui

import (
	"strings"

	"github.com/cwk-stream/lab/internal/printable"
)

// clean makes one line of a text from outside: files, logs, servers, lessons.
func clean(s string) string { return printable.Line(s) }

// cleanText makes lines of a text from outside, with tabs of four cells.
func cleanText(s string) string { return strings.ReplaceAll(printable.Text(s), "\t", "    ") }
