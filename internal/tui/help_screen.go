package tui

// newHelpScreen lists the keys that do something on the screen below, as they are right now.
func newHelpScreen(d *desk, keys []binding) *helpScreen {
	h := &helpScreen{}
	h.sheetScreen = sheetScreen{d: d,
		title: func() string { return d.say("help-title") },
		lines: func(w int) []string { return helpLines(d, keys, w) },
	}
	return h
}

// helpScreen is the sheet of keys.
type helpScreen struct{ sheetScreen }

// helpLines puts the keys in two columns where there is room.
func helpLines(d *desk, keys []binding, w int) []string {
	var cells []string
	for _, b := range keys {
		if b.on && b.help != "" {
			cells = append(cells, d.th.Accent.Bold(true).Render(fitRight(b.show, 6))+"  "+d.say("key."+b.help))
		}
	}
	if w < 72 {
		return cells
	}
	half := (len(cells) + 1) / 2
	var out []string
	for i := range half {
		line := fit(cells[i], w/2)
		if i+half < len(cells) {
			line += cells[i+half]
		}
		out = append(out, line)
	}
	return out
}
