package tui

import (
	"strings"
	"unicode"
)

// clean takes out of a text from outside (files, logs, servers, lessons) whatever a terminal would obey instead of
// showing: control characters, escape sequences, and the marks that reorder text. Tabs become spaces, newlines one
// space.
func clean(s string) string {
	if !needsCleaning(s, false) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return visible(r)
	}, s)
}

// cleanText does the same for a text of several lines, whose newlines and four-cell tabs it keeps.
func cleanText(s string) string {
	if !needsCleaning(s, true) {
		return s
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\t", "    ")
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return visible(r)
	}, s)
}

// visible gives r, or a mark in place of a rune that a terminal would obey.
func visible(r rune) rune {
	switch {
	case r == '\r':
		return -1
	case unicode.IsControl(r):
		return '�'
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200E, r == 0x200F, r == 0x2028, r == 0x2029:
		return -1
	}
	return r
}

func needsCleaning(s string, lines bool) bool {
	for _, r := range s {
		if r == '\n' && lines {
			continue
		}
		if r < 0x20 || r >= 0x7f && visible(r) != r {
			return true
		}
	}
	return false
}
