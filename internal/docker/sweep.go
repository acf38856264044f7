package docker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

const sweepLooks = 3 // how often Sweep looks, where not all could be removed

// Leftover is something labelled ours that is on the engine.
type Leftover struct {
	Kind    string // "container", "network", "volume", "image" (of a build that did not come to its end)
	Name    string
	Session string
	Lab     string
	Owner   Owner
	Mine    bool // of this user on this machine: what Sweep may remove
	Alive   bool // its owner still runs; meaningful where Mine
}

// String is the leftover in one line, such as "container lab-x-proxy".
func (l Leftover) String() string { return l.Kind + " " + l.Name }

// Leftovers lists what is labelled ours, whoever made it.
func (e *Engine) Leftovers(ctx context.Context) ([]Leftover, error) {
	a, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	all, err := labelled(ctx, a, e.owner, "")
	return all, trouble(err, e.Host())
}

// Sweep removes what dead processes of this user left on the engine, and says what that was. With all, it also
// removes what belongs to living ones, this one included. Things of other users and of other machines on a shared
// engine are never touched.
func (e *Engine) Sweep(ctx context.Context, all bool) ([]Leftover, error) {
	a, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit+10*time.Second)
	defer cancel()
	var removed []Leftover
	// A request that the dead had sent may be carried out while this looks: a container, say, on a network that is
	// about to go. So what could not be removed is looked at once more.
	for look := 1; ; look++ {
		found, err := labelled(ctx, a, e.owner, "")
		if err != nil {
			return removed, trouble(err, e.Host())
		}
		found = toSweep(found, all)
		for _, l := range found {
			if !slices.Contains(removed, l) {
				removed = append(removed, l)
			}
		}
		err = removeAll(ctx, a, found)
		if err == nil {
			return removed, nil
		}
		if look == sweepLooks {
			return removed, trouble(fmt.Errorf("sweeping: %w", err), e.Host())
		}
	}
}

// toSweep decides what goes.
func toSweep(found []Leftover, all bool) []Leftover {
	var out []Leftover
	for _, l := range found {
		if l.Mine && (all || !l.Alive) {
			out = append(out, l)
		}
	}
	return out
}

// labelled lists what carries an owner's label; value is "" for any owner's, or "=" and the one owner.
func labelled(ctx context.Context, a api, me Owner, value string) ([]Leftover, error) {
	ours := make(client.Filters).Add("label", labelOwner+value)
	containers, err := a.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours})
	if err != nil {
		return nil, fmt.Errorf("listing containers: %w", err)
	}
	networks, err := a.NetworkList(ctx, client.NetworkListOptions{Filters: ours})
	if err != nil {
		return nil, fmt.Errorf("listing networks: %w", err)
	}
	volumes, err := a.VolumeList(ctx, client.VolumeListOptions{Filters: ours})
	if err != nil {
		return nil, fmt.Errorf("listing volumes: %w", err)
	}
	builds := make(client.Filters).Add("label", labelBuild+value).Add("dangling", "true")
	images, err := a.ImageList(ctx, client.ImageListOptions{Filters: builds})
	if err != nil {
		return nil, fmt.Errorf("listing images: %w", err)
	}
	var out []Leftover
	for _, i := range images.Items {
		out = append(out, leftover("image", i.ID, map[string]string{labelOwner: i.Labels[labelBuild]}, me))
	}
	for _, c := range containers.Items {
		name := c.ID
		if len(c.Names) > 0 {
			name = strings.TrimPrefix(c.Names[0], "/")
		}
		out = append(out, leftover("container", name, c.Labels, me))
	}
	for _, n := range networks.Items {
		out = append(out, leftover("network", n.Name, n.Labels, me))
	}
	for _, v := range volumes.Items {
		out = append(out, leftover("volume", v.Name, v.Labels, me))
	}
	return withMade(ctx, a, out)
}

// withMade adds the volumes that the containers among found made by themselves, when theirs had just been swept: Podman
// gives such a volume no label. Their names tell whose they are.
func withMade(ctx context.Context, a api, found []Leftover) ([]Leftover, error) {
	makers, filters := map[string]Leftover{}, make(client.Filters)
	for _, l := range found {
		if l.Kind == "container" && l.Session != "" {
			makers[baseName(l.Session)] = l
			filters.Add("name", baseName(l.Session))
		}
	}
	if len(makers) == 0 {
		return found, nil
	}
	volumes, err := a.VolumeList(ctx, client.VolumeListOptions{Filters: filters})
	if err != nil {
		return nil, fmt.Errorf("listing volumes: %w", err)
	}
	for _, v := range volumes.Items {
		for base, made := range makers {
			if v.Labels[labelOwner] == "" && strings.HasPrefix(v.Name, base) {
				made.Kind, made.Name = "volume", v.Name
				found = append(found, made)
			}
		}
	}
	return found, nil
}

// baseName is what the names of all that a session makes begin with.
func baseName(session string) string { return "lab-" + clean(session) }

func leftover(kind, name string, labels map[string]string, me Owner) Leftover {
	l := Leftover{Kind: kind, Name: name, Session: labels[labelSession], Lab: labels[labelLab]}
	owner, ok := ParseOwner(labels[labelOwner])
	if !ok {
		return l
	}
	l.Owner, l.Mine = owner, owner.SameUser(me)
	l.Alive = l.Mine && owner.Alive()
	return l
}
