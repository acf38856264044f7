package reward

// names tells what the steps of one lab are called now, and which of them pay together.
type names struct {
	now  map[string]map[string]string // by variant, then by earlier id: today's id
	pays map[string]string            // by id, of today or earlier: the one under which its step's XP is given
}

// namesOf reads a lesson's outline. Ids of two variants of a lab that are or were the same step's pay once together. An
// id that is in use in a variant is its step's there, whatever another step says that it was called before.
func namesOf(l Lesson) names {
	n := names{now: map[string]map[string]string{}, pays: map[string]string{}}
	variants := map[string][]Step{"": l.Steps}
	for v, steps := range l.Variants {
		variants[v] = steps
	}
	used := map[string]map[string]bool{}
	for v, steps := range variants {
		used[v] = map[string]bool{}
		for _, s := range steps {
			used[v][s.ID] = true
		}
	}
	for v, steps := range variants {
		n.now[v] = map[string]string{}
		for _, s := range steps {
			for _, old := range s.Was {
				if _, claimed := n.now[v][old]; !claimed && !used[v][old] {
					n.now[v][old] = s.ID
				}
			}
		}
	}
	n.join(l, used)
	return n
}

// join puts the ids together under which one step goes in several variants, or went: where a variant still has an id that
// another has changed, its XP would else be given twice. Ids of two steps of one variant are never put together.
func (n names) join(l Lesson, used map[string]map[string]bool) {
	all := l.all()
	for _, s := range all {
		for _, id := range append([]string{s.ID}, s.Was...) {
			n.pays[id] = id
		}
	}
	for _, s := range all {
		for _, old := range s.Was {
			if mine, theirs := n.pays[s.ID], n.pays[old]; mine != theirs && !n.apart(mine, theirs, used) {
				for id, key := range n.pays {
					if key == theirs {
						n.pays[id] = mine
					}
				}
			}
		}
	}
}

// apart tells whether some variant has one step of mine and another of theirs.
func (n names) apart(mine, theirs string, used map[string]map[string]bool) bool {
	for _, ids := range used {
		count := 0
		for id := range ids {
			if key := n.pays[id]; key == mine || key == theirs {
				count++
			}
		}
		if count > 1 {
			return true
		}
	}
	return false
}

// today is the id that a step has now in a variant of the lab; one that is not known stays as it is.
func (n names) today(variant, step string) string {
	now, ok := n.now[variant]
	if !ok {
		now = n.now[""]
	}
	if id, renamed := now[step]; renamed {
		return id
	}
	return step
}

// former are today's ids of lessons and of labs, by those that they had before.
type former struct{ lessons, labs map[string]string }

// formerIDs reads the outlines. An id that is in use is its owner's, whatever another says that it was called before.
func formerIDs(lessons []Lesson) former {
	f := former{lessons: map[string]string{}, labs: map[string]string{}}
	usedLessons, usedLabs := map[string]bool{}, map[string]bool{"": true}
	for _, l := range lessons {
		usedLessons[l.ID], usedLabs[l.Lab] = true, true
	}
	claim := func(of map[string]string, used map[string]bool, now string, was []string) {
		for _, old := range was {
			if _, claimed := of[old]; !claimed && !used[old] && now != "" {
				of[old] = now
			}
		}
	}
	for _, l := range lessons {
		claim(f.lessons, usedLessons, l.ID, l.Was)
		claim(f.labs, usedLabs, l.Lab, l.LabWas)
	}
	return f
}
