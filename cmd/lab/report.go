package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/cwk-stream/lab/internal/hint"
)

// maxReported bounds what of the last run goes into a report, in bytes: its end.
const maxReported = 1 << 20

// asked are the variables of the environment that decide how the program behaves. Others are nobody's business.
var asked = []string{"TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "TMUX", "SSH_TTY", "LANG", "LC_ALL", "LAB_LANG", "LAB_PLAIN",
	"LAB_MOTION", "LAB_HOME", "XDG_DATA_HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "EDITOR", "VISUAL", "WSL_DISTRO_NAME"}

// writeReport writes what a maintainer needs to a new file, without what is private.
func (a *app) writeReport(ctx context.Context, file string, findings []finding) error {
	var b bytes.Buffer
	build := thisBuild()
	fmt.Fprintf(&b, "# lab: report\n\n%v\ndocker: %s\n", build, a.engineVersion(ctx))
	if o, ok := a.loaded(); ok {
		fmt.Fprintf(&b, "course of a bundle by lab %s\n", o.Program)
	}
	fmt.Fprintf(&b, "processors: %d\n\n# environment\n\n", runtime.NumCPU())
	for _, name := range asked {
		if v := a.getenv(name); v != "" {
			fmt.Fprintf(&b, "%s=%s\n", name, v)
		}
	}
	fmt.Fprint(&b, "\n# doctor\n\n")
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for _, f := range findings {
		if err := e.Encode(f); err != nil {
			return err
		}
	}
	fmt.Fprint(&b, "\n# last run: events, then the services' logs\n\n")
	run, err := readOwn(a.lastRun())
	if err != nil {
		fmt.Fprintln(&b, "none is known")
	}
	b.Write(run[max(0, len(run)-maxReported):])
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return hint.With(err, "export-exists", file)
	}
	_, err = f.WriteString(a.privacy().clean(b.String()))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return hint.With(err, "export-exists", file)
	}
	return nil
}

// privacy knows what is not for strangers.
type privacy struct {
	words []word // in the order in which they are replaced
}

type word struct {
	pattern *regexp.Regexp
	instead string
}

// privacy gathers what is the student's own on this machine.
func (a *app) privacy() privacy {
	home, _ := os.UserHomeDir()
	host, _ := os.Hostname()
	name := ""
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return privacyOf(map[string]string{a.dataDir(): "<data>", home: "~", os.TempDir(): "<tmp>"}, host, name)
}

// general are things that are private wherever they stand: addresses of mail, secrets, other people's homes.
var general = []word{
	{regexp.MustCompile(`(?i)((?:/home/|/Users/|[A-Z]:(?:\\{1,2}|/)Users(?:\\{1,2}|/)))[^/\\\s"':]+`), "${1}<user>"},
	{regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://)[^/\s"'@]+@`), "${1}<secret>@"},
	{regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`), "<mail>"},
	{regexp.MustCompile(`(?i)\b(authorization|cookie|set-cookie|password|passwd|secret|token)(\\?"?\s*[:=]\s*\\?"?)(?:bearer |basic )?[^\s",;\\]+`), "${1}${2}<secret>"},
}

// privacyOf makes a privacy of folders, with what stands for each, and of the names of the machine and of the user.
// Names that say nothing of anybody stay, as they are also words of other meanings.
func privacyOf(folders map[string]string, host, name string) privacy {
	var p privacy
	for folder, instead := range folders {
		if folder = filepath.Clean(folder); len(folder) < 4 {
			continue
		}
		for _, spelling := range []string{folder, strings.ReplaceAll(folder, `\`, `\\`)} {
			p.words = append(p.words, word{regexp.MustCompile(regexp.QuoteMeta(spelling) + `\b`), instead})
		}
	}
	// A folder inside another one is looked for first.
	for i := range p.words {
		for j := i + 1; j < len(p.words); j++ {
			if len(p.words[j].pattern.String()) > len(p.words[i].pattern.String()) {
				p.words[i], p.words[j] = p.words[j], p.words[i]
			}
		}
	}
	p.words = append(p.words, general...)
	for _, w := range [][2]string{{host, "<host>"}, {strings.Split(host, ".")[0], "<host>"}, {filepath.Base(strings.ReplaceAll(name, `\`, "/")), "<user>"}} {
		switch strings.ToLower(w[0]) {
		case "", ".", "/", "root", "localhost", "admin", "user", "lab", "docker", "proxy", "backend":
			continue
		}
		p.words = append(p.words, word{regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(w[0]) + `\b`), w[1]})
	}
	return p
}

var address = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`)

// clean takes out what is private.
func (p privacy) clean(text string) string {
	for _, w := range p.words {
		text = w.pattern.ReplaceAllString(text, w.instead)
	}
	return address.ReplaceAllStringFunc(text, func(s string) string {
		ip, err := netip.ParseAddr(s)
		if err != nil || ip.IsLoopback() || ip.IsPrivate() || ip.IsUnspecified() {
			return s // of this machine or of the lab's own network
		}
		return "<address>"
	})
}
