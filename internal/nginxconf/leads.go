package nginxconf

import (
	"slices"
	"strconv"
	"strings"
)

// changed leads to the location of a new URI, of which there may be so many.
func (w *walk) changed() next {
	if w.changes--; w.changes <= 0 {
		w.answer(500)
		return ended
	}
	return find
}

// named leads to a named location.
func (w *walk) named(name string) next {
	if w.changes--; w.changes <= 0 {
		w.answer(500)
		return ended
	}
	for _, l := range w.locations {
		if l.Modifier == "@" && l.Pattern == name {
			w.enter(l)
			w.internal = true
			return inPlace
		}
	}
	w.answer(500)
	return ended
}

// redirect leads to a URI of nginx's own, from the server's rewrites on.
func (w *walk) redirect(uri string) next {
	if w.changes--; w.changes <= 0 {
		w.answer(500)
		return ended
	}
	var args string
	var hasArgs bool
	if w.uri, args, hasArgs = strings.Cut(uri, "?"); hasArgs {
		w.args = args
	}
	w.internal, w.raw = true, false
	return fromStart
}

// fail answers with a status, unless an error page leads on.
func (w *walk) fail(status int) next {
	if w.errorPage || w.changes <= 0 {
		w.answer(status)
		return ended
	}
	for _, d := range errorPages(w.all()) {
		if slices.Contains(d.Args[:max(0, len(d.Args)-1)], strconv.Itoa(status)) {
			recursive, _ := nearest(w.all(), "recursive_error_pages")
			w.errorPage = recursive.Value() != "on"
			return w.jump(d, d.Args[len(d.Args)-1])
		}
	}
	w.answer(status)
	return ended
}

// jump leads to where an error page or try_files points.
func (w *walk) jump(d Directive, to string) next {
	v := w.eval(to)
	switch {
	case !v.known:
		w.doubt(d)
		return ended
	case strings.HasPrefix(v.value, "@"):
		return w.named(v.value)
	case strings.HasPrefix(v.value, "/"):
		return w.redirect(v.value)
	}
	w.answer(302)
	return ended
}

// errorPages are those in force: of the innermost level that has any.
func errorPages(levels [][]Directive) []Directive {
	for _, level := range slices.Backward(levels) {
		if pages := named(level, "error_page"); len(pages) > 0 {
			return pages
		}
	}
	return nil
}

func named(level []Directive, name string) []Directive {
	var found []Directive
	for _, d := range level {
		if d.Name == name {
			found = append(found, d)
		}
	}
	return found
}
