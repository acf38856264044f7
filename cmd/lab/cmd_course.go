package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/report"
	"github.com/cwk-stream/lab/internal/reward"
)

// outline is what package reward needs to know of the course.
func outline(c *course.Course) ([]reward.Lesson, error) {
	out := make([]reward.Lesson, len(c.Lessons))
	errs := make([]error, len(c.Lessons))
	var all sync.WaitGroup
	for i, l := range c.Lessons {
		all.Go(func() { out[i], errs[i] = outlineOf(c, l) })
	}
	all.Wait()
	return out, errors.Join(errs...)
}

func outlineOf(c *course.Course, l course.Lesson) (reward.Lesson, error) {
	o := reward.Lesson{ID: l.ID, XP: l.XP, Lab: l.Lab, Was: l.Was}
	if l.Lab == "" {
		return o, nil
	}
	variants, err := c.Outlines(l.Lab)
	if err != nil {
		return o, err
	}
	o.Variants = map[string][]reward.Step{}
	for _, v := range variants {
		o.LabWas = append(o.LabWas, v.Was...)
		for _, s := range v.Steps {
			o.Variants[v.Variant] = append(o.Variants[v.Variant], reward.Step{ID: s.ID, XP: s.XP, Was: s.Was})
		}
	}
	o.Steps = o.Variants[variants[0].Variant]
	return o, nil
}

func sortedNames(files course.Files) []string { return slices.Sorted(maps.Keys(files)) }

// listed is one lesson of `lab list --output json`.
type listed struct {
	ID        string        `json:"id"`
	Number    int           `json:"number"`
	Title     string        `json:"title"`
	Minutes   int           `json:"minutes"`
	Tags      []string      `json:"tags"`
	Languages []locale.Lang `json:"languages"`
	Lab       string        `json:"lab,omitempty"`
	State     string        `json:"state"`
	XPLeft    int           `json:"xp_left"`
}

func (a *app) listCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "list", Short: "The course: lessons, how far you are, XP to gain",
		Example: "  lab list\n  lab list --output json",
		Args:    exactly(),
		RunE:    func(c *cobra.Command, _ []string) error { return a.list(c.Context(), output) },
	}
	outputFlag(c, &output, "text", "json")
	return c
}

func (a *app) list(ctx context.Context, output string) error {
	c, s, err := a.standings(ctx)
	if err != nil {
		return err
	}
	rows := a.rows(c, s)
	if output == "json" {
		return a.printJSON(rows)
	}
	a.printList(rows, s)
	return nil
}

func (a *app) rows(c *course.Course, s reward.Standing) []listed {
	var rows []listed
	for _, l := range c.Lessons {
		state := s.State(l.ID)
		rows = append(rows, listed{ID: l.ID, Number: l.Number, Title: l.In(a.lang()).Title, Minutes: l.Minutes, Tags: l.Tags,
			Languages: slices.Sorted(maps.Keys(l.Texts)), Lab: l.Lab, State: state.Word(), XPLeft: state.Left})
	}
	return rows
}

func (a *app) printList(rows []listed, s reward.Standing) {
	lang := a.lang()
	fmt.Fprintln(a.out, a.header(s))
	wide := 0
	for i, r := range rows {
		rows[i].Title = printable.Line(r.Title)
		wide = max(wide, ansi.StringWidth(rows[i].Title))
	}
	for _, r := range rows {
		title := r.Title + strings.Repeat(" ", wide-ansi.StringWidth(r.Title))
		state := lang.Say("state." + r.State)
		languages := make([]string, 0, len(r.Languages))
		for _, l := range r.Languages {
			languages = append(languages, string(l))
		}
		fmt.Fprintf(a.out, "%02d  %s  %s  %s  %s  %s\n", r.Number, title, state,
			lang.Say("list.minutes", r.Minutes), lang.Say("list.xp-left", r.XPLeft), strings.Join(languages, " "))
	}
}

// header is the one line that says where the student stands.
func (a *app) header(s reward.Standing) string {
	key, xp := "header", []any{s.Level, s.LevelName.In(a.lang()), s.XP, s.NextXP}
	if s.NextXP == 0 {
		key, xp = "header.top", xp[:3]
	}
	return a.lang().Say(key, append(xp, s.LessonsDone, s.Lessons, s.Got, len(s.Achievements))...)
}

func (a *app) printJSON(v any) error {
	e := json.NewEncoder(report.HarmlessJSON(a.out))
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (a *app) statusCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "status", Short: "Your level, XP and achievements",
		Example: "  lab status\n  lab status --output json",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			_, s, err := a.standings(c.Context())
			if err != nil {
				return err
			}
			if output == "json" {
				return a.printJSON(s)
			}
			a.printStatus(s)
			return nil
		},
	}
	outputFlag(c, &output, "text", "json")
	return c
}

func (a *app) printStatus(s reward.Standing) {
	lang := a.lang()
	fmt.Fprintln(a.out, a.header(s))
	for _, x := range s.Achievements {
		mark := "·"
		if x.Got {
			mark = "★"
		}
		fmt.Fprintf(a.out, "%s %s: %s\n", mark, printable.Line(x.Name.In(lang)), printable.Line(x.How.In(lang)))
	}
}

func (a *app) nextCommand() *cobra.Command {
	var o startOptions
	c := &cobra.Command{
		Use: "next", Short: "Open the next thing to do",
		Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			all, s, err := a.standings(c.Context())
			if err != nil {
				return err
			}
			var left []course.Lesson
			for _, l := range all.Lessons {
				if !s.State(l.ID).Done {
					left = append(left, l)
				}
			}
			if len(left) == 0 {
				fmt.Fprintln(a.out, a.lang().Say("next.all-done"))
				return nil
			}
			l := a.startable(c.Context(), all, left, o)
			if l.ID != left[0].ID {
				fmt.Fprintln(a.err, a.lang().Say("next.left-out", left[0].Number))
			}
			return a.open(c.Context(), l.ID, o)
		},
	}
	o.add(c)
	return c
}
