package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/report"
	"github.com/cwk-stream/lab/internal/reward"
)

func (a *app) lintCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "lint [DIR]", Short: "Report every problem of labs and lessons at once",
		Long: "Lint reads a lab, a lesson, or a folder of them, and reports what keeps them from loading and what a reader\n" +
			"would stumble over, with file, line and column. Nothing is run. The exit code is 1 if anything was found.",
		Example: "  lab lint\n  lab lint ./my-lab",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("lab lint takes one folder")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return a.lint(dir, output)
		},
	}
	outputFlag(c, &output, "text", "json")
	return c
}

// lint reports the problems of everything at and below a folder.
func (a *app) lint(dir, output string) error {
	found, err := folders(dir)
	if err != nil {
		return err
	}
	var problems course.Problems
	for _, f := range found {
		problems = append(problems, lintFolder(dir, f)...)
	}
	problems = append(problems, lintNumbers(found)...)
	problems = append(problems, lintCourse(dir)...).Unique()
	if err := a.printProblems(problems, output); err != nil {
		return err
	}
	if len(problems) > 0 {
		return errNotMet
	}
	if output == "text" {
		fmt.Fprintln(a.out, a.lang().Say("lint.clean", len(found)))
	}
	return nil
}

// lintNumbers finds lessons, and labs, that share a number: one of them cannot be named by it.
func lintNumbers(found []folder) course.Problems {
	var out course.Problems
	first := map[string]string{}
	for _, f := range found {
		number, _, ok := strings.Cut(f.id, "-")
		n, err := strconv.Atoi(number)
		if !ok || err != nil {
			continue
		}
		for kind, is := range map[string]bool{"lesson": f.hasLesson(), "lab": f.isLab()} {
			key := fmt.Sprint(kind, n)
			if other := first[key]; is && other != "" && other != f.id {
				out = append(out, course.Problem{File: filepath.ToSlash(f.below()), Hint: "give it a number of its own",
					Message: fmt.Sprintf("has the number %d, as %s %s has: `lab start %s` finds one of them", n, kind, other, number)})
			} else if is {
				first[key] = f.id
			}
		}
	}
	return out
}

// lintLabs finds labs of a course that no lesson leads to.
func lintLabs(dir string, c *course.Course) course.Problems {
	used := map[string]bool{}
	for _, l := range c.Lessons {
		used[l.Lab] = true
	}
	var out course.Problems
	entries, _ := os.ReadDir(filepath.Join(dir, "labs"))
	for _, e := range entries {
		f := folder{fsys: os.DirFS(filepath.Join(dir, "labs", e.Name()))}
		if e.IsDir() && f.isLab() && !f.isLesson() && !used[e.Name()] {
			out = append(out, course.Problem{File: "labs/" + e.Name(), Message: "no lesson leads to this lab",
				Hint: "write `lab: " + e.Name() + "` at the head of its lesson"})
		}
	}
	return out
}

func lintFolder(dir string, f folder) course.Problems {
	var problems course.Problems
	if f.isLab() {
		problems = append(problems, course.LintLab(f.fsys, f.id)...)
	}
	if f.hasLesson() {
		problems = append(problems, course.LintLesson(f.fsys, f.id, linksFrom(dir, f))...)
	}
	return problems
}

// linksFrom tells whether a relative link of a lesson leads to something in the folder that is looked at.
func linksFrom(dir string, f folder) func(string) bool {
	below := ""
	if !f.alone {
		below = path.Join(f.parent, f.id)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return func(string) bool { return false }
	}
	return func(link string) bool {
		_, err := fs.Stat(root.FS(), path.Join(below, link))
		return err == nil
	}
}

// lintCourse looks at what only a whole course can tell: that its lessons and labs fit together, and that each achievement
// is there to be had.
func lintCourse(dir string) course.Problems {
	for _, needed := range []string{"lessons", "labs"} {
		if _, err := os.Stat(filepath.Join(dir, needed)); err != nil {
			return nil
		}
	}
	c, err := course.Load(os.DirFS(filepath.Join(dir, "lessons")), os.DirFS(filepath.Join(dir, "labs")))
	if err != nil {
		return course.Problems{}.Collect("lessons", err)
	}
	lessons, err := outline(c)
	if err != nil {
		return course.Problems{}.Collect("labs", err)
	}
	out := lintLabs(dir, c)
	const achievements = "assets/achievements.yaml"
	if _, err := os.Stat(filepath.Join(dir, achievements)); err != nil {
		return out
	}
	tables, err := reward.Load(os.DirFS(filepath.Join(dir, "assets")))
	if err != nil {
		return append(out, course.Problem{File: achievements, Message: err.Error()})
	}
	for _, id := range tables.Unreachable(lessons, kindsOf(c)) {
		out = append(out, course.Problem{File: achievements,
			Message: fmt.Sprintf("achievement %s cannot be reached by any lab of the course", id)})
	}
	return out
}

// kindsOf lists the kinds of checks that the course's labs have.
func kindsOf(c *course.Course) map[string]bool {
	kinds := map[string]bool{}
	for _, l := range c.Lessons {
		lab, err := c.Lab(l.Lab, "")
		if l.Lab == "" || err != nil {
			continue
		}
		for _, s := range lab.Steps {
			for _, check := range s.Checks {
				kinds[string(check.Kind)] = true
			}
		}
	}
	return kinds
}

// printProblems writes problems with their source and hint, or as one JSON object a line.
func (a *app) printProblems(problems course.Problems, output string) error {
	if output == "json" {
		e := json.NewEncoder(report.HarmlessJSON(a.out))
		for _, p := range problems {
			if err := e.Encode(p); err != nil {
				return err
			}
		}
		return nil
	}
	for _, p := range problems {
		fmt.Fprintln(a.out, printable.Text(p.String()))
		if p.Source != "" {
			fmt.Fprintln(a.out, printable.Text(strings.TrimRight(p.Source, "\n")))
		}
		if p.Hint != "" {
			fmt.Fprintln(a.out, "  "+a.lang().Say("hint.prefix")+" "+printable.Text(p.Hint))
		}
	}
	return nil
}
