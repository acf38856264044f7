package tui

import (
	"context"
	"os"

	tea "charm.land/bubbletea/v2"
)

// canSuspend: shells stop no programs here.
const canSuspend = false

// stops has nothing to tell of.
func stops(context.Context, func(tea.Msg), chan os.Signal) {}

// suspend cannot be.
func suspend(chan os.Signal) tea.Cmd { return nil }
