package course

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/cwk-stream/lab/internal/locale"
)

// LintLab reports everything that is wrong with a lab's folder, in all of its variants: what keeps it from loading,
// and what a reader or a later run would stumble over.
func LintLab(lab fs.FS, id string) Problems {
	var problems Problems
	all, err := sources(lab, id)
	if err != nil {
		return problems.Collect(id, err)
	}
	for _, name := range variantsOf(all) {
		l, err := LoadLab(lab, id, name)
		if problems = problems.Collect(id, err); err != nil {
			continue
		}
		_, err = l.Cases()
		problems = problems.Collect(id, err)
		problems = append(problems, l.LintChecks()...)
		problems = append(problems, l.lintSolutions()...)
		problems = append(problems, l.lintImages()...)
	}
	problems = append(problems, lintNames(filesOf(lab), id)...)
	for _, file := range labFiles(lab) {
		problems = append(problems, lintLabTexts(lab, id, file)...)
	}
	return problems.Unique()
}

// Unique drops what was said before: variants share files, and a course is looked at whole and in parts.
func (ps Problems) Unique() Problems {
	var out Problems
	for _, p := range ps {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// lintSolutions wants each step to have a solution that differs from what the step begins with.
func (l Lab) lintSolutions() Problems {
	var problems Problems
	before, err := l.Initial()
	if err != nil {
		return problems.Collect(l.ID, err)
	}
	for _, step := range l.Steps {
		dir := path.Join("solutions", step.ID)
		if _, err := fs.Stat(l.FS, dir); err != nil {
			problems = append(problems, Problem{File: path.Join(l.ID, dir), Message: "is not there: the files as they stand after the step"})
			continue
		}
		after, err := l.Solution(step.ID)
		problems = problems.Collect(dir, err)
		if err == nil && after.Equal(before) {
			problems = append(problems, Problem{File: path.Join(l.ID, dir),
				Message: fmt.Sprintf("changes nothing for variant %s: the step begins with the same files", l.Variant)})
		}
		before = after
	}
	entries, _ := fs.ReadDir(l.FS, "solutions")
	for _, e := range entries {
		if _, _, ok := l.Step(e.Name()); !ok && len(l.Steps) > 0 {
			problems = append(problems, Problem{File: path.Join(l.ID, "solutions", e.Name()), Message: "belongs to no step"})
		}
	}
	return problems
}

// lintImages wants every image to be pinned: by a tag other than latest, or by a digest.
func (l Lab) lintImages() Problems {
	var problems Problems
	check := func(file string, line int, image string) {
		name := image[strings.LastIndex(image, "/")+1:]
		_, tag, tagged := strings.Cut(name, ":")
		if !strings.Contains(image, "@sha256:") && (!tagged || tag == "latest" || strings.Contains(image, "$")) {
			problems = append(problems, Problem{File: path.Join(l.ID, file), Line: line, Column: 1,
				Message: fmt.Sprintf("the image %s is not pinned", image), Hint: "name a version, as in debian:trixie-slim, or a digest"})
		}
	}
	for _, s := range l.Env.Services {
		if s.Build == nil {
			check("compose.yaml", 0, s.Image)
			continue
		}
		name := path.Join(s.Build.Dir, s.Build.Dockerfile)
		data, err := readIn(l.ID, l.FS, name)
		var d Dockerfile
		if err == nil {
			d, err = ParseDockerfile(path.Join(l.ID, name), data)
		}
		if err != nil {
			problems = problems.Collect(name, err)
			continue
		}
		for _, b := range d.Bases() {
			check(name, b.Line, b.Image)
		}
	}
	return problems
}

// lintLabTexts wants every text of a lab.yaml in both languages, and fit to be shown.
func lintLabTexts(lab fs.FS, id, file string) Problems {
	raw, err := fs.ReadFile(lab, file)
	if err != nil {
		return nil // it was said already
	}
	v := validator{file: path.Join(id, file), data: raw}
	v.normal(raw)
	text, err := readText(lab, file)
	if err != nil {
		return v.problems // it was said already
	}
	v.data = text
	var f labFile
	doc, err := parse(file, text)
	if err != nil || doc.strict(&f, labSchema) != nil {
		return v.problems
	}
	v.both("$.title", f.Title, true)
	for i, s := range f.Steps {
		at := fmt.Sprintf("$.steps[%d]", i)
		v.both(at+".title", s.Title, true)
		v.both(at+".goal", s.Goal, true)
		v.both(at+".learnt", s.Learnt, true)
		for j, h := range s.Hints {
			v.both(fmt.Sprintf("%s.hints[%d]", at, j), h, true)
		}
		for j, c := range s.Checks {
			v.both(fmt.Sprintf("%s.checks[%d].meaning", at, j), c.Meaning, false)
		}
	}
	return v.problems
}

// both wants a text in both languages; needed says whether it may be left out in both.
func (v *validator) both(at string, t Text, needed bool) {
	if t == (Text{}) && !needed {
		return
	}
	for lang, text := range map[locale.Lang]string{locale.English: t.En, locale.Korean: t.Ko} {
		if strings.TrimSpace(text) == "" {
			v.say(at, "%s is missing in %s", at[strings.LastIndex(at, ".")+1:], languageNames[lang])
			continue
		}
		for _, p := range lintMarkdown(text, nil) {
			v.say(at+"."+string(lang), "%s", p.Message)
			v.problems[len(v.problems)-1].Hint = p.Hint
		}
	}
}

var languageNames = map[locale.Lang]string{locale.English: "English", locale.Korean: "Korean"}

// normal wants the text to be in Unicode's composed form: what is typed on some systems looks the same and is not
// found by a search.
func (v *validator) normal(raw []byte) {
	for i, line := range strings.Split(string(raw), "\n") {
		if !norm.NFC.IsNormalString(line) {
			v.problems = append(v.problems, Problem{File: v.file, Line: i + 1, Column: 1,
				Message: "is not in Unicode normal form C", Hint: "save the file as NFC; Hangul typed or copied on macOS is often decomposed"})
		}
	}
}

// LintLesson reports everything that is wrong with a lesson's folder. there tells whether a relative link, from that
// folder, leads to something; nil: links out of the folder are not followed.
func LintLesson(lesson fs.FS, id string, there func(link string) bool) Problems {
	if problems := hostileFolder(lesson, id); len(problems) > 0 {
		return problems
	}
	var problems Problems
	if _, err := LoadLesson(lesson, "."); err != nil {
		for _, p := range problems.Collect(id, err) {
			p.File = path.Join(id, p.File)
			problems = append(problems, p)
		}
	}
	problems = append(problems, lintNames(filesOf(lesson), id)...)
	others, _ := fs.Glob(lesson, "lesson.*.md")
	for _, name := range others {
		if lang := strings.TrimSuffix(strings.TrimPrefix(name, "lesson."), ".md"); !slices.Contains(locale.All(), locale.Lang(lang)) {
			problems = append(problems, Problem{File: path.Join(id, name), Hint: "lessons are lesson.en.md and lesson.ko.md",
				Message: fmt.Sprintf("is never shown: there is no language %q", lang)})
		}
	}
	if there == nil {
		there = func(link string) bool {
			_, err := fs.Stat(lesson, path.Clean(link))
			return err == nil || strings.HasPrefix(path.Clean(link), "..")
		}
	}
	for _, lang := range locale.All() {
		name := "lesson." + string(lang) + ".md"
		raw, err := fs.ReadFile(lesson, name)
		if err != nil {
			problems = append(problems, Problem{File: path.Join(id, name), Message: "is not there: a lesson is in both languages"})
			continue
		}
		v := validator{file: path.Join(id, name), data: raw}
		v.normal(raw)
		problems = append(problems, v.problems...)
		text, err := readText(lesson, name)
		if err != nil {
			continue // it was said already
		}
		for _, p := range lintMarkdown(blankHead(string(text)), there) {
			p.File = path.Join(id, name)
			problems = append(problems, p)
		}
	}
	return problems
}

// blankHead replaces the front matter by as many empty lines, so that lines keep their numbers.
func blankHead(text string) string {
	head, body, ok := frontAndBody(text)
	if !ok {
		return text
	}
	return strings.Repeat("\n", strings.Count(head, "\n")+3) + body
}

// filesOf lists the files of a folder that was found harmless.
func filesOf(folder fs.FS) []string {
	var names []string
	_ = fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	return names
}
