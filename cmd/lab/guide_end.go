package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/cwk-stream/lab/internal/report"
	"github.com/cwk-stream/lab/internal/reward"
)

// gained is what the student has gained since the lab was opened.
func (g *guided) gained(ctx context.Context) (reward.Gained, error) {
	c, err := g.course()
	if err != nil {
		return reward.Gained{}, err
	}
	now, err := g.standing(ctx, c)
	return reward.New(g.before, now), err
}

// done says, once every step is met, what that gained.
func (g *guided) done(ctx context.Context) error {
	gained, err := g.gained(ctx)
	if err != nil {
		return err
	}
	if !gained.Nothing() {
		g.say("guide.gained")
	}
	if gained.XP > 0 {
		g.say("recap.xp", gained.XP, gained.Total)
	}
	if gained.LevelUp {
		g.say("recap.level", gained.Level, gained.LevelName.In(g.lang()))
	}
	for _, a := range gained.Achievements {
		g.say("recap.achievement", a.Name.In(g.lang()))
	}
	g.say("guide.done")
	return nil
}

// recap writes what was learnt, seen and gained as Markdown beside the student's files, to be kept.
func (g *guided) recap(ctx context.Context) error {
	gained, err := g.gained(ctx)
	if err != nil {
		return err
	}
	var text strings.Builder
	err = report.Recap(&text, g.lang(), g.r.Lab(), g.r.Progress(), gained)
	path := filepath.Join(g.r.Files.Dir(), "recap."+string(g.lang())+".md")
	if err := errors.Join(err, os.WriteFile(path, []byte(text.String()), 0o600)); err != nil {
		g.complain(err)
		return nil
	}
	g.say("guide.recap", path)
	return nil
}
