package docker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"
)

// Limits of a build. Debian's packages for the labs need some 300 MB, 400 MiB of memory and a minute.
const (
	buildMemory    = 2 << 30          // bytes, for each instruction
	buildProcesses = 512              // for each RUN
	buildFile      = 2 << 30          // bytes, for each file
	buildSize      = 4 << 30          // bytes, for all that a build writes
	buildTime      = 30 * time.Minute // on a slow line, packages take most of it
	buildOutput    = 64 << 20         // bytes that the builder says
	weighEvery     = 2 * time.Second  // between two looks at what a running instruction has written
)

// Why a build of ours was given up, as the cause of its context.
var (
	errBuildSlow  = errors.New("the build took too long")
	errBuildLarge = errors.New("the build wrote too much")
)

// Limit is something that a build is held to. Its words are in package locale under "build." and the code, and mention the
// number.
type Limit struct {
	Code   string
	Number int
}

// BuildLimits tells what a build is held to. What the classic builder leaves open, which is the network and being root
// within the engine's own confinement, cannot be held to anything: whoever builds what strangers wrote is to be told.
func BuildLimits() []Limit {
	return []Limit{{"memory", buildMemory >> 20}, {"processors", defaultCPUs}, {"processes", buildProcesses}, {"size", buildSize >> 30},
		{"time", int(buildTime.Minutes())}}
}

// buildLimits are the limits of one build; tests use lower ones.
type buildLimits struct {
	memory, processes, file, size, output int64
	time                                  time.Duration
}

func defaultBuildLimits() buildLimits {
	return buildLimits{memory: buildMemory, processes: buildProcesses, file: buildFile, size: buildSize, output: buildOutput,
		time: buildTime}
}

// confine sets what the classic builder can limit by itself. Its limit on processes counts by user, on the whole
// machine, and never counts root's: watchBuild sets the one that holds.
func (l buildLimits) confine(o *client.ImageBuildOptions) {
	o.Memory, o.MemorySwap = l.memory, l.memory
	o.CPUPeriod, o.CPUQuota = 100_000, defaultCPUs*100_000
	o.Ulimits = []*container.Ulimit{
		{Name: "core", Soft: 0, Hard: 0},
		{Name: "fsize", Soft: l.file, Hard: l.file},
		{Name: "nofile", Soft: 4096, Hard: 4096},
	}
}

// buildWatch holds one build to those of its limits that the builder does not know.
type buildWatch struct {
	api    api
	limits buildLimits
	labels client.Filters // that the containers of this build carry, and no others
	exceed context.CancelCauseFunc
	cancel context.CancelFunc
	over   hint.Workers

	mu     sync.Mutex
	stages map[int]int64 // bytes of the last image of each stage of the Dockerfile
}

// watchBuild limits the processes of each RUN as it starts, and gives the build up, through exceed, once it has written too
// much. It finds containers by the labels that labelStages puts on all images of the build. An engine that shows no
// containers of its builds (Podman) is only asked for the size of images.
func (e *Engine) watchBuild(ctx context.Context, a api, ref string, exceed context.CancelCauseFunc) *buildWatch {
	w := &buildWatch{api: a, limits: e.limits, exceed: exceed, stages: map[int]int64{},
		labels: make(client.Filters).Add("label", labelBuild+"="+e.owner.String(), labelImage+"="+ref)}
	w.over.Failed = exceed
	ctx, w.cancel = context.WithCancel(ctx)
	started := a.Events(ctx, client.EventsListOptions{Filters: w.labels.Clone().Add("type", string(events.ContainerEventType)).
		Add("event", string(events.ActionStart))})
	w.over.Go(func() {
		tick := time.NewTicker(weighEvery)
		defer tick.Stop()
		messages, failed := started.Messages, started.Err
		for {
			select {
			case <-ctx.Done():
				return
			case <-failed:
				messages, failed = nil, nil // what runs is still looked at
			case m := <-messages:
				w.limitProcesses(ctx, m.Actor.ID)
			case <-tick.C:
				w.look(ctx)
			}
		}
	})
	return w
}

// stop ends the watch, and waits for it.
func (w *buildWatch) stop() {
	w.cancel()
	w.over.Wait()
}

func (w *buildWatch) limitProcesses(ctx context.Context, id string) {
	// It may be over already; and where the engine cannot, memory and time are the limits that are left.
	_, _ = w.api.ContainerUpdate(ctx, id, client.ContainerUpdateOptions{Resources: &container.Resources{PidsLimit: &w.limits.processes}})
}

// look weighs what the instructions that run now have written, and limits their processes, should their start have been
// missed.
func (w *buildWatch) look(ctx context.Context) {
	running, err := w.api.ContainerList(ctx, client.ContainerListOptions{Size: true, Filters: w.labels})
	if err != nil {
		return
	}
	written := w.total()
	for _, c := range running.Items {
		w.limitProcesses(ctx, c.ID)
		written += c.SizeRw
	}
	if written > w.limits.size {
		w.exceed(errBuildLarge)
	}
}

// made weighs an image that a stage of the Dockerfile has come to.
func (w *buildWatch) made(stage int, ref string) {
	ctx, cancel := context.WithTimeout(context.Background(), pingLimit)
	defer cancel()
	image, err := w.api.ImageInspect(ctx, ref)
	if err != nil {
		return
	}
	w.mu.Lock()
	w.stages[stage] = image.Size
	w.mu.Unlock()
	if w.total() > w.limits.size {
		w.exceed(errBuildLarge)
	}
}

// total is what the images of all stages take, in bytes.
func (w *buildWatch) total() (n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, size := range w.stages {
		n += size
	}
	return n
}

// remove removes the images of all stages but the last one, which are of no use once that is tagged and ten times its size.
// After a build that was given up, it also removes what that still runs, and waits until nothing appears any more: the
// engine ends it, too, but takes its time, and the images cannot go before. Only what carries the build's labels is
// touched, whatever the build printed. It is a courtesy to the disk: failing is no error.
func (w *buildWatch) remove(ctx context.Context, givenUp bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	for quiet := 0; quiet < 2; {
		images, err := w.api.ImageList(ctx, client.ImageListOptions{Filters: w.labels.Clone().Add("dangling", "true")})
		if err != nil {
			return
		}
		var containers client.ContainerListResult
		if givenUp {
			if containers, err = w.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: w.labels}); err != nil {
				return
			}
		}
		for _, c := range containers.Items {
			_, _ = w.api.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		}
		for _, i := range images.Items {
			_, _ = w.api.ImageRemove(ctx, i.ID, client.ImageRemoveOptions{PruneChildren: true})
		}
		if quiet++; len(containers.Items)+len(images.Items) > 0 {
			quiet = 0
		}
		// The builder may be about to run its next instruction when the end reaches it.
		if !givenUp || !pause(ctx, 200*time.Millisecond) {
			return
		}
	}
}
