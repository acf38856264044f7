package embedded

import (
	"slices"
	"strings"

	"github.com/cwk-stream/lab/internal/nginxconf"
)

// defaultRoot is where nginx looks for files unless it is told otherwise; the lab's image has nothing there.
const defaultRoot = "/usr/share/nginx/html"

// root reads the folder that paths are looked up in. One in which the lab's image has something is refused by name: there
// are no files in the stand-in.
func (c *compiler) root(l *level, d nginxconf.Directive) error {
	if l.set[d.Name] != nil {
		return say(d, "is duplicate")
	}
	l.set[d.Name] = append(l.set[d.Name], d)
	for _, name := range []string{"$document_root", "${document_root}", "$realpath_root", "${realpath_root}"} {
		if strings.Contains(d.Args[0], name) {
			return fail(d, "the $"+strings.Trim(name, "${}")+` variable cannot be used in the "root" directive`)
		}
	}
	if strings.Contains(d.Args[0], "$") {
		return refuse(d, `"root" with variables`)
	}
	dir := rootOf(d.Args[0]) + "/"
	if slices.ContainsFunc(imageFolders, func(known string) bool { return strings.HasPrefix(known+"/", dir) }) {
		return refuse(d, `"root" at a folder of the image`)
	}
	return nil
}

// rootOf is a root as nginx completes it, without a final slash.
func rootOf(name string) string {
	if !strings.HasPrefix(name, "/") {
		name = "/usr/share/nginx/" + name
	}
	return strings.TrimRight(name, "/")
}

// index reads the names that stand for a folder.
func (c *compiler) index(l *level, d nginxconf.Directive) error {
	for i, name := range d.Args {
		if name == "" {
			return fail(d, `index "" in "index" directive is invalid`)
		}
		if strings.Contains(name, "$") {
			return refuse(d, `"index" with variables`)
		}
		if strings.HasPrefix(name, "/") && i != len(d.Args)-1 {
			c.warn(`only the last index in "index" directive should be absolute in ` + place(d))
		}
		if strings.HasPrefix(name, "/") {
			return refuse(d, `"index" with a path`)
		}
	}
	l.set[d.Name] = append(l.set[d.Name], d)
	return nil
}

// fallback is the last parameter of try_files, the only one that ever counts where there are no files.
type fallback struct {
	status int // 0 for none
	text   template
	named  bool // text names a location
}

// tryFiles reads try_files.
func (c *compiler) tryFiles(l *level, d nginxconf.Directive) error {
	if l.set[d.Name] != nil {
		return say(d, "is duplicate")
	}
	l.set[d.Name] = append(l.set[d.Name], d)
	last := d.Args[len(d.Args)-1]
	f := &fallback{named: strings.HasPrefix(last, "@")}
	for _, text := range d.Args[:len(d.Args)-1] {
		if _, err := c.template(d, text); err != nil {
			return err
		}
	}
	if code, ok := strings.CutPrefix(last, "="); ok {
		n, ok := atoi(code)
		if !ok || n > 999 {
			return fail(d, `invalid code "`+last+`"`)
		}
		f.status = n
	} else {
		var err error
		if f.text, err = c.template(d, last); err != nil {
			return err
		}
	}
	if l.location == nil {
		return refuse(d, `"try_files" in a server`)
	}
	l.location.fallback = f
	return nil
}

// fallBack does what the last parameter of try_files says: an answer, or another location, whose steps are next.
func (r *request) fallBack(f *fallback) (answered, more bool) {
	if f.status != 0 || f.text == nil {
		return true, r.fail(f.status)
	}
	text := f.text.fill(r)
	if r.exhausted {
		return true, r.fail(500)
	}
	r.rewritten, r.quoted = true, true
	if !f.named {
		r.uri, r.args, _ = strings.Cut(text, "?")
		answered, more, _ := r.run(r.server.rewrites)
		r.named = nil
		return answered, more
	}
	for m, loc := range r.server.runs {
		if m.Modifier == "@" && m.Pattern == text {
			r.named = loc
			return false, false
		}
	}
	r.log(logError, `could not find named location "`+text+`"`)
	return true, r.fail(500)
}
