package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/printable"
)

// version and commit are set by the Makefile; a build by `go install` reads them from the module.
var version, commit = "", ""

// build is what the program knows of its own making.
type build struct {
	Version  string            `json:"version"`
	Commit   string            `json:"commit,omitempty"`
	Modified bool              `json:"modified,omitempty"` // with changes beyond the commit
	Go       string            `json:"go"`
	Platform string            `json:"platform"`
	Engines  map[string]string `json:"engines"`
}

func thisBuild() build {
	b := build{Version: version, Commit: commit, Platform: platform}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func versionName() string { return thisBuild().Version }

// String is one line.
func (b build) String() string {
	s := "lab " + b.Version
	if b.Commit != "" {
		s += " " + b.Commit
	}
	if b.Modified {
		s += " (modified)"
	}
	return s + " " + b.Go + " " + b.Platform
}

// versionPatience is how long an engine is waited for that only has to say who it is.
const versionPatience = time.Second

func (a *app) versionCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "version", Short: "Version, commit, Go, platform, engines", Args: exactly(),
		Example: "  lab version\n  lab version --output json",
		RunE: func(c *cobra.Command, _ []string) error {
			b := thisBuild()
			b.Engines = map[string]string{engineEmbedded: a.lang().Say("doctor.always"), engineDocker: a.engineVersion(c.Context())}
			if output == "json" {
				return a.printJSON(b)
			}
			_, err := fmt.Fprintf(a.out, "%v\n%s: %s\n%s: %s\n", b, engineDocker, printable.Text(b.Engines[engineDocker]), engineEmbedded,
				b.Engines[engineEmbedded])
			return err
		},
	}
	outputFlag(c, &output, "text", "json")
	return c
}

func (a *app) engineVersion(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, versionPatience)
	defer cancel()
	e := docker.New(docker.Options{})
	defer func() { _ = e.Close() }()
	v, err := e.Version(ctx)
	if err != nil {
		return a.lang().Say("version.no-engine")
	}
	return v
}
