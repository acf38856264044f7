package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/embedded"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/session"
)

// The names of engines, as --engine takes them.
const (
	engineAuto     = "auto"
	engineDocker   = "docker"
	engineEmbedded = "embedded"
)

// why says why an engine was chosen: a key of the words and what they mention. The zero value: it was asked for.
type why struct {
	key  string
	args []any
}

// because says why an engine was chosen, "" where it was asked for.
func (a *app) because(w why) string {
	if w.key == "" {
		return ""
	}
	return a.lang().Say(w.key, w.args...)
}

// asking is how long an engine that may be there is waited for.
const asking = 3 * time.Second

// engineFlag adds --engine to a command.
func engineFlag(c *cobra.Command, engine *string) {
	*engine = engineAuto
	choiceFlag(c, "engine", engine, "docker, embedded, or auto: docker where it works, else embedded",
		engineAuto, engineDocker, engineEmbedded)
}

// proxyFlag adds --proxy to a command.
func proxyFlag(c *cobra.Command, proxy *string) {
	c.Flags().StringVar(proxy, "proxy", "", "the lab's variant, such as nginx (default: the lab's first)")
}

// engine chooses the engine for a lab. With auto, Docker is taken if its engine answers and the images are there or
// can be had, else the embedded one if the lab can run on it.
func (a *app) engine(ctx context.Context, name string, lab course.Lab) (session.Engine, why, error) {
	switch name {
	case engineDocker, engineEmbedded:
		if !slices.Contains(lab.Engines, name) {
			return nil, why{}, hint.With(fmt.Errorf("lab %s does not run on %s", lab.ID, name), "engine-not-claimed", lab.ID, name)
		}
		if name == engineEmbedded {
			return embedded.New(embedded.Options{}), why{}, nil
		}
		e := docker.New(docker.Options{Shipped: shipped})
		err := available(ctx, e)
		if err == nil {
			a.guardEngine(ctx, e)
		}
		return e, why{}, err
	}
	return a.autoEngine(ctx, lab)
}

func (a *app) autoEngine(ctx context.Context, lab course.Lab) (session.Engine, why, error) {
	if !slices.Contains(lab.Engines, engineDocker) {
		return embedded.New(embedded.Options{}), why{key: "why.lab-embedded-only"}, nil
	}
	e := docker.New(docker.Options{Shipped: shipped})
	err := available(ctx, e)
	if err == nil {
		err = e.Obtainable(ctx, lab.Env)
	}
	if err == nil {
		a.guardEngine(ctx, e)
		return e, why{}, nil
	}
	if ctx.Err() != nil || !slices.Contains(lab.Engines, engineEmbedded) {
		return nil, why{}, err
	}
	reason := "why.no-docker"
	if h, ok := hint.Find(err); ok && locale.Has("why."+h.Code) {
		reason = "why." + h.Code
	}
	return embedded.New(embedded.Options{}), why{key: reason}, nil
}

// available asks whether an engine answers; one that hangs must not hold up the student.
func available(ctx context.Context, e *docker.Engine) error {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	return e.Available(ctx)
}
