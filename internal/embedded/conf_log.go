package embedded

import (
	"slices"
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// severity is a level of the error log, from 1 (emerg) to 8 (debug).
type severity int

var severities = [...]string{1: "emerg", 2: "alert", 3: "crit", 4: "error", 5: "warn", 6: "notice", 7: "info", 8: "debug"}

const (
	logAlert  severity = 2
	logCrit   severity = 3
	logError  severity = 4
	logWarn   severity = 5
	logNotice severity = 6
	logInfo   severity = 7
)

func (s severity) String() string { return severities[s] }

// accessLog is an access_log whose file is the service's standard output or error.
type accessLog struct {
	shown  bool // its file is one that the service's log shows
	format template
}

// errorLog is an error_log.
type errorLog struct {
	shown bool
	least severity
}

// shown tells whether what is written to a file ends up in the service's log. Other files are taken and not kept.
func shown(file string) bool {
	return file == "stderr" || file == "/dev/stderr" || file == "/dev/stdout"
}

func (c *compiler) logFormat(_ *level, d nginxconf.Directive) error {
	name, words := d.Args[0], d.Args[1:]
	if _, twice := c.formats[name]; twice {
		return fail(d, `duplicate "log_format" name "`+name+`"`)
	}
	if escape, ok := strings.CutPrefix(words[0], "escape="); ok {
		if escape == "json" || escape == "none" {
			c.formats[name] = nil
			return refuse(d, `"log_format ... escape=`+escape+`"`)
		}
		if escape != "default" {
			return fail(d, `unknown log format escaping "`+escape+`"`)
		}
		words = words[1:]
	}
	t, err := c.template(d, strings.Join(words, ""))
	c.formats[name] = t
	return err
}

func (c *compiler) accessLog(l *level, d nginxconf.Directive) error {
	l.set["access_log"] = append(l.set["access_log"], d)
	if d.Args[0] == "off" {
		if len(d.Args) > 1 {
			return fail(d, `invalid parameter "`+d.Args[1]+`"`)
		}
		return nil
	}
	if strings.HasPrefix(d.Args[0], "syslog:") || strings.Contains(d.Args[0], "$") {
		return refuse(d, `"access_log" to syslog or to a file with variables in its name`)
	}
	c.conf.logFiles = append(c.conf.logFiles, d.Args[0])
	format := "combined"
	if len(d.Args) > 1 {
		format = d.Args[1]
	}
	if _, known := c.format(format); !known {
		return fail(d, `unknown log format "`+format+`"`)
	}
	if len(d.Args) > 2 {
		name, _, _ := strings.Cut(d.Args[2], "=")
		if slices.Contains([]string{"buffer", "flush", "gzip", "if"}, name) {
			return refuse(d, `"access_log ... `+name+`="`)
		}
		return fail(d, `invalid parameter "`+d.Args[2]+`"`)
	}
	return nil
}

// format finds a log format; nginx compares their names without regard to case.
func (c *compiler) format(name string) (template, bool) {
	for known, t := range c.formats {
		if strings.EqualFold(known, name) {
			return t, true
		}
	}
	return nil, false
}

// accessLogs gives the logs in force. One "off" on a level turns that level's logs off.
func (c *compiler) accessLogs(l *level) []accessLog {
	found := l.find("access_log")
	if found == nil {
		return nil // nginx then writes to a file of its own
	}
	var logs []accessLog
	for _, d := range found {
		if d.Args[0] == "off" {
			return nil
		}
		format := "combined"
		if len(d.Args) > 1 {
			format = d.Args[1]
		}
		t, _ := c.format(format)
		logs = append(logs, accessLog{shown(d.Args[0]), t})
	}
	return logs
}

func errorLogLevel(d nginxconf.Directive) error {
	if strings.HasPrefix(d.Args[0], "syslog:") || strings.HasPrefix(d.Args[0], "memory:") {
		return refuse(d, `"error_log" to syslog or memory`)
	}
	least := ""
	for _, word := range d.Args[1:] {
		switch {
		case strings.HasPrefix(word, "debug"):
			return refuse(d, `"error_log" at level "`+word+`"`)
		case !slices.Contains(severities[1:], word):
			return fail(d, `invalid log level "`+word+`"`)
		case least != "":
			return fail(d, `duplicate log level "`+word+`"`)
		}
		least = word
	}
	return nil
}

// errorLogs gives the error logs in force.
func errorLogs(l *level) []errorLog {
	var logs []errorLog
	for _, d := range l.find("error_log") {
		log := errorLog{shown(d.Args[0]), logError}
		if len(d.Args) > 1 {
			log.least = severity(slices.Index(severities[:], d.Args[1]))
		}
		logs = append(logs, log)
	}
	return logs
}
