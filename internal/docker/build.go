package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	buildtypes "github.com/moby/moby/api/types/build"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/session"
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

// make builds image with the engine's classic builder, which every engine has.
func (e *Engine) make(ctx context.Context, a api, env course.Environment, image Image, say func(session.Stage)) error {
	c, err := image.context(env)
	if err != nil {
		return err
	}
	content, err := c.tar(e.owner)
	if err != nil {
		return err
	}
	args := map[string]*string{}
	for name, value := range c.args {
		args[name] = &value
	}
	stage := session.Stage{Name: "build", Subject: image.Service}
	say(stage)
	// Without the builder's cache, as what would be in it is dropped below, and another process that builds the same
	// must not come to depend on it meanwhile.
	response, err := a.ImageBuild(ctx, content, client.ImageBuildOptions{
		Tags: []string{image.Ref}, Dockerfile: c.dockerfile, Remove: true, ForceRemove: true, NoCache: true, BuildArgs: args,
		Labels: map[string]string{labelLab: env.Lab, labelService: image.Service}, Version: buildtypes.BuilderV1,
	})
	if err != nil {
		return fmt.Errorf("building the image of %s: %w", image.Service, err)
	}
	defer func() { _ = response.Body.Close() }()
	progress := buildProgress{stage: stage}
	if err := progress.read(response.Body, say); err != nil {
		progress.stages = append(progress.stages, progress.layers...)
		progress.dropStages(ctx, a)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return hint.With(fmt.Errorf("building the image of %s: %w", image.Service, err), "build-failed", image.Service,
			progress.stage.Detail)
	}
	progress.stage.End, progress.stage.Done = true, progress.stage.Total
	say(progress.stage)
	progress.dropStages(ctx, a)
	return nil
}

// buildProgress follows the output of the classic builder.
type buildProgress struct {
	stage  session.Stage
	last   time.Time
	layers []string // images made before the last FROM, oldest first
	stages []string // the same, of all but the last stage of the Dockerfile
	base   bool     // the next image is what a FROM found, not one that was made
}

var (
	stepLine  = regexp.MustCompile(`^(?:\[\d+/\d+\] )?(?:Step|STEP) (\d+)/(\d+) ?: (.*)`)
	imageLine = regexp.MustCompile(`^ ---> ([0-9a-f]{12})$`)
)

func (b *buildProgress) read(r io.Reader, say func(session.Stage)) error {
	messages := json.NewDecoder(r)
	for {
		var m jsonstream.Message
		err := messages.Decode(&m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the builder's output: %w", err)
		}
		if m.Error != nil {
			return errors.New(printable.Uncoloured(m.Error.Message))
		}
		for line := range strings.Lines(m.Stream) {
			if b.line(strings.TrimRight(line, "\r\n")) && time.Since(b.last) >= sayEvery {
				b.last = time.Now()
				say(b.stage)
			}
		}
	}
}

// line folds one line of output into the stage, and tells whether there is something new to show.
func (b *buildProgress) line(text string) bool {
	if m := imageLine.FindStringSubmatch(text); m != nil {
		if !b.base {
			b.layers = append(b.layers, m[1])
		}
		b.base = false
		return false
	}
	if m := stepLine.FindStringSubmatch(text); m != nil {
		b.stage.Done, _ = strconv.ParseInt(m[1], 10, 64)
		b.stage.Total, _ = strconv.ParseInt(m[2], 10, 64)
		b.stage.Done-- // this one only begins
		text = m[3]
		if strings.HasPrefix(strings.ToUpper(text), "FROM ") {
			b.stages, b.layers, b.base = append(b.stages, b.layers...), nil, !strings.HasPrefix(text, "FROM scratch")
		}
		b.last = time.Time{} // a new step is always told
	}
	if text = printable.Uncoloured(text); text == "" || strings.HasPrefix(text, "--->") {
		return false
	}
	if strings.HasPrefix(text, "LABEL "+labelBuild) {
		return false
	}
	b.stage.Detail = text
	return true
}

// dropStages removes the images of the stages before the last one, which are of no use once the last one is tagged
// and ten times its size. The newest goes first. It is a courtesy to the disk: failing is no error.
func (b *buildProgress) dropStages(ctx context.Context, a api) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	for i := len(b.stages) - 1; i >= 0; i-- {
		_, _ = a.ImageRemove(ctx, b.stages[i], client.ImageRemoveOptions{PruneChildren: true})
	}
}
