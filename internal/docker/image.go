package docker

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/session"
)

// Image is an image that an environment needs.
type Image struct {
	Service string
	Ref     string   // the tag that containers are made of
	Build   bool     // it is built here, from the lab's Dockerfile; otherwise it is pulled
	Bases   []string // images that the Dockerfile builds on
	Present bool     // Ref is there
	Missing []string // of Bases, those that are not there; only if Ref is not
}

// Images tells what env needs and what of it is there. Nothing is pulled or built.
func (e *Engine) Images(ctx context.Context, env course.Environment) ([]Image, error) {
	a, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	images, err := lookAtImages(ctx, a, env)
	return images, trouble(err, e.Host())
}

func lookAtImages(ctx context.Context, a api, env course.Environment) ([]Image, error) {
	images, err := imagesOf(env)
	if err != nil {
		return nil, err
	}
	g, ctx := hint.NewTasks(ctx)
	for i := range images {
		g.Go(func() (err error) {
			image := &images[i]
			if image.Present, err = present(ctx, a, image.Ref); err != nil || image.Present {
				return err
			}
			for _, base := range image.Bases {
				ok, err := present(ctx, a, base)
				if err != nil {
					return err
				}
				if !ok {
					image.Missing = append(image.Missing, base)
				}
			}
			return nil
		})
	}
	return images, g.Wait()
}

func present(ctx context.Context, a api, ref string) (bool, error) {
	_, err := a.ImageInspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for image %s: %w", ref, err)
	}
	return true, nil
}

