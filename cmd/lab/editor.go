package main

import (
	"os"
	"strings"
	"time"

	"github.com/mattn/go-shellwords"
)

// editorEnd is how long an editor may take to end with the program, and to keep what was not saved.
const editorEnd = time.Second

// editor is the student's editor with its arguments, empty for none.
func (a *app) editor() []string {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if words := commandWords(a.getenv(name)); len(words) > 0 {
			return words
		}
	}
	return nil
}

// commandWords splits a command as a shell does, without running anything of it. A path with spaces may be quoted or,
// alone, stand as it is.
func commandWords(command string) []string {
	if _, err := os.Stat(command); err == nil {
		return []string{command}
	}
	if os.PathSeparator == '\\' {
		command = strings.ReplaceAll(command, `\`, "/") // to a shell it would quote what follows
	}
	words, err := shellwords.Parse(command)
	if err != nil {
		return strings.Fields(command)
	}
	return words
}
