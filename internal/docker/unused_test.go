package docker

import (
	"context"
	"os/exec"
	"slices"
	"testing"

	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"
)

// TestUnusedDecides says of one image after the other whether it may go.
func TestUnusedDecides(t *testing.T) {
	e := New(Options{})
	dead := e.owner
	dead.PID, dead.Start = 1<<22, "x"
	stranger, away := dead, dead
	stranger.UID, away.Host = dead.UID+1, "elsewhere"
	keep := Keep{Refs: map[string]bool{"lab/a:2": true}, Labs: map[string]bool{"draft": true}}
	labels := func(o Owner, lab string) map[string]string {
		return map[string]string{labelBuild: o.String(), labelLab: lab}
	}
	for name, test := range map[string]struct {
		image        image.Summary
		here, anyway bool
	}{
		"a former one":         {image.Summary{RepoTags: []string{"lab/a:1"}, Labels: labels(dead, "a")}, true, true},
		"built by this very":   {image.Summary{RepoTags: []string{"lab/a:1"}, Labels: labels(e.owner, "a")}, true, true},
		"wanted":               {image.Summary{RepoTags: []string{"lab/a:2"}, Labels: labels(dead, "a")}, false, false},
		"wanted, on Podman":    {image.Summary{RepoTags: []string{"localhost/lab/a:2"}, Labels: labels(dead, "a")}, false, false},
		"wanted by one name":   {image.Summary{RepoTags: []string{"lab/a:1", "lab/a:2"}, Labels: labels(dead, "a")}, false, false},
		"somebody's name":      {image.Summary{RepoTags: []string{"mine:1"}, Labels: labels(dead, "a")}, false, false},
		"somebody's, too":      {image.Summary{RepoTags: []string{"lab/a:1", "mine:1"}, Labels: labels(dead, "a")}, false, false},
		"of a draft":           {image.Summary{RepoTags: []string{"lab/d:1"}, Labels: labels(dead, "draft")}, false, false},
		"another user's":       {image.Summary{RepoTags: []string{"lab/a:1"}, Labels: labels(stranger, "a")}, false, false},
		"from elsewhere":       {image.Summary{RepoTags: []string{"lab/a:1"}, Labels: labels(away, "a")}, false, true},
		"without a label":      {image.Summary{RepoTags: []string{"lab/a:1"}}, false, false},
		"a label of another":   {image.Summary{RepoTags: []string{"lab/a:1"}, Labels: map[string]string{labelBuild: "x"}}, false, false},
		"left by a dead build": {image.Summary{RepoTags: []string{"<none>:<none>"}, Labels: labels(dead, "")}, true, true},
		"on the way now":       {image.Summary{Labels: labels(e.owner, "")}, false, false},
		"left elsewhere":       {image.Summary{Labels: labels(away, "")}, false, false},
	} {
		_, here := e.unused(test.image, keep, false)
		_, anyway := e.unused(test.image, keep, true)
		if here != test.here || anyway != test.anyway {
			t.Errorf("%s: %v, with those from elsewhere %v; want %v, %v", name, here, anyway, test.here, test.anyway)
		}
	}
}

// TestUnusedImages builds images, wants some of them and uses others, and sees which go: on the real engine, where all that
// it touches was built by this test.
func TestUnusedImages(t *testing.T) {
	e := real(t)
	ctx := context.Background()
	var refs []string
	for range 3 {
		env := oneImage(t, "FROM debian:trixie-slim AS one\nRUN echo 1 >/one\nFROM debian:trixie-slim\nCOPY mark /mark\nCOPY --from=one /one /one\n")
		if err := e.Prepare(t.Context(), env, nil); err != nil {
			t.Fatal(err)
		}
		all, err := Refs(env)
		if err != nil {
			t.Fatal(err)
		}
		ref := all[len(all)-1]
		for _, r := range all {
			if len(r) > 4 && r[:5] == "lab/t" {
				ref = r
			}
		}
		refs = append(refs, ref)
		t.Cleanup(func() {
			_, _ = e.api.ImageRemove(ctx, ref, client.ImageRemoveOptions{Force: true, PruneChildren: true})
		})
	}
	wanted, used, former := refs[0], refs[1], refs[2]
	name := "uses-" + newID()
	if out, err := exec.Command("docker", "create", "--name", name, used, "true").CombinedOutput(); err != nil {
		t.Skipf("docker create: %v %s", err, out)
	}
	t.Cleanup(func() { _ = removeContainer(ctx, e.api, name) })
	unused, err := e.Unused(t.Context(), Keep{Refs: map[string]bool{wanted: true}}, false)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range unused {
		got = append(got, i.String())
		if i.Size <= 0 || i.Made.IsZero() {
			t.Errorf("%s: %+v", i, i)
		}
	}
	if !slices.Equal(got, []string{former}) {
		t.Errorf("unused: %v, want %s alone", got, former)
	}
	removed, err := e.RemoveUnused(t.Context(), unused)
	if err != nil || len(removed) != 1 {
		t.Errorf("removed %v, %v", removed, err)
	}
	for ref, want := range map[string]bool{wanted: true, used: true, former: false} {
		if there, err := e.HasImage(t.Context(), ref); there != want || err != nil {
			t.Errorf("%s is there: %v, want %v; %v", ref, there, want, err)
		}
	}
	// What came into use in the meantime stays.
	removed, err = e.RemoveUnused(t.Context(), []UnusedImage{{Refs: []string{used}}})
	if there, _ := e.HasImage(t.Context(), used); err != nil || len(removed) != 0 || !there {
		t.Errorf("an image in use: removed %v, there %v, %v", removed, there, err)
	}
}
