package docker

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/session"
)

// BenchmarkStartStop times lab 03's environment until every service is ready, and its removal, beside the same
// sequence of engine calls written plainly (bare). Both take turns, as the machine's speed varies by the minute.
func BenchmarkStartStop(b *testing.B) {
	e := real(b)
	lab, first := lab03(b), files(b)("")
	var ready, removed, bareReady, bareRemoved []time.Duration
	for b.Loop() {
		begun := time.Now()
		v, err := e.Start(b.Context(), newID(), lab.Env, first, nil)
		if err != nil {
			b.Fatal(err)
		}
		ready = append(ready, time.Since(begun))
		begun = time.Now()
		if err := v.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		removed = append(removed, time.Since(begun))
		up, down := bare(b, e, first)
		bareReady, bareRemoved = append(bareReady, up), append(bareRemoved, down)
	}
	report(b, "ready", ready, bareReady)
	report(b, "removed", removed, bareRemoved)
}

func report(b *testing.B, what string, ours, bare []time.Duration) {
	b.ReportMetric(median(ours).Seconds()*1000, what+"-ms")
	b.ReportMetric(median(bare).Seconds()*1000, "bare-"+what+"-ms")
	b.ReportMetric(float64(median(ours))/float64(median(bare)), what+"/bare")
}

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}

// BenchmarkBare times the plain sequence alone.
func BenchmarkBare(b *testing.B) {
	e := real(b)
	first := files(b)("")
	var ready, removed []time.Duration
	for b.Loop() {
		up, down := bare(b, e, first)
		ready, removed = append(ready, up), append(removed, down)
	}
	b.ReportMetric(median(ready).Seconds()*1000, "ready-ms")
	b.ReportMetric(median(removed).Seconds()*1000, "removed-ms")
}

// bare is the floor: network, volume, both containers created together, the file laid in, started in order, both
// asked until they answer; then both removed together, network, volume.
func bare(b *testing.B, e *Engine, first []session.File) (ready, removed time.Duration) {
	b.Helper()
	check := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	env := lab03(b).Env
	images, err := imagesOf(env)
	check(err)
	refs := map[string]string{}
	for _, i := range images {
		refs[i.Service] = i.Ref
	}
	p, err := planFor(newID(), "", env, first, refs, e.owner)
	check(err)
	ctx, a := b.Context(), e.api
	begun := time.Now()
	_, err = a.NetworkCreate(ctx, p.network, client.NetworkCreateOptions{Driver: "bridge", Labels: p.labels,
		Options: map[string]string{"com.docker.network.bridge.enable_ip_masquerade": "false"}})
	check(err)
	_, err = a.VolumeCreate(ctx, client.VolumeCreateOptions{Name: p.volumes[0], Labels: p.labels})
	check(err)
	names := []string{p.services[0].container, p.services[1].container}
	check(each(names, func(name string) error {
		create := p.services[slices.Index(names, name)].create
		_, err := a.ContainerCreate(ctx, create)
		return err
	}))
	content, err := parcels(first)[0].tar()
	check(err)
	_, err = a.CopyToContainer(ctx, names[1], client.CopyToContainerOptions{DestinationPath: "/etc/nginx/lab", Content: content})
	check(err)
	for _, name := range names {
		_, err = a.ContainerStart(ctx, name, client.ContainerStartOptions{})
		check(err)
	}
	for i, name := range names {
		r, err := a.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
		check(err)
		s := p.services[i]
		port := r.Container.NetworkSettings.Ports[tcp(s.Ports[0])][0].HostPort
		for !answers(ctx, "http://127.0.0.1:"+port+s.Ready.Path, 0) {
			time.Sleep(5 * time.Millisecond)
		}
	}
	ready = time.Since(begun)
	begun = time.Now()
	check(each(names, func(name string) error {
		_, err := a.ContainerRemove(ctx, name, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		return err
	}))
	_, err = a.NetworkRemove(ctx, p.network, client.NetworkRemoveOptions{})
	check(err)
	_, err = a.VolumeRemove(ctx, p.volumes[0], client.VolumeRemoveOptions{})
	check(err)
	return ready, time.Since(begun)
}

// BenchmarkApply times Put and Apply, alternating between two configurations. Beside it the floor: the file by the
// copy API, nginx -t by an exec, and SIGHUP until the line by which the new configuration alone serves.
func BenchmarkApply(b *testing.B) {
	e := real(b)
	v, err := e.Start(b.Context(), newID(), lab03(b).Env, files(b)(""), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = v.Stop(context.Background()) }()
	env := v.(*environment)
	proxy := env.service("proxy")
	steps := []string{"drop-upgrade", "forward-upgrade"}
	var whole, validation, reload, floor, floorCopy, floorExec, floorReload []time.Duration
	for i := 0; b.Loop(); i++ {
		config := files(b)(steps[i%2])
		begun := time.Now()
		if err := v.Put(b.Context(), config); err != nil {
			b.Fatal(err)
		}
		a, err := v.Apply(b.Context(), "proxy")
		if err != nil || !a.OK {
			b.Fatal(a, err)
		}
		whole, validation, reload = append(whole, time.Since(begun)), append(validation, a.Check), append(reload, a.Reload)

		begun = time.Now()
		if err := env.put(b.Context(), proxy, config); err != nil {
			b.Fatal(err)
		}
		copied := time.Now()
		if _, err := env.exec(b.Context(), proxy, []string{"nginx", "-t"}); err != nil {
			b.Fatal(err)
		}
		checked := time.Now()
		if _, err := env.signal(b.Context(), proxy); err != nil {
			b.Fatal(err)
		}
		floor, floorCopy = append(floor, time.Since(begun)), append(floorCopy, copied.Sub(begun))
		floorExec, floorReload = append(floorExec, checked.Sub(copied)), append(floorReload, time.Since(checked))
	}
	for name, d := range map[string][]time.Duration{"apply": whole, "validate": validation, "reload": reload, "floor": floor,
		"floor-copy": floorCopy, "floor-exec": floorExec, "floor-reload": floorReload} {
		b.ReportMetric(median(d).Seconds()*1000, name+"-ms")
	}
}
