package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/labs"
)

// A lab that runs is confined; a build is not, as far as the engine's builder allows: what it runs has the network and
// what the engine gives to root in a container. So whoever wants the images of a lab that did not come with the program is
// shown what would run, and asked, once for these files.

// yesFlag adds --yes to a command that may build images.
func (a *app) yesFlag(c *cobra.Command) {
	c.Flags().BoolVar(&a.yes, "yes", false, "build the images of a lab that is not the course's without asking")
}

// foreignBuild is a build that did not come with the program and that nobody has agreed to.
type foreignBuild struct {
	lab      string // as people call it
	service  string
	sum      string
	commands []string
}

// foreignBuilds lists those of labs.
func (a *app) foreignBuilds(all ...course.Lab) ([]foreignBuild, error) {
	var out []foreignBuild
	seen := map[string]bool{}
	for _, lab := range all {
		for _, s := range lab.Env.Services {
			if s.Build == nil {
				continue
			}
			sum, err := s.Build.Sum(lab.Env.FS)
			if err != nil {
				return nil, err
			}
			if seen[sum] || a.agreed(sum) || shippedBuilds()[sum] {
				continue
			}
			seen[sum] = true
			b := foreignBuild{lab: lab.Env.Lab, service: s.Name, sum: sum}
			if lab.Env.Images != "" {
				b.lab = lab.Env.Images
			}
			if b.commands, err = s.Build.Commands(lab.Env.FS); err != nil {
				return nil, err
			}
			out = append(out, b)
		}
	}
	return out, nil
}

// shippedBuilds are the sums of every folder with a Dockerfile that came with the program: also a lab that `lab new` made,
// or one of the course's that lies on disk, builds from these.
var shippedBuilds = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	files, _ := fs.Glob(labs.FS, "*/*/Dockerfile")
	for _, file := range files {
		dir := path.Dir(file)
		if sum, err := (course.Build{Dir: dir, Dockerfile: path.Base(file)}).Sum(labs.FS); err == nil {
			out[sum] = true
		}
	}
	return out
})

// agreedDir has a file for each build that the student has agreed to, called by its sum.
func (a *app) agreedDir() string { return filepath.Join(a.dataDir(), "builds") }

func (a *app) agreed(sum string) bool {
	_, err := os.Stat(filepath.Join(a.agreedDir(), sum))
	return err == nil
}

// consent makes sure that the student agrees to what building labs' images on e would run. Nothing is asked where nothing
// is built: on another engine, or where the images are there. The error carries a hint: build-unasked, build-declined.
func (a *app) consent(ctx context.Context, e session.Engine, all ...course.Lab) error {
	d, ok := e.(*docker.Engine)
	if !ok {
		return nil
	}
	var building []course.Lab
	for _, lab := range all {
		if foreign, err := a.foreignBuilds(lab); err != nil || len(foreign) == 0 {
			if err != nil {
				return err
			}
			continue
		}
		images, err := d.Images(ctx, lab.Env)
		if err != nil {
			return err
		}
		lab.Env.Services = slices.Clone(lab.Env.Services)
		for i := range lab.Env.Services {
			if images[i].Present {
				lab.Env.Services[i].Build = nil // there is nothing to build
			}
		}
		building = append(building, lab)
	}
	builds, err := a.foreignBuilds(building...)
	if err != nil || len(builds) == 0 {
		return err
	}
	return a.agree(ctx, builds)
}

// agree asks about builds, unless --yes has answered, and remembers a yes.
func (a *app) agree(ctx context.Context, builds []foreignBuild) error {
	if a.yes {
		return a.remembered(builds)
	}
	if a.tty != nil && a.tty.fullScreen.Load() || !isTerminal(a.in) {
		return hint.With(fmt.Errorf("the builds of %s are not agreed to", builds[0].lab), "build-unasked", builds[0].lab)
	}
	fmt.Fprint(a.err, printable.Text(a.buildWords(builds))+a.lang().Say("consent.ask")+" ")
	answer, err := readLine(ctx, a.in)
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "ㅛ", "예", "네":
		return a.remembered(builds)
	}
	return hint.With(fmt.Errorf("the builds of %s are declined", builds[0].lab), "build-declined", builds[0].lab)
}

// buildWords says what cannot be confined, and what would run.
func (a *app) buildWords(builds []foreignBuild) string {
	var b strings.Builder
	b.WriteString(a.lang().Say("consent.intro", builds[0].lab) + "\n")
	for _, build := range builds {
		fmt.Fprintf(&b, "\n  %s / %s\n", printable.Line(build.lab), printable.Line(build.service))
		if len(build.commands) == 0 {
			b.WriteString("    " + a.lang().Say("consent.no-run") + "\n")
		}
		for _, c := range build.commands {
			b.WriteString("    " + printable.Line(strings.Join(strings.Fields(c), " ")) + "\n")
		}
	}
	var limits []string
	for _, l := range docker.BuildLimits() {
		limits = append(limits, a.lang().Say("build."+l.Code, l.Number))
	}
	return b.String() + "\n" + a.lang().Say("consent.unconfined") + "\n" +
		a.lang().Say("consent.limits", strings.Join(limits, ", ")) + "\n"
}

func (a *app) remembered(builds []foreignBuild) error {
	if err := os.MkdirAll(a.agreedDir(), 0o700); err != nil {
		return hint.With(err, "folder-unusable", a.agreedDir())
	}
	for _, b := range builds {
		if err := os.WriteFile(filepath.Join(a.agreedDir(), b.sum), nil, 0o600); err != nil {
			return hint.With(err, "folder-unusable", a.agreedDir())
		}
	}
	return nil
}

// readLine reads one line and nothing behind it, which belongs to whatever reads next. It ends with ctx; the read itself
// cannot be interrupted, and ends with the program at the latest.
func readLine(ctx context.Context, in io.Reader) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		var line []byte
		for one := make([]byte, 1); len(line) < 1000; {
			n, err := in.Read(one)
			if n > 0 && one[0] == '\n' || err != nil && len(line) > 0 {
				break
			}
			if err != nil {
				done <- result{err: err}
				return
			}
			line = append(line, one[:n]...)
		}
		done <- result{line: string(line)}
	}()
	select {
	case r := <-done:
		if r.err == io.EOF {
			return "", nil // no answer is no
		}
		return r.line, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
