package course

import (
	"fmt"
	"maps"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"
)

// published is how a lab may publish a port.
var published = regexp.MustCompile(`^127\.0\.0\.1::([1-9][0-9]{0,4})(/tcp)?$`)

// without removes what a later file replaces from the values of an earlier one.
func without(values map[string]any, replaced [][]string) {
	for _, path := range replaced {
		at := values
		for _, key := range path[:len(path)-1] {
			at = section(at, key)
		}
		delete(at, path[len(path)-1])
	}
}

// readCompose gives the values of a Compose file, and reports every key and value that a lab may not use, with its place.
func readCompose(file string, data []byte) (values map[string]any, replaced [][]string, _ Problems) {
	doc := map[string]any{}
	parsed, err := parseCompose(file, data)
	if err == nil {
		err = parsed.decode(&doc)
	}
	if err != nil {
		return nil, nil, Problems(nil).Collect(file, err)
	}
	without(doc, parsed.reset)
	r := refusal{validator{file: file, data: data}}
	r.keys("$", "", doc)
	r.dollars("$", doc)
	for name, s := range section(doc, "services") {
		if !identifier.MatchString(name) {
			r.say("$.services", "services: %q is not a name of small letters, digits and hyphens", name)
			continue
		}
		at := "$.services." + name
		service, _ := s.(map[string]any)
		r.keys(at, "service", service)
		if build, ok := service["build"].(map[string]any); ok {
			r.keys(at+".build", "build", build)
		}
		r.values(at, service)
	}
	for name, v := range section(doc, "volumes") {
		volume, _ := v.(map[string]any)
		r.keys("$.volumes."+name, "volume", volume)
	}
	for name, n := range section(doc, "networks") {
		network, _ := n.(map[string]any)
		r.keys("$.networks."+name, "network", network)
	}
	doc, _ = r.plain("$", doc).(map[string]any)
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return a.Line - b.Line })
	return doc, parsed.replaced, r.problems
}

func section(doc map[string]any, key string) map[string]any {
	m, _ := doc[key].(map[string]any)
	return m
}

type refusal struct{ validator }

func (r *refusal) keys(at, kind string, m map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(allowedKeys[kind], key) && !strings.HasPrefix(key, "x-") {
			r.sayKey(at, key, "%s: a lab may not use this Compose key", key)
		}
	}
}

// dollars refuses what Compose would fill in from the environment: it is another one on each machine, and nobody else's
// business.
func (r *refusal) dollars(at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			r.dollars(at+"."+key, inner)
		}
	case []any:
		for i, inner := range v {
			r.dollars(fmt.Sprintf("%s[%d]", at, i), inner)
		}
	case string:
		if strings.Contains(strings.ReplaceAll(v, "$$", ""), "$") {
			r.say(at, "variables are not filled in from the environment; write $$ for a dollar")
		}
	}
}

// plain gives a value with the kinds of numbers that Compose expects.
func (r *refusal) plain(at string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = r.plain(at+"."+key, inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = r.plain(fmt.Sprintf("%s[%d]", at, i), inner)
		}
	case uint64:
		if v > math.MaxInt64 {
			r.say(at, "%d is more than a number can be here", v)
			return 0
		}
		return int(v)
	case int64:
		return int(v)
	}
	return v
}

// values refuses what a permitted key could still be misused for.
func (r *refusal) values(at string, service map[string]any) {
	r.mounts(at, service)
	r.limits(at, service)
	for i, v := range list(service["security_opt"]) {
		if opt := fmt.Sprint(v); opt != "no-new-privileges:true" {
			r.say(fmt.Sprintf("%s.security_opt[%d]", at, i), "security_opt: %q would widen what the container may do", opt)
		}
	}
	for i, v := range list(service["cap_add"]) {
		if !slices.Contains(allowedCaps, fmt.Sprint(v)) {
			r.say(fmt.Sprintf("%s.cap_add[%d]", at, i), "cap_add: %v is not one of %s", v, strings.Join(allowedCaps, ", "))
		}
	}
	for i, v := range list(service["ports"]) {
		p, _ := v.(string)
		if m := published.FindStringSubmatch(p); m == nil || len(m[1]) == 5 && m[1] > "65535" {
			r.say(fmt.Sprintf("%s.ports[%d]", at, i), `ports: write "127.0.0.1::PORT": on loopback, at a number that the engine chooses`)
		}
	}
	dir := service["build"]
	if m, ok := dir.(map[string]any); ok {
		dir = m["context"]
		if f, ok := m["dockerfile"].(string); ok && !insideLab(path.Clean(f)) {
			r.say(at+".build.dockerfile", "dockerfile: %q is outside the lab's folder", f)
		}
	}
	if d, ok := dir.(string); ok && !insideLab(path.Clean(d)) {
		r.say(at+".build", "build: %q is outside the lab's folder", d)
	}
}

// mounts refuses what would mount something of the host, or something over what the engine keeps from a container.
func (r *refusal) mounts(at string, service map[string]any) {
	for i, v := range list(service["volumes"]) {
		where := fmt.Sprintf("%s.volumes[%d]", at, i)
		name, target, ok := strings.Cut(fmt.Sprint(v), ":")
		if _, isMap := v.(map[string]any); isMap || !ok || !identifier.MatchString(name) {
			r.say(where, "volumes: only NAME:/PATH with a volume of the lab; the host is not mounted")
		} else if !mountable(strings.TrimSuffix(target, ":ro")) {
			r.say(where, "volumes: %q is no place to mount a volume at", target)
		}
	}
	tmpfs := list(service["tmpfs"])
	if one, ok := service["tmpfs"].(string); ok {
		tmpfs = []any{one}
	}
	for i, v := range tmpfs {
		if target := fmt.Sprint(v); !mountable(target) {
			r.say(fmt.Sprintf("%s.tmpfs[%d]", at, i), "tmpfs: %q is not an absolute path, or has options", target)
		}
	}
}

// mountable tells whether something may be mounted at an absolute path of a container.
func mountable(target string) bool {
	if !path.IsAbs(target) || path.Clean(target) != target || target == "/" || strings.ContainsAny(target, ":,") {
		return false
	}
	for _, own := range []string{"/proc", "/sys", "/dev"} {
		if target == own || strings.HasPrefix(target, own+"/") {
			return false
		}
	}
	return true
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}
