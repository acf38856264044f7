package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/cwk-stream/lab/internal/bundle"
	"github.com/cwk-stream/lab/internal/hint"
)

// loadOptions says what a bundle that is loaded must be.
type loadOptions struct {
	bare   bool   // without its images
	key    string // public key that must have signed it, or that key's file; "" for any
	newKey bool   // the author may be another than before
}

// authorFile keeps the key that signed the last bundle, as SSH keeps those of hosts: the first is shown, another is an
// alarm. It stays when the course is dropped.
func (a *app) authorFile() string { return filepath.Join(a.dataDir(), "author.pub") }

// knownAuthor is the public key that signed the last bundle; "" if none was signed.
func (a *app) knownAuthor() (string, error) {
	_, err := os.Stat(a.authorFile())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return bundle.PublicKey(a.authorFile())
}

// author decides whether a bundle that key signed ("" for none) may be loaded, and says in one sentence who made it. The
// error carries a hint: bundle-key-wanted, bundle-key-changed, bundle-key-lost.
func (a *app) author(key string, o loadOptions) (string, error) {
	known, err := a.knownAuthor()
	if err != nil {
		return "", err
	}
	if o.key != "" {
		want, err := bundle.PublicKey(o.key)
		if err != nil {
			return "", err
		}
		if key != want {
			return "", hint.With(fmt.Errorf("it was signed with %q, not %s", key, want), "bundle-key-wanted", want)
		}
		known = want
	}
	lang := a.lang()
	switch {
	case known == key && key != "":
		return lang.Say("bundle.same-author", key), nil
	case key == "" && (known == "" || o.newKey):
		return lang.Say("bundle.unsigned"), nil
	case known == "" || o.newKey:
		return lang.Say("bundle.new-author", key), nil
	case key == "":
		return "", hint.With(errors.New("it is not signed, and the bundle before was"), "bundle-key-lost", known)
	}
	return "", hint.With(errors.New("another key signed the bundle before"), "bundle-key-changed", key, known)
}

// pinAuthor remembers who signed the bundle that was loaded.
func (a *app) pinAuthor(key string) error {
	err := os.Remove(a.authorFile())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil && key != "" {
		err = os.WriteFile(a.authorFile(), []byte(key+"\n"), 0o600)
	}
	if err != nil {
		return hint.With(err, "folder-unusable", a.dataDir())
	}
	return nil
}

func (a *app) bundleKeyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "key FILE", Short: "Make an author's key pair, to sign bundles with", Args: exactly("a file"),
		Long: "The secret key is written to FILE, encrypted if a password is given (LAB_SIGN_PASSWORD, or asked for), and the\n" +
			"public one to FILE.pub. They are keys of minisign's. Whoever loads your bundles compares the public key.",
		RunE: func(_ *cobra.Command, args []string) error {
			password, err := a.signPassword()
			if err != nil {
				return err
			}
			public, err := bundle.NewKey(args[0], password)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.out, a.lang().Say("bundle.key-made", args[0], public))
			return err
		},
	}
}

// signPassword is the password of an author's key: from the environment, else asked for on a terminal, else none.
func (a *app) signPassword() (string, error) {
	if word := a.getenv("LAB_SIGN_PASSWORD"); word != "" {
		return word, nil
	}
	in, ok := a.in.(*os.File)
	if !ok || !isTerminal(a.in) {
		return "", nil
	}
	fmt.Fprint(a.err, a.lang().Say("bundle.password")+" ")
	defer a.holdTerminal("")()
	word, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(a.err)
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return strings.TrimRight(string(word), "\r\n"), nil
}
