package nginxconf

import (
	"strings"
)

// Location is a location block as far as matching goes.
type Location struct {
	Modifier string   // "", "=", "^~", "~", "~*", or "@" for a named one
	Pattern  string   // what follows the modifier; the name of a named one has its "@"
	Regexp   *Pattern // for "~" and "~*"; nil if the expression is wrong or not understood
	Slash    bool     // a request for Pattern without its final "/" is redirected there, as proxy_pass has it
	Nested   []*Location
	Block    Directive
}

// NewLocation reads a location directive, with those nested in it. It never fails: a regular expression that does not
// compile matches nothing.
func NewLocation(d Directive) *Location {
	l := &Location{Block: d}
	l.Modifier, l.Pattern = LocationName(d.Args)
	switch l.Modifier {
	case "~":
		l.Regexp, _ = CompilePattern(l.Pattern, false)
	case "~*":
		l.Regexp, _ = CompilePattern(l.Pattern, true)
	}
	for _, inner := range d.Block {
		switch {
		case inner.Name == "location" && inner.IsBlock():
			l.Nested = append(l.Nested, NewLocation(inner))
		case inner.Name == "proxy_pass":
			l.Slash = l.Regexp == nil && strings.HasSuffix(l.Pattern, "/")
		}
	}
	return l
}

// LocationName splits the parameters of a location directive into modifier and pattern. nginx lets the modifier touch
// the pattern. An unknown modifier is given as it is.
func LocationName(args []string) (modifier, pattern string) {
	if len(args) == 2 {
		return args[0], args[1]
	}
	if len(args) != 1 {
		return "", ""
	}
	name := args[0]
	for _, m := range []string{"=", "^~", "~*", "~"} {
		if rest, ok := strings.CutPrefix(name, m); ok {
			return m, rest
		}
	}
	if strings.HasPrefix(name, "@") {
		return "@", name
	}
	return "", name
}

// FindLocation gives the location that nginx takes for a decoded path (ngx_http_core_find_location): an exact one, else
// the longest prefix and what is nested in it, unless a regular expression matches first and "^~" does not keep it from
// being tried. redirect says that the path only lacks the final "/" of a location with proxy_pass, to which nginx
// redirects with 301. nil means that no location matches.
func FindLocation(locations []*Location, path string) (found *Location, redirect bool) {
	found, _, redirect = findBy(locations, path, func(l *Location) bool { return l.Regexp != nil && l.Regexp.MatchString(path) })
	return found, redirect
}

// findBy tells with final whether no regular expression of an outer level may override what was found. matches is asked of
// locations with a regular expression.
func findBy(locations []*Location, path string, matches func(*Location) bool) (found *Location, final, redirect bool) {
	best, exact, redirect := findStatic(locations, path)
	if exact || redirect {
		return best, true, redirect
	}
	if best != nil {
		found = best
		inner, final, redirect := findBy(best.Nested, path, matches)
		if inner != nil {
			found = inner
		}
		if final {
			return found, true, redirect
		}
		if best.Modifier == "^~" {
			return found, false, false
		}
	}
	for _, l := range locations {
		if (l.Modifier == "~" || l.Modifier == "~*") && matches(l) {
			found = l
			if inner, _, _ := findBy(l.Nested, path, matches); inner != nil {
				found = inner
			}
			return found, true, false
		}
	}
	return found, false, false
}

// findStatic looks among the prefix and exact locations of one level: one that is the path, an exact one first; else one
// that wants a redirect; else the longest prefix.
func findStatic(locations []*Location, path string) (best *Location, exact, redirect bool) {
	var slash, prefix *Location
	for _, l := range locations {
		static := l.Modifier == "" || l.Modifier == "^~"
		switch {
		case l.Modifier == "=" && l.Pattern == path:
			return l, true, false
		case static && strings.HasPrefix(path, l.Pattern):
			if prefix == nil || len(l.Pattern) > len(prefix.Pattern) {
				prefix = l
			}
		case l.Slash && l.Pattern == path+"/":
			slash = l
		}
	}
	if slash != nil && (prefix == nil || prefix.Pattern != path) {
		return slash, false, true
	}
	return prefix, false, false
}
