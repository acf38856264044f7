package course

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/printable"
)

// maxText bounds a lesson or lab file; the longest lesson worth reading in one sitting is a tenth of it.
const maxText = 512 << 10

// Load reads every lesson of a course, in order. labs is where their labs are. It reports all problems at once, as
// Problems.
func Load(lessons, labs fs.FS) (*Course, error) {
	entries, err := fs.ReadDir(lessons, ".")
	if err != nil {
		return nil, fmt.Errorf("reading the lessons: %w", err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() || !numbered.MatchString(e.Name()) })
	c := &Course{labs: labs, Lessons: make([]Lesson, len(entries))}
	errs := make([]error, len(entries))
	var all sync.WaitGroup // side by side: parsing is all that a start has to wait for
	for i, e := range entries {
		all.Go(func() { c.Lessons[i], errs[i] = LoadLesson(lessons, e.Name()) })
	}
	all.Wait()
	var problems Problems
	for i, e := range entries {
		problems = problems.Collect(e.Name(), errs[i])
		if lab := c.Lessons[i].Lab; errs[i] == nil && lab != "" && !c.has(lab) {
			problems = append(problems, Problem{File: e.Name(), Message: fmt.Sprintf("lab: there is no lab %q", lab)})
		}
	}
	problems = append(problems, c.formerIDs()...)
	sort.SliceStable(c.Lessons, func(i, j int) bool { return c.Lessons[i].Number < c.Lessons[j].Number })
	return c, problems.err()
}

// formerIDs wants each id, former ones included, to mean one lesson: what was read is kept by them.
func (c *Course) formerIDs() (problems Problems) {
	seen := map[string]bool{}
	for _, l := range c.Lessons {
		seen[l.ID] = true
	}
	for _, l := range c.Lessons {
		for _, id := range l.Was {
			if seen[id] {
				problems = append(problems, Problem{File: l.ID, Message: fmt.Sprintf("was: %q is the id of a lesson, or was named before", id)})
			}
			seen[id] = true
		}
	}
	return problems
}

// has tells whether there is a lab of that id.
func (c *Course) has(lab string) bool {
	_, err := fs.Stat(c.labs, path.Join(lab, "lab.yaml"))
	return err == nil
}

var numbered = regexp.MustCompile(`^(\d{2,3})-[a-z0-9]+(-[a-z0-9]+)*$`)

