package reward

// Unreachable lists the achievements that no lab of a course can give: those that ask for a kind of check that no lab
// has, for variants that no lab has together, or for more lessons than there are.
func (t Tables) Unreachable(lessons []Lesson, kinds map[string]bool) []string {
	var out []string
	for _, a := range t.achievements {
		if !a.When.reachable(lessons, kinds) {
			out = append(out, a.ID)
		}
	}
	return out
}

func (w when) reachable(lessons []Lesson, kinds map[string]bool) bool {
	switch {
	case w.Check != "":
		return kinds[w.Check]
	case w.Lessons > 0:
		return int(w.Lessons) <= len(lessons)
	case w.Completed == nil:
		return true
	}
	for _, l := range lessons {
		all := l.Lab != ""
		for _, v := range w.Completed.Variants {
			_, has := l.Variants[v]
			all = all && has
		}
		if all {
			return true
		}
	}
	return false
}
