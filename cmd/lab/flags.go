package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// choice is the value of an option that takes one of a few words. It refuses all others, so that no command begins
// with one that it does not know.
type choice struct {
	value *string
	name  string
	of    []string
}

func (c choice) String() string { return *c.value }

// Type is the name of the value in a usage text.
func (c choice) Type() string { return "string" }

// Set takes a word of the command line.
func (c choice) Set(word string) error {
	if !slices.Contains(c.of, word) {
		last := len(c.of) - 1
		return usageError{fmt.Errorf("--%s %s: there is %s and %s", c.name, word, strings.Join(c.of[:last], ", "), c.of[last])}
	}
	*c.value = word
	return nil
}

// choiceFlag adds an option that takes one of a few words; value holds what it is where it is not given.
func choiceFlag(c *cobra.Command, name string, value *string, usage string, of ...string) {
	c.Flags().Var(choice{value, name, of}, name, usage)
	_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(of, cobra.ShellCompDirectiveNoFileComp))
}

// flagError is what cobra makes of a mistake in the options, without its own words around ours.
func flagError(_ *cobra.Command, err error) error {
	if ours := (usageError{}); errors.As(err, &ours) {
		return ours
	}
	return usageError{err}
}
