package docker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"
)

// UnusedImage is an image that lab built and that no lab refers to any more.
type UnusedImage struct {
	ID      string
	Refs    []string // what it is called; none for what a build left on its way
	Lab     string
	Service string
	Size    int64 // bytes; what images share counts for each of them
	Made    time.Time
}

// String is the image in one line: what it is called, or its id.
func (i UnusedImage) String() string {
	if len(i.Refs) > 0 {
		return strings.Join(i.Refs, " ")
	}
	return strings.TrimPrefix(i.ID, "sha256:")[:min(12, len(strings.TrimPrefix(i.ID, "sha256:")))]
}

// Keep says which images are still wanted.
type Keep struct {
	Refs map[string]bool // what images are called
	Labs map[string]bool // ids of labs of which every image is wanted, as their files cannot be read now
}

// Unused lists the images that lab has built and that nothing wants any more, the oldest first: not those that keep wants,
// that a container is made of, that have a name that is not lab's, or that others are made from. Those that another user of
// this machine, or another machine, has built are left out, unless elsewhere is set: it adds the latter, as images out
// of a bundle are.
func (e *Engine) Unused(ctx context.Context, keep Keep, elsewhere bool) ([]UnusedImage, error) {
	a, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	images, err := a.ImageList(ctx, client.ImageListOptions{Filters: make(client.Filters).Add("label", labelBuild)})
	if err != nil {
		return nil, trouble(fmt.Errorf("listing images: %w", err), e.Host())
	}
	containers, err := a.ContainerList(ctx, client.ContainerListOptions{All: true})
	if err != nil {
		return nil, trouble(fmt.Errorf("listing containers: %w", err), e.Host())
	}
	used := map[string]bool{}
	for _, c := range containers.Items {
		used[c.ImageID] = true
	}
	var out []UnusedImage
	for _, i := range images.Items {
		if u, ok := e.unused(i, keep, elsewhere); ok && !used[i.ID] {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b UnusedImage) int { return cmp.Or(a.Made.Compare(b.Made), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// unused decides about one image.
func (e *Engine) unused(i image.Summary, keep Keep, elsewhere bool) (UnusedImage, bool) {
	u := UnusedImage{ID: i.ID, Lab: i.Labels[labelLab], Service: i.Labels[labelService], Size: i.Size, Made: time.Unix(i.Created, 0)}
	for _, ref := range i.RepoTags {
		if ref == "<none>:<none>" {
			continue
		}
		// An image that somebody has made out of one of ours carries our labels, too.
		if !strings.HasPrefix(strings.TrimPrefix(ref, "localhost/"), "lab/") || keep.Refs[ref] || keep.Refs[strings.TrimPrefix(ref, "localhost/")] {
			return u, false
		}
		u.Refs = append(u.Refs, ref)
	}
	owner, ok := ParseOwner(i.Labels[labelBuild])
	switch {
	case !ok, keep.Labs[u.Lab]:
		return u, false
	case owner.Host == e.owner.Host && owner.UID != e.owner.UID: // another user of this machine
		return u, false
	case owner.Host != e.owner.Host:
		return u, elsewhere && len(u.Refs) > 0
	case len(u.Refs) == 0: // on the way of a build, which may go on
		return u, !owner.Alive()
	}
	return u, true
}

// RemoveUnused removes images that Unused has listed, and gives those that are gone. One that has come into use in the
// meantime stays, which is no error.
func (e *Engine) RemoveUnused(ctx context.Context, images []UnusedImage) (removed []UnusedImage, err error) {
	a, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range images {
		names := i.Refs
		if len(names) == 0 {
			names = []string{i.ID}
		}
		gone := true
		for _, name := range names {
			_, err := a.ImageRemove(ctx, name, client.ImageRemoveOptions{PruneChildren: true}) // never by force
			gone = gone && err == nil
		}
		if ctx.Err() != nil {
			return removed, ctx.Err()
		}
		if gone {
			removed = append(removed, i)
		}
	}
	return removed, nil
}
