package course

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cwk-stream/lab/internal/hint"
)

// labFile is lab.yaml as it is written.
type labFile struct {
	Title    Text                  `yaml:"title"`
	Variant  string                `yaml:"variant"`
	Was      []string              `yaml:"was"`
	Engines  []string              `yaml:"engines"`
	Compose  []string              `yaml:"compose"`
	Services map[string]serviceAdd `yaml:"services"`
	Edit     []Editable            `yaml:"edit"`
	Steps    []Step                `yaml:"steps"`
}

// serviceAdd is what lab.yaml adds to a service of the Compose file.
type serviceAdd struct {
	Ready Ready `yaml:"ready"`
	Apply Apply `yaml:"apply"`
}

// source is one variant of a lab as it is written, parsed and not yet validated.
type source struct {
	doc     document
	variant string
	was     []string
}

// sources reads every variant of a lab's folder, the first being the one of lab.yaml.
func sources(lab fs.FS, id string) ([]source, error) {
	var all []source
	for _, file := range labFiles(lab) {
		data, err := readIn(id, lab, file)
		if err != nil {
			return nil, err
		}
		var head struct {
			Variant string   `yaml:"variant"`
			Was     []string `yaml:"was"`
		}
		doc, err := parse(path.Join(id, file), data)
		if err == nil {
			err = doc.decode(&head)
		}
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(all, func(s source) bool { return s.variant == head.Variant }); i >= 0 {
			v := validator{file: doc.file, data: data}
			v.say("$.variant", "variant: %q is that of %s already", head.Variant, path.Base(all[i].doc.file))
			return nil, v.problems
		}
		all = append(all, source{doc: doc, variant: head.Variant, was: head.Was})
	}
	return all, nil
}

// Variants lists the variants that a lab's folder has, the first being the one of lab.yaml.
func Variants(lab fs.FS) ([]string, error) {
	all, err := sources(lab, "")
	return variantsOf(all), err
}

func variantsOf(all []source) []string {
	var names []string
	for _, s := range all {
		names = append(names, s.variant)
	}
	return names
}

func labFiles(lab fs.FS) []string {
	others, _ := fs.Glob(lab, "lab.*.yaml")
	return append([]string{"lab.yaml"}, others...)
}

// LoadLab reads a lab from its folder. variant "" means the lab's first. All problems are reported at once, as
// Problems; an unknown variant is a hint.
func LoadLab(lab fs.FS, id, variant string) (Lab, error) {
	if problems := hostileFolder(lab, id); len(problems) > 0 {
		return Lab{}, problems
	}
	all, err := sources(lab, id)
	if err != nil {
		return Lab{}, err
	}
	i := 0
	if variant != "" {
		named := func(s source) bool { return s.variant == variant }
		if i = slices.IndexFunc(all, named); i < 0 {
			return Lab{}, hint.With(fmt.Errorf("lab %s has no variant %q", id, variant), "variant-unknown", variant,
				strings.Join(variantsOf(all), ", "))
		}
	}
	doc := all[i].doc
	if doc.data == nil {
		return Lab{}, hint.With(fmt.Errorf("lab %s has no lab.yaml", id), "lab-unknown", id)
	}
	var f labFile
	if err := doc.strict(&f, labSchema); err != nil {
		return Lab{}, err
	}
	l, err := f.lab(lab, id, doc.file, doc.data)
	l.Was = formerly(id, all)
	return l, err
}

// formerly are the ids that a lab had before, as any of its variants says.
func formerly(id string, all []source) []string {
	var ids []string
	for _, s := range all {
		for _, old := range s.was {
			if identifier.MatchString(old) && old != id && !slices.Contains(ids, old) {
				ids = append(ids, old)
			}
		}
	}
	return ids
}

// lab makes the Lab of what was written, or says all that is wrong with it.
func (f labFile) lab(fsys fs.FS, id, file string, data []byte) (Lab, error) {
	l := Lab{ID: id, Number: number(id), Variant: f.Variant, Title: f.Title, Engines: f.Engines, FS: fsys,
		File: path.Base(file),
		Edit: f.Edit, Steps: f.Steps}
	v := validator{file: file, data: data}
	env, err := loadEnvironment(fsys, id, f)
	v.problems = v.problems.Collect(file, err)
	l.Env = env
	for i := range l.Steps {
		for j := range l.Steps[i].Checks {
			l.Steps[i].Checks[j].complete(env)
		}
	}
	if err == nil {
		v.lab(l)
	}
	if len(v.problems) == 0 {
		v.readAuthorities(l)
	}
	return l, v.problems.err()
}

// slack is how long a check may take beyond what it waits for; acting on a service takes longer.
const (
	slack       = 10 * time.Second
	actingSlack = 30 * time.Second
)

// complete fills in what a check leaves out.
func (c *Check) complete(env Environment) {
	kinds := c.kinds()
	if len(kinds) != 1 {
		return
	}
	c.Kind = kinds[0]
	if e := c.Effective; e != nil && e.Port == 0 {
		e.Port = env.firstPort(e.Service)
	}
	if c.Reach != nil && len(c.Reach.Join) > 0 {
		c.Reach.complete()
	}
	if c.Watch != nil {
		c.Watch.Clients = max(c.Watch.Clients, 1)
	}
	if c.Limit != 0 || c.Reach != nil && len(c.Reach.Join) == 0 {
		return
	}
	c.Limit = c.latest() + slack
	if c.Acts() {
		c.Limit += actingSlack
	}
}

func (r *Reach) complete() {
	for i := range r.Join {
		r.Join[i].Clients = max(r.Join[i].Clients, 1)
	}
	if r.Settle == 0 {
		r.Settle = 100 * time.Millisecond
	}
	if r.Within == 0 {
		r.Within = 2 * time.Second
	}
}

var identifier = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
