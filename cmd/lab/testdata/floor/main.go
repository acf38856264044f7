// Command floor links the libraries that lab is built on, and does nothing: what it costs to start and to store is what
// no change to lab itself can save. `make bench` prints it beside lab's own figures.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	tea "charm.land/bubbletea/v2"
	"charm.land/glamour/v2"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/fsnotify/fsnotify"
	"github.com/goccy/go-yaml"
	"github.com/gorilla/websocket"
	"github.com/moby/moby/client"
	"github.com/spf13/cobra"
)

type model struct{}

func (model) Init() tea.Cmd                         { return nil }
func (m model) Update(tea.Msg) (tea.Model, tea.Cmd) { return m, nil }
func (model) View() tea.View                        { return tea.NewView("x") }

func main() {
	if len(os.Args) < 2 {
		fmt.Println("floor")
		return
	}
	r, _ := glamour.NewTermRenderer()
	_, _ = r.Render("x")
	_, _ = tea.NewProgram(model{}).Run()
	_, _ = loader.LoadWithContext(context.Background(), types.ConfigDetails{})
	c, _ := client.New()
	_, _ = c.Ping(context.Background(), client.PingOptions{})
	var v any
	_ = yaml.NewDecoder(os.Stdin).Decode(&v)
	_, _, _ = websocket.DefaultDialer.Dial("", nil)
	_ = (&cobra.Command{}).Execute()
	_, _ = fsnotify.NewWatcher()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
