package tui

import (
	tea "charm.land/bubbletea/v2"
)

// binding is a key, what it does and how it is explained, in one place: what is listed works, and what works is
// listed.
type binding struct {
	keys []string       // as Bubble Tea names them
	show string         // as people read them
	help string         // words under "tui.key.<help>"; "" keeps it out of all lists (the arrows beside j and k)
	foot bool           // it is worth a place in the line at the bottom
	on   bool           // it does something now; otherwise it is neither listed nor obeyed
	do   func() tea.Cmd // never nil
}

// press runs the first binding that is on and has the key.
func press(bindings []binding, key string) (cmd tea.Cmd, ok bool) {
	for _, b := range bindings {
		if !b.on {
			continue
		}
		for _, k := range b.keys {
			if k == key {
				return b.do(), true
			}
		}
	}
	return nil, false
}

// keyName names a key press. With a Korean input method on, n arrives as ㅜ: the two-set layout is read back, so
// that keys go on working.
func keyName(k tea.KeyPressMsg) string {
	name := k.String()
	if r := []rune(name); len(r) == 1 {
		if latin, ok := twoSet[r[0]]; ok {
			return string(latin)
		}
	}
	return name
}

// twoSet is the Korean standard keyboard KS X 5002.
var twoSet = map[rune]rune{
	'ㅂ': 'q', 'ㅈ': 'w', 'ㄷ': 'e', 'ㄱ': 'r', 'ㅅ': 't', 'ㅛ': 'y', 'ㅕ': 'u', 'ㅑ': 'i', 'ㅐ': 'o', 'ㅔ': 'p',
	'ㅁ': 'a', 'ㄴ': 's', 'ㅇ': 'd', 'ㄹ': 'f', 'ㅎ': 'g', 'ㅗ': 'h', 'ㅓ': 'j', 'ㅏ': 'k', 'ㅣ': 'l',
	'ㅋ': 'z', 'ㅌ': 'x', 'ㅊ': 'c', 'ㅍ': 'v', 'ㅠ': 'b', 'ㅜ': 'n', 'ㅡ': 'm',
	'ㅃ': 'Q', 'ㅉ': 'W', 'ㄸ': 'E', 'ㄲ': 'R', 'ㅆ': 'T', 'ㅒ': 'O', 'ㅖ': 'P',
}

// say makes a command of a message.
func say(m tea.Msg) tea.Cmd { return func() tea.Msg { return m } }

// scrolling are the keys that move a window over a text.
func scrolling(move func(delta int), page int, ends func(end bool)) []binding {
	by := func(n int) func() tea.Cmd { return func() tea.Cmd { move(n); return nil } }
	to := func(end bool) func() tea.Cmd { return func() tea.Cmd { ends(end); return nil } }
	return []binding{
		{keys: []string{"down", "j"}, show: "↓ j", help: "down", on: true, do: by(1)},
		{keys: []string{"up", "k"}, show: "↑ k", help: "up", on: true, do: by(-1)},
		{keys: []string{"pgdown", "space", "ctrl+f"}, show: "space", help: "page-down", on: true, do: by(max(page-2, 1))},
		{keys: []string{"pgup", "b", "ctrl+b"}, show: "b", help: "page-up", on: true, do: by(-max(page-2, 1))},
		{keys: []string{"home", "g"}, show: "g", help: "top", on: true, do: to(false)},
		{keys: []string{"end", "G"}, show: "G", help: "end", on: true, do: to(true)},
	}
}