func number(name string) int {
	m := numbered.FindStringSubmatch(name)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// Find gives the lesson that people mean by "03", "3", "03-reverse-proxy" or "reverse-proxy".
func (c *Course) Find(name string) (Lesson, error) {
	for _, l := range c.Lessons {
		n, err := strconv.Atoi(name)
		_, bare, _ := strings.Cut(l.ID, "-")
		if l.ID == name || bare == name || err == nil && n == l.Number {
			return l, nil
		}
	}
	return Lesson{}, hint.With(fmt.Errorf("there is no lesson %q", name), "lesson-unknown", name)
}

// Lab loads the lab of that id, in a variant ("" for the lab's first).
func (c *Course) Lab(id, variant string) (Lab, error) {
	sub, err := fs.Sub(c.labs, id)
	if err != nil {
		return Lab{}, fmt.Errorf("opening lab %s: %w", id, err)
	}
	lab, err := LoadLab(sub, id, variant)
	lab.Was = slices.DeleteFunc(lab.Was, c.has) // what is another lab's now is not this one's
	return lab, err
}

// frontMatter is what stands between the two lines of --- at the head of a lesson.
type frontMatter struct {
	Title   string   `yaml:"title"`
	Minutes int      `yaml:"minutes"`
	Status  string   `yaml:"status"`
	XP      int      `yaml:"xp"`
	Tags    []string `yaml:"tags"`
	Lab     string   `yaml:"lab"`
	Was     []string `yaml:"was"`
	Links   []Link   `yaml:"links"`
}

// LoadLesson reads one lesson's folder: lesson.<lang>.md for each language that there is.
func LoadLesson(lessons fs.FS, id string) (Lesson, error) {
	l := Lesson{ID: id, Number: number(id), Texts: map[locale.Lang]LessonText{}}
	var problems Problems
	for _, lang := range locale.All() {
		file := path.Join(id, "lesson."+string(lang)+".md")
		data, err := readText(lessons, file)
		if err != nil {
			problems = problems.Collect(file, err)
			continue
		}
		if data == nil {
			continue
		}
		head, text, err := parseLesson(file, data)
		problems = problems.Collect(file, err)
		if len(l.Texts) > 0 && !sameFacts(l, head) {
			problems = append(problems, Problem{File: file,
				Message: "minutes, status, xp, tags, lab and was must be the same in every language"})
		}
		l.Minutes, l.Status, l.XP, l.Tags, l.Lab, l.Was = head.Minutes, head.Status, head.XP, head.Tags, head.Lab, head.Was
		l.Texts[lang] = text
	}
	if len(l.Texts) == 0 && len(problems) == 0 {
		problems = append(problems, Problem{File: id, Message: "a lesson needs lesson.en.md or lesson.ko.md"})
	}
	return l, problems.err()
}

func sameFacts(l Lesson, h frontMatter) bool {
	return l.Minutes == h.Minutes && l.Status == h.Status && l.XP == h.XP && l.Lab == h.Lab &&
		slices.Equal(l.Tags, h.Tags) && slices.Equal(l.Was, h.Was)
}

func parseLesson(file string, data []byte) (frontMatter, LessonText, error) {
	var h frontMatter
	head, body, ok := frontAndBody(string(data))
	if !ok {
		return h, LessonText{}, Problems{{File: file, Line: 1,
			Message: "a lesson begins with front matter between two lines of ---"}}
	}
	if line, message := hostileMarkdown(body); line > 0 {
		return h, LessonText{}, Problems{{File: file, Line: line + strings.Count(head, "\n") + 3, Column: 1, Message: message}}
	}
	// With a blank line in the place of the first ---, lines have the numbers that they have in the file.
	doc, err := parse(file, []byte("\n"+head))
	if err == nil {
		err = doc.strict(&h, lessonSchema)
	}
	return h, LessonText{Title: h.Title, Links: h.Links, Markdown: strings.TrimSpace(body) + "\n"}, err
}

// frontAndBody splits a lesson at the two lines of ---; ok is false where it does not begin with the first.
func frontAndBody(text string) (front, body string, ok bool) {
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "\n---\n")
}

// byteOrder is what some editors of Windows put in front of a text.
const byteOrder = "\ufeff"

// readText reads a file, nil if it is not there, as NFC without carriage returns
// and without a mark of byte order in front. Control characters, escape
// sequences among them, are refused with their place: lessons and labs are shown on terminals.
func readText(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Lstat(fsys, name)
	if err != nil {
		return nil, nil
	}
	if info.Size() > maxText || !info.Mode().IsRegular() {
		return nil, Problems{{File: name, Message: fmt.Sprintf("is not a text of at most %d KiB", maxText>>10)}}
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, Problems{{File: name, Message: err.Error()}}
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), byteOrder), "\r\n", "\n")
	if line, col, r, found := control(text); found {
		return nil, Problems{{File: name, Line: line, Column: col, Message: fmt.Sprintf("control character %U", r)}}
	}
	return norm.NFC.Bytes([]byte(text)), nil
}

// readIn is readText in the folder that is called id: problems have their file with that name.
func readIn(id string, fsys fs.FS, name string) ([]byte, error) {
	data, err := readText(fsys, name)
	var problems Problems
	if errors.As(err, &problems) {
		for i := range problems {
			problems[i].File = path.Join(id, problems[i].File)
		}
	}
	return data, err
}

// control finds the first character that must not reach a terminal: what it would obey, but newline and tab, and invalid
// UTF-8; and marks of byte order, which hide in a text.
func control(s string) (line, column int, r rune, found bool) {
	line, column = 1, 0
	for _, r := range s {
		column++
		switch {
		case r == '\n':
			line, column = line+1, 0
		case r == '\t':
		case printable.Obeyed(r), r == unicode.ReplacementChar, string(r) == byteOrder:
			return line, column, r, true
		}
	}
	return 0, 0, 0, false
}
