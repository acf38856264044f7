package nginxconf

import (
	"bytes"
	"errors"
	"strings"
)

const (
	dumpHead = "# configuration file "
	dumpTail = ":"
)

// Dump writes the configuration as nginx -T does on standard output.
func (c Config) Dump() string {
	var b strings.Builder
	for _, f := range c.Files {
		b.WriteString(dumpHead + f.Path + dumpTail + "\n")
		b.Write(f.Data)
		b.WriteString("\n")
	}
	return b.String()
}

// ParseDump reads what nginx -T writes on standard output: every file after a line "# configuration file PATH:", the
// main one first. An error that is not an *Error means that out is no such text.
func ParseDump(out string) (Config, error) {
	files := map[string][]byte{}
	main, current := "", ""
	for line := range bytes.Lines([]byte(out)) {
		if name, ok := dumpPath(string(line)); ok {
			current = name
			if main == "" {
				main = name
			}
			files[name] = []byte{}
			continue
		}
		if current != "" {
			files[current] = append(files[current], line...)
		}
	}
	if main == "" {
		return Config{}, errors.New(`no "# configuration file" line in the output of nginx -T`)
	}
	for name, data := range files {
		files[name] = bytes.TrimSuffix(data, []byte("\n")) // nginx adds one to each file
	}
	return ParseFiles(main, files)
}

func dumpPath(line string) (string, bool) {
	rest, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), dumpHead)
	if !ok {
		return "", false
	}
	name, ok := strings.CutSuffix(rest, dumpTail)
	return name, ok && strings.HasPrefix(name, "/")
}
