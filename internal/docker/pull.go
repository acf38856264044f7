package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/moby/moby/client"
)

// sayEvery bounds how often a stage that advances is told of.
const sayEvery = 50 * time.Millisecond

// pull fetches ref, telling how many bytes have come. Registry addresses stay out of what is said.
func pull(ctx context.Context, a api, ref string, say func(session.Stage)) error {
	stage := session.Stage{Name: "image", Subject: ref}
	say(stage)
	response, err := a.ImagePull(ctx, ref, client.ImagePullOptions{})
	if err == nil {
		defer func() { _ = response.Close() }()
		err = pullProgress(ctx, response, stage, say)
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return hint.With(fmt.Errorf("pulling %s: %w", ref, err), missingCode(ref), ref)
	}
	stage.End = true
	say(stage)
	return nil
}

// missingCode names the trouble of an image that can be neither found nor pulled: the base of the built-in labs can
// also be made from Debian's packages.
func missingCode(ref string) string {
	if strings.HasPrefix(ref, "debian:") {
		return "base-image-missing"
	}
	return "image-missing"
}

func pullProgress(ctx context.Context, response client.ImagePullResponse, stage session.Stage, say func(session.Stage)) error {
	layers := map[string][2]int64{}
	var last time.Time
	for m, err := range response.JSONMessages(ctx) {
		if err != nil {
			return err
		}
		if m.Error != nil {
			return errors.New(m.Error.Message)
		}
		if m.Progress == nil || m.Progress.Total <= 0 || m.Status != "Downloading" {
			continue
		}
		layers[m.ID] = [2]int64{m.Progress.Current, m.Progress.Total}
		stage.Done, stage.Total = 0, 0
		for _, l := range layers {
			stage.Done, stage.Total = stage.Done+l[0], stage.Total+l[1]
		}
		if time.Since(last) >= sayEvery {
			last = time.Now()
			say(stage)
		}
	}
	return nil
}
