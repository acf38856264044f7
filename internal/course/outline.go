package course

import (
	"fmt"
	"io/fs"
	"slices"
)

// Outline is what there is to gain in one variant of a lab: enough for the course's overview, which need not know
// what a lab runs in.
type Outline struct {
	Variant string        `yaml:"variant"`
	Was     []string      `yaml:"was"` // ids that the lab had before; none that another lab has now
	Steps   []StepOutline `yaml:"steps"`
}

// StepOutline is one step of an Outline.
type StepOutline struct {
	ID  string   `yaml:"id"`
	Was []string `yaml:"was"` // ids that it had before
	XP  int      `yaml:"xp"`
}

// Outlines gives the outlines of a lab's variants, the first being the one of lab.yaml. It is four times as fast as
// Lab, and validates nothing.
func (c *Course) Outlines(id string) ([]Outline, error) {
	lab, err := fs.Sub(c.labs, id)
	if err != nil {
		return nil, fmt.Errorf("opening lab %s: %w", id, err)
	}
	var out []Outline
	for _, file := range labFiles(lab) {
		data, err := readIn(id, lab, file)
		if err != nil {
			return nil, fmt.Errorf("opening lab %s: %w", id, err)
		}
		var o Outline
		doc, err := parse(id+"/"+file, data)
		if err == nil {
			err = doc.decode(&o)
		}
		if err != nil {
			return nil, err
		}
		o.Was = slices.DeleteFunc(o.Was, c.has)
		out = append(out, o)
	}
	return out, nil
}
