package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
	if err != nil && ctx.Err() == nil && !withoutDocker(lab) {
		return nil, why{}, a.needsDocker(err, lab)
	}
	if err == nil {
		err = e.Obtainable(ctx, lab.Env)
	}
	if err == nil {
		a.guardEngine(ctx, e)
		return e, why{}, nil
	}
	if ctx.Err() != nil || !withoutDocker(lab) {
		return nil, why{}, err
	}
	reason := "why.no-docker"
	if h, ok := hint.Find(err); ok && locale.Has("why."+h.Code) {
		reason = "why." + h.Code
	}
	return embedded.New(embedded.Options{}), why{key: reason}, nil
}

// withoutDocker tells whether a lab runs on the embedded engine.
func withoutDocker(lab course.Lab) bool { return slices.Contains(lab.Engines, engineEmbedded) }

// startable is the first of some lessons whose lab can run on this machine; where none can, or another one was asked for,
// the first, so that starting it says what is missing.
func (a *app) startable(ctx context.Context, c *course.Course, lessons []course.Lesson, o startOptions) course.Lesson {
	answers, asked := false, false
	for _, l := range lessons {
		lab, err := c.Lab(l.Lab, o.proxy)
		if l.Lab == "" || err == nil && withoutDocker(lab) || o.engine == engineDocker {
			return l
		}
		if !asked {
			asked, answers = true, available(ctx, docker.New(docker.Options{})) == nil
		}
		if answers {
			return l
		}
	}
	return lessons[0]
}

// needsDocker adds to the error of an engine that does not answer which lessons of the course do without.
func (a *app) needsDocker(err error, lab course.Lab) error {
	c, broken := a.course()
	if broken != nil {
		return err
	}
	var run []string
	for _, l := range c.Lessons {
		if l.Lab == "" {
			continue
		}
		if other, broken := c.Lab(l.Lab, ""); broken == nil && withoutDocker(other) {
			run = append(run, fmt.Sprintf("lab start %02d", l.Number))
		}
	}
	if len(run) == 0 {
		return err
	}
	return hint.With(err, "lab-needs-docker", lab.ID, strings.Join(run, ", "))
}

// available asks whether an engine answers; one that hangs must not hold up the student.
func available(ctx context.Context, e *docker.Engine) error {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	return e.Available(ctx)
}
