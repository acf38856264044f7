package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/labs"
)

// template is the lab that `lab new` copies; it is a lab itself, and tested as one.
const template = "template"

var labName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (a *app) newCommand() *cobra.Command {
	return &cobra.Command{
		Use: "new NAME", Short: "Begin a lab and its lesson, complete and valid as they come",
		Long: "New makes a folder with a lab and a lesson that pass `lab lint` and `lab test` as they are: change them step\n" +
			"by step. Where there are folders lessons and labs, as in the course, each gets its part.",
		Example: "  lab new my-lab && lab test my-lab\n  lab new 08-compression",
		Args:    exactly("a name"),
		RunE:    func(_ *cobra.Command, args []string) error { return a.scaffold(args[0]) },
	}
}

// scaffold writes the template under a name.
func (a *app) scaffold(name string) error {
	if !labName.MatchString(filepath.Base(name)) {
		return usageError{fmt.Errorf("%q is not a name of small letters, digits and hyphens", name)}
	}
	lab, lesson := name, name
	if isDir("lessons") && isDir("labs") && !strings.ContainsAny(name, `/\`) {
		lab, lesson = filepath.Join("labs", name), filepath.Join("lessons", name)
	}
	for _, dir := range []string{lab, lesson} {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			return hint.With(fmt.Errorf("%s is there already", dir), "folder-taken", dir)
		}
	}
	err := fs.WalkDir(labs.FS, template, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(labs.FS, file)
		if err != nil {
			return err
		}
		below := strings.TrimPrefix(file, template+"/")
		to := filepath.Join(lab, filepath.FromSlash(below))
		if strings.HasPrefix(below, "lesson.") {
			to = filepath.Join(lesson, below)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, []byte(named(string(data), filepath.Base(name), path.Ext(below))), 0o644)
	})
	if err != nil {
		return fmt.Errorf("writing the lab: %w", err)
	}
	fmt.Fprintln(a.out, a.lang().Say("new.done", lab))
	return nil
}

// named puts the new lab's name where the template has its own.
func named(text, name, ext string) string {
	if ext == ".md" || ext == ".yaml" {
		text = strings.ReplaceAll(text, "lab: template", "lab: "+name)
		text = strings.ReplaceAll(text, "lab-template", "lab-"+name)
	}
	return text
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
