package docker

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/containerd/errdefs"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/session"
)

// store is an engine that has some images and builds others.
type store struct {
	scripted
	has     map[string]bool
	output  string // of the builder
	listed  bool
	options client.ImageBuildOptions // of the last build
}

func (s *store) ImageInspect(ctx context.Context, ref string, _ ...client.ImageInspectOption) (r client.ImageInspectResult, err error) {
	if !s.has[ref] {
		return r, errdefs.ErrNotFound
	}
	return r, nil
}

func (s *store) ImagePull(ctx context.Context, ref string, _ client.ImagePullOptions) (client.ImagePullResponse, error) {
	return nil, errors.Join(s.call(ctx, "pull", ref), errors.New("no such registry"))
}

func (s *store) DistributionInspect(ctx context.Context, ref string, _ client.DistributionInspectOptions) (r client.DistributionInspectResult, err error) {
	return r, errors.Join(s.call(ctx, "ask", ref), errors.New("no such registry"))
}

func (s *store) ImageBuild(ctx context.Context, _ io.Reader, o client.ImageBuildOptions) (r client.ImageBuildResult, err error) {
	r.Body = io.NopCloser(strings.NewReader(s.output))
	s.has[o.Tags[0]] = strings.Contains(s.output, `"aux"`)
	s.options = o
	return r, s.call(ctx, "build", o.Tags[0])
}

func (s *store) ContainerList(context.Context, client.ContainerListOptions) (r client.ContainerListResult, err error) {
	return r, nil
}

// ImageList gives what a build that failed left.
func (s *store) ImageList(context.Context, client.ImageListOptions) (r client.ImageListResult, err error) {
	if !s.listed {
		r.Items, s.listed = []image.Summary{{ID: "111111111111"}}, true
	}
	return r, nil
}

func (s *store) Events(context.Context, client.EventsListOptions) client.EventsResult {
	return client.EventsResult{}
}

func (s *store) ImageRemove(ctx context.Context, ref string, _ client.ImageRemoveOptions) (r client.ImageRemoveResult, err error) {
	return r, s.call(ctx, "-image", ref)
}

func TestPrepare(t *testing.T) {
	env := course.Environment{Lab: "03-X", FS: fstest.MapFS{"b/Dockerfile": {Data: []byte("FROM debian:trixie-slim\n")}},
		Services: []course.Service{{Name: "web", Build: &course.Build{Dir: "b"}}}}
	images, err := imagesOf(env)
	if err != nil {
		t.Fatal(err)
	}
	ref, forwarder := images[0].Ref, images[1].Ref
	if !strings.HasPrefix(ref, "lab/03-x-web:") {
		t.Errorf("the image is called %s", ref)
	}
	failed := `{"stream":" ---\u003e 111111111111\n"}{"errorDetail":{"message":"apt-get returned 100"}}`
	for _, test := range []struct {
		name   string
		has    []string
		output string
		code   string
		calls  []string
	}{
		{"all there", []string{ref}, "", "", nil},
		{"no base", nil, "", "base-image-missing", []string{"pull debian:trixie-slim"}},
		{"built", []string{"debian:trixie-slim"}, builderOutput, "", []string{"build " + ref, "-image 111111111111"}},
		{"build is cut off", []string{"debian:trixie-slim"}, strings.Split(builderOutput, `{"aux"`)[0], "build-failed",
			[]string{"build " + ref, "-image 111111111111"}},
		{"build fails", []string{"debian:trixie-slim"}, failed, "build-failed", []string{"build " + ref, "-image 111111111111"}},
	} {
		s := &store{has: map[string]bool{forwarder: true}, output: test.output}
		for _, ref := range test.has {
			s.has[ref] = true
		}
		e := New(Options{})
		e.api = s
		var last session.Stage
		err := e.Prepare(t.Context(), env, func(s session.Stage) { last = s })
		code := ""
		if h, ok := hint.Find(err); ok {
			code = h.Code
		}
		if code != test.code || (err == nil) != (test.code == "") {
			t.Errorf("%s: %v, want %q", test.name, err, test.code)
		}
		if diff := cmp.Diff(test.calls, s.calls); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
		if err == nil && last.Name != "" && !last.End {
			t.Errorf("%s: the last stage did not end: %+v", test.name, last)
		}
		s.calls = nil
		err = e.Obtainable(t.Context(), env)
		if can := test.name != "no base"; (err == nil) != can {
			t.Errorf("%s: Obtainable = %v", test.name, err)
		}
	}
}