// Missing lists the images that env needs and that are not there, bases of those that are to be built included.
func (e *Engine) Missing(ctx context.Context, env course.Environment) ([]string, error) {
	images, err := e.Images(ctx, env)
	var out []string
	for _, image := range images {
		if !image.Present {
			out = append(append(out, image.Ref), image.Missing...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), err
}

// Obtainable tells whether env's images are there or can, by the look of it, be had: what is to be pulled is asked
// for at its registry, for a few seconds. What a build fetches is not known before. The error carries a hint:
// base-image-missing, image-missing.
func (e *Engine) Obtainable(ctx context.Context, env course.Environment) error {
	a, err := e.connect(ctx)
	if err != nil {
		return err
	}
	images, err := lookAtImages(ctx, a, env)
	if err != nil {
		return trouble(err, e.Host())
	}
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	for _, image := range images {
		refs := image.Missing
		if !image.Present && !image.Build {
			refs = []string{image.Ref}
		}
		for _, ref := range refs {
			if _, err := a.DistributionInspect(ctx, ref, client.DistributionInspectOptions{}); err != nil {
				return hint.With(fmt.Errorf("asking for %s: %w", ref, err), missingCode(ref), ref)
			}
		}
	}
	return nil
}

// imagesOf decides which image each service of env runs, without asking the engine.
func imagesOf(env course.Environment) ([]Image, error) {
	var out []Image
	refs := map[string]string{} // by hash: services that are built from the same files share one image
	for _, s := range env.Services {
		if s.Build == nil {
			out = append(out, Image{Service: s.Name, Ref: s.Image})
			continue
		}
		c, err := contextOf(env.FS, *s.Build)
		if err != nil {
			return nil, fmt.Errorf("reading the build context of %s: %w", s.Name, err)
		}
		bases, err := c.bases()
		if err != nil {
			return nil, fmt.Errorf("reading the Dockerfile of %s: %w", s.Name, err)
		}
		hash := c.hash()
		if refs[hash] == "" {
			refs[hash] = fmt.Sprintf("lab/%s:%s", repository(env, s.Name), hash)
		}
		out = append(out, Image{Service: s.Name, Ref: refs[hash], Build: true, Bases: bases})
	}
	c, err := contextOf(forwarderFiles, forwarderBuild())
	if err != nil {
		return nil, fmt.Errorf("reading the build context of %s: %w", forwarderName, err)
	}
	bases, err := c.bases()
	if err != nil {
		return nil, fmt.Errorf("reading the Dockerfile of %s: %w", forwarderName, err)
	}
	return append(out, Image{Service: forwarderName, Ref: forwarderName + ":" + c.hash(), Build: true, Bases: bases}), nil
}

// context gives what an image is built from.
func (i Image) context(env course.Environment) (buildContext, error) {
	files, b := fs.FS(forwarderFiles), forwarderBuild()
	if i.Service != forwarderName {
		service, _ := env.Service(i.Service)
		files, b = env.FS, *service.Build
	}
	c, err := contextOf(files, b)
	if err != nil {
		return c, fmt.Errorf("reading the build context of %s: %w", i.Service, err)
	}
	return c, nil
}

// notInRepository is what may be in a folder's name, and not in an image's.
var notInRepository = regexp.MustCompile(`[^a-z0-9]+`)

// repository names the image of a service after its lab's folder, whatever that is called.
func repository(env course.Environment, service string) string {
	name := strings.ToLower(cmp.Or(env.Images, env.Lab) + "-" + service)
	return strings.Trim(notInRepository.ReplaceAllString(name, "-"), "-")
}

// Prepare gets every image that env needs: what is missing is pulled or built, side by side, and nothing that is
// there is touched. say may be nil. The error carries a hint: base-image-missing, image-missing, build-failed,
// docker-disk-full.
func (e *Engine) Prepare(ctx context.Context, env course.Environment, say func(session.Stage)) error {
	a, err := e.connect(ctx)
	if err != nil {
		return err
	}
	_, err = e.prepare(ctx, a, env, inTurn(say))
	return err
}

// prepare is Prepare, and gives the image of each service. say is safe for use by several goroutines.
func (e *Engine) prepare(ctx context.Context, a api, env course.Environment, say func(session.Stage)) (map[string]string, error) {
	images, err := lookAtImages(ctx, a, env)
	if err != nil {
		return nil, trouble(err, e.Host())
	}
	// Images that several services share are pulled once.
	var pulls []string
	for _, image := range images {
		if !image.Present && !image.Build {
			pulls = append(pulls, image.Ref)
		}
		pulls = append(pulls, image.Missing...)
	}
	slices.Sort(pulls)
	g, gctx := hint.NewTasks(ctx)
	for _, ref := range slices.Compact(pulls) {
		g.Go(func() error { return pull(gctx, a, ref, say) })
	}
	if err := g.Wait(); err != nil {
		return nil, trouble(err, e.Host())
	}
	g, gctx = hint.NewTasks(ctx)
	refs, building := map[string]string{}, map[string]bool{}
	for _, image := range images {
		refs[image.Service] = image.Ref
		if image.Build && !image.Present && !building[image.Ref] {
			building[image.Ref] = true
			g.Go(func() error { return e.build(gctx, a, env, image, say) })
		}
	}
	return refs, trouble(g.Wait(), e.Host())
}

// buildContext is what a build sends to the engine.
type buildContext struct {
	dockerfile string
	args       map[string]string
	files      []contextFile // sorted by name
}

type contextFile struct {
	name string
	mode fs.FileMode // 0o755 or 0o644: an embedded file system knows no more
	data []byte
}

// contextOf reads the build context of b out of a lab's folder.
func contextOf(lab fs.FS, b course.Build) (buildContext, error) {
	c := buildContext{dockerfile: b.Dockerfile, args: b.Args}
	if c.dockerfile == "" {
		c.dockerfile = "Dockerfile"
	}
	dir, err := fs.Sub(lab, b.Dir)
	if err != nil {
		return c, err
	}
	err = fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return hint.With(fmt.Errorf("%s is not a regular file", name), "build-context", name)
		}
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(string(data), "#!") {
			mode = 0o755
		}
		c.files = append(c.files, contextFile{name, mode, data})
		return nil
	})
	return c, err
}

// bases lists the images that the Dockerfile starts from or copies out of, but for its own stages and "scratch".
func (c buildContext) bases() ([]string, error) {
	d, err := c.read()
	var out []string
	for _, base := range d.Bases() {
		if !strings.Contains(base.Image, "$") { // a name out of an ARG is the builder's to find out
			out = append(out, base.Image)
		}
	}
	return out, err
}

// read parses the Dockerfile.
func (c buildContext) read() (course.Dockerfile, error) {
	for _, f := range c.files {
		if f.name == c.dockerfile {
			return course.ParseDockerfile(f.name, f.data)
		}
	}
	return course.Dockerfile{}, fmt.Errorf("there is no %s", c.dockerfile)
}

// inTurn makes say safe for several goroutines, and callable if nil.
func inTurn(say func(session.Stage)) func(session.Stage) {
	if say == nil {
		return func(session.Stage) {}
	}
	var mu sync.Mutex
	return func(s session.Stage) {
		mu.Lock()
		defer mu.Unlock()
		say(s)
	}
}
