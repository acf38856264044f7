package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/printable"
)

// platform is what the program was built for.
const platform = runtime.GOOS + "/" + runtime.GOARCH

// finding is one line of the doctor's report.
type finding struct {
	Name   string `json:"name"`   // key under "doctor."
	Status string `json:"status"` // ok, warn, fail
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

func (a *app) doctorCommand() *cobra.Command {
	var output, report string
	c := &cobra.Command{
		Use: "doctor", Short: "What is installed, reachable and left over, and what to do about it",
		Long: "Doctor looks at what labs need. The exit code is 0 if labs can run, be it without Docker, and 3 if not.\n" +
			"With --report it also writes what a maintainer needs to understand a fault: versions, findings, the last run's\n" +
			"events and the services' logs. Names and paths that are yours alone are taken out; look it through all the same.",
		Example: "  lab doctor\n  lab doctor --output json\n  lab doctor --report lab-report.txt",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			findings := a.examine(c.Context())
			if output == "json" {
				if err := a.printJSON(findings); err != nil {
					return err
				}
			} else {
				a.printFindings(findings)
			}
			if report != "" {
				if err := a.writeReport(c.Context(), report, findings); err != nil {
					return err
				}
				fmt.Fprintln(a.err, a.lang().Say("doctor.reported", report))
			}
			for _, f := range findings {
				if f.Status == "fail" {
					return hint.With(fmt.Errorf("%s: %s", f.Name, f.Detail), "doctor-failed")
				}
			}
			return nil
		},
	}
	outputFlag(c, &output, "text", "json")
	c.Flags().StringVar(&report, "report", "", "also write what a maintainer needs to this file")
	return c
}

func (a *app) printFindings(findings []finding) {
	lang := a.lang()
	for _, f := range findings {
		name := lang.Say("doctor." + f.Name)
		mark := map[string]string{"ok": "✓", "warn": "!", "fail": "✗"}[f.Status]
		status := lang.Say("doctor.status." + f.Status)
		fmt.Fprintf(a.out, "%s %s%s  %s%s  %s\n", mark, status, strings.Repeat(" ", max(0, 4-ansi.StringWidth(status))), name,
			strings.Repeat(" ", max(0, 16-ansi.StringWidth(name))), printable.Text(f.Detail))
		if f.Hint != "" {
			fmt.Fprintf(a.out, "  %s %s\n", lang.Say("hint.prefix"), printable.Text(f.Hint))
		}
	}
}

// examine looks at everything, in the order in which trouble usually comes.
func (a *app) examine(ctx context.Context) []finding {
	findings := a.examineDocker(ctx)
	findings = append(findings, finding{"embedded", "ok", a.lang().Say("doctor.always"), ""}, a.examineData(),
		a.examineDisk(), a.examinePorts(), a.examineEvents(ctx))
	return append(findings, a.examineTerminal()...)
}

// advised is a finding with its advice: the words under "doctor.hint.<key>", what they mention being args.
func (a *app) advised(name, status, detail, key string, args ...any) finding {
	return finding{name, status, detail, a.lang().Say("doctor.hint."+key, args...)}
}

// trouble is a finding made of an error, with its advice.
func (a *app) trouble(name, status string, err error) finding {
	err = a.explain(err)
	f := finding{Name: name, Status: status, Detail: a.lang().Spoken(err.Error())}
	if h, ok := hint.Find(err); ok {
		if locale.Has("error." + h.Code) {
			f.Detail = a.lang().Say("error."+h.Code, h.Args...)
		}
		if locale.Has("hint." + h.Code) {
			f.Hint = a.lang().Say("hint."+h.Code, h.Args...)
		}
	}
	return f
}

// examineDocker looks at the engine, its images and what is left on it. Without Docker the embedded engine serves,
// so that its absence is a warning.
func (a *app) examineDocker(ctx context.Context) []finding {
	e := docker.New(docker.Options{})
	if err := available(ctx, e); err != nil {
		return []finding{a.trouble("docker", "warn", err)}
	}
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	version, err := e.Version(ctx)
	if err != nil {
		return []finding{a.trouble("docker", "warn", err)}
	}
	findings := []finding{{"docker", "ok", a.lang().Say("doctor.engine", version, e.Host()), ""}, a.examineImages(ctx, e)}
	if f, ok := a.examineEngineDisk(ctx, e); ok {
		findings = append(findings, f)
	}
	return append(findings, a.examineLeftovers(ctx, e), a.examineUnused(ctx, e))
}

// examineUnused looks for images of former labs.
func (a *app) examineUnused(ctx context.Context, e *docker.Engine) finding {
	unused, err := a.unusedImages(ctx, e, false)
	if err != nil {
		return a.trouble("unused", "warn", err)
	}
	if len(unused) > 0 {
		return a.advised("unused", "warn", a.lang().Say("doctor.unused-some", len(unused), size(sizeOf(unused))), "unused")
	}
	return finding{"unused", "ok", a.lang().Say("doctor.nothing"), ""}
}

func (a *app) examineImages(ctx context.Context, e *docker.Engine) finding {
	labs, err := a.labs(nil, "")
	if err != nil {
		return a.trouble("images", "fail", err)
	}
	var missing []string
	for _, lab := range labs {
		m, err := e.Missing(ctx, lab.Env)
		if err != nil {
			return a.trouble("images", "warn", err)
		}
		missing = append(missing, m...)
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return a.advised("images", "warn", a.lang().Say("doctor.missing", strings.Join(slices.Compact(missing), ", ")), "images")
	}
	return finding{"images", "ok", a.lang().Say("doctor.all-images"), ""}
}

func (a *app) examineLeftovers(ctx context.Context, e *docker.Engine) finding {
	left, err := e.Leftovers(ctx)
	if err != nil {
		return a.trouble("leftovers", "warn", err)
	}
	dead := 0
	for _, l := range left {
		if l.Mine && !l.Alive {
			dead++
		}
	}
	if dead > 0 {
		return a.advised("leftovers", "warn", a.lang().Say("doctor.left", dead), "leftovers")
	}
	return finding{"leftovers", "ok", a.lang().Say("doctor.nothing"), ""}
}

// examineData tries to write where the student's files and progress are.
func (a *app) examineData() finding {
	dir := a.dataDir()
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(dir, ".doctor-"); err == nil {
			f.Close()
			err = os.Remove(f.Name())
		}
	}
	if err != nil {
		return a.trouble("data", "fail", hint.With(err, "folder-unusable", dir))
	}
	return finding{"data", "ok", filepath.Clean(dir), ""}
}
