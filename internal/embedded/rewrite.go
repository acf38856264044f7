package embedded

import "strings"

// run does rewrite directives in order: it says whether they answered the request, and whether another location is to be
// looked for.
func (r *request) run(steps []rewriteStep) (answered, more, again bool) {
	answered, more, again, _ = r.steps(steps)
	return answered, more, again
}

// steps is run; stop says that no step after these is to be done either, which matters to the steps around an if block.
func (r *request) steps(steps []rewriteStep) (answered, more, again, stop bool) {
	for _, s := range steps {
		switch s.kind {
		case "break":
			return false, false, again, true
		case "set":
			r.assign(s.name, s.text.fill(r))
		case "return":
			return true, r.give(s), false, true
		case "if":
			if !s.branch.holds(r) {
				break
			}
			answered, more, anew, stop := r.branched(s.branch)
			if again = again || anew; answered || stop {
				return answered, more, again, true
			}
		case "rewrite":
			if answered, more, anew, stop := r.rewrite(s); answered || stop {
				return answered, more, again || anew, true
			} else if anew {
				again = true
			}
		}
		if r.exhausted {
			return true, r.fail(500), false, true
		}
	}
	return false, false, again, false
}

// rewrite does one rewrite; see steps.
func (r *request) rewrite(s rewriteStep) (answered, more, again, stop bool) {
	if !r.matches(s.expr, r.uri) {
		r.groups = nil
		return false, false, false, false
	}
	if s.status != 0 {
		r.location = withArgs(s.text.fill(r), r.args, s.keep)
		if r.exhausted {
			return true, r.fail(500), false, true
		}
		return true, r.fail(s.status), false, true
	}
	r.rewriteTo(s)
	switch {
	case r.exhausted:
		return true, r.fail(500), false, true
	case r.uri == "":
		r.log(logError, "the rewritten URI has a zero length")
		return true, r.fail(500), false, true
	}
	return false, false, !s.breaks, s.ends
}

// rewriteTo changes path and query.
func (r *request) rewriteTo(s rewriteStep) {
	path, args, given := strings.Cut(s.text.fill(r), "?")
	r.uri, r.quoted, r.rewritten, r.detached = path, true, true, s.breaks
	switch {
	case given && s.keep && r.args != "":
		r.args = args + "&" + r.args
	case given:
		r.args = args
	case !s.keep:
		r.args = ""
	}
}

func withArgs(url, args string, keep bool) string {
	switch {
	case !keep || args == "":
		return url
	case strings.Contains(url, "?"):
		return url + "&" + args
	}
	return url + "?" + args
}
