package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manCommand writes the manual; it is there for those who package the program.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the man pages into a folder", Hidden: true, Args: exactly("a folder"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := c.Root()
			root.InitDefaultCompletionCmd()
			return writePages(root, args[0])
		},
	}
}

// writePages writes the page of a command, and those of the commands below it.
func writePages(c *cobra.Command, dir string) error {
	if c.Hidden || c.IsAdditionalHelpTopicCommand() {
		return nil
	}
	name := pageName(c)
	if err := os.WriteFile(filepath.Join(dir, name+".1"), []byte(page(c)), 0o644); err != nil {
		return err
	}
	for _, sub := range c.Commands() {
		if err := writePages(sub, dir); err != nil {
			return err
		}
	}
	return nil
}

func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// page is a command's page, in the macros of man(7). It has no date: equal programs have equal pages.
func page(c *cobra.Command) string {
	var b strings.Builder
	section := func(title string) { fmt.Fprintf(&b, ".SH %s\n", title) }
	fmt.Fprintf(&b, ".TH \"%s\" \"1\" \"\" \"lab %s\" \"lab\"\n", strings.ToUpper(pageName(c)), versionName())
	section("NAME")
	fmt.Fprintf(&b, "%s \\- %s\n", roff(pageName(c)), roff(c.Short))
	section("SYNOPSIS")
	fmt.Fprintf(&b, "\\fB%s\\fP\n", roff(c.UseLine()))
	if text := c.Long; text != "" {
		section("DESCRIPTION")
		fmt.Fprintf(&b, "%s\n", roff(text))
	}
	if c.HasAvailableSubCommands() {
		section("COMMANDS")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(&b, ".TP\n\\fB%s\\fP\n%s\n", roff(strings.TrimPrefix(sub.CommandPath()+" "+strings.Join(strings.Fields(sub.Use)[1:], " "), "lab ")), roff(sub.Short))
			}
		}
	}
	options(&b, section, "OPTIONS", c.NonInheritedFlags())
	options(&b, section, "COMMON OPTIONS", c.InheritedFlags())
	if c.Example != "" {
		section("EXAMPLES")
		fmt.Fprintf(&b, ".nf\n%s\n.fi\n", roff(c.Example))
	}
	section("EXIT STATUS")
	b.WriteString("0 passed, 1 a check is not met, 2 usage, 3 could not be run, 130 interrupted.\n")
	var others []string
	if c.HasParent() {
		others = append(others, pageName(c.Parent()))
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			others = append(others, pageName(sub))
		}
	}
	if len(others) > 0 {
		section("SEE ALSO")
		fmt.Fprintf(&b, "\\fB%s\\fP(1)\n", strings.Join(mapped(others, roff), "\\fP(1), \\fB"))
	}
	return b.String()
}

func options(b *strings.Builder, section func(string), title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	section(title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		value, usage := pflag.UnquoteUsage(f)
		fmt.Fprintf(b, ".TP\n\\fB%s\\fP %s\n%s\n", roff(name), roff(value), roff(usage))
	})
}

func mapped(in []string, f func(string) string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = f(s)
	}
	return out
}

// roff writes text so that roff shows it as it is.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
