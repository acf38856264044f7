package course

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// allowedKeys are the Compose keys that a lab may use. A lab comes from anywhere, so that what could reach out of its
// containers is not listed, and a key that Compose gains later is refused until somebody has thought about it.
var allowedKeys = map[string][]string{
	"": {"name", "services", "volumes", "networks"},
	"service": {"build", "image", "command", "environment", "ports", "depends_on", "user", "read_only", "tmpfs",
		"volumes", "cap_drop", "cap_add", "security_opt", "mem_limit", "pids_limit", "stop_grace_period", "networks",
		"init"},
	"build":   {"context", "dockerfile", "args"},
	"volume":  {},
	"network": {"driver_opts", "internal"},
}

// allowedCaps are capabilities that a server may need inside its container, and that do not reach the host.
var allowedCaps = []string{"CHOWN", "SETUID", "SETGID", "NET_BIND_SERVICE", "KILL", "DAC_OVERRIDE"}

// What one service may have of the machine.
const (
	maxServices = 12
	maxMemory   = 1 << 30 // bytes
	maxPids     = 512
	maxGrace    = 30 * time.Second
)

var imageName = regexp.MustCompile(`^[a-z0-9][a-zA-Z0-9._/:@-]*$`)

const longestImageName = 255 // bytes; a count in the pattern would be compiled into as many states, at each start

// loadEnvironment reads the Compose files that a lab names, merged the way Compose merges.
func loadEnvironment(lab fs.FS, id string, f labFile) (Environment, error) {
	env := Environment{Lab: id, Variant: f.Variant, FS: lab}
	files := f.Compose
	if len(files) == 0 {
		files = []string{"compose.yaml"}
	}
	var problems Problems
	details := types.ConfigDetails{WorkingDir: "/", Environment: types.Mapping{}}
	for _, name := range files {
		if !insideLab(name) {
			problems = append(problems, Problem{File: id, Message: fmt.Sprintf("compose: %q is outside the lab's folder", name)})
			continue
		}
		data, err := readText(lab, name)
		if err == nil && data == nil {
			err = Problems{{File: path.Join(id, name), Message: "is not there"}}
		}
		if err != nil {
			problems = problems.Collect(name, err)
			continue
		}
		problems = append(problems, refuse(path.Join(id, name), data)...)
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: name, Content: data})
	}
	if len(problems) > 0 {
		return env, problems
	}
	project, err := loader.LoadWithContext(context.Background(), details, func(o *loader.Options) {
		o.SetProjectName("lab", true)
		o.SkipExtends, o.SkipInclude, o.ResolvePaths = true, true, false // and $$ is $: there are no variables, see dollars
	})
	if err != nil {
		return env, Problems{{File: path.Join(id, files[len(files)-1]), Message: err.Error()}}
	}
	return env.from(project, f, path.Join(id, files[0]))
}

// refuse reports every key that a lab may not use, with its place.
func refuse(file string, data []byte) Problems {
	var doc map[string]any
	parsed, err := parse(file, data)
	if err == nil {
		err = parsed.decode(&doc)
	}
	if err != nil {
		return Problems(nil).Collect(file, err)
	}
	r := refusal{validator{file: file, data: data}}
	r.keys("$", "", doc)
	r.dollars("$", doc)
	if n := len(section(doc, "services")); n > maxServices {
		r.say("$.services", "a lab has at most %d services, not %d", maxServices, n)
	}
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
	return r.problems
}

func section(doc map[string]any, key string) map[string]any {
	m, _ := doc[key].(map[string]any)
	return m
}

type refusal struct{ validator }

func (r *refusal) keys(at, kind string, m map[string]any) {
	for key := range m {
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

// values refuses what a permitted key could still be misused for.
func (r *refusal) values(at string, service map[string]any) {
	r.mounts(at, service)
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
		if p, ok := v.(string); !ok || !strings.HasPrefix(p, "127.0.0.1::") {
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

// from takes what the engines need out of a Compose project.
func (env Environment) from(p *types.Project, f labFile, file string) (Environment, error) {
	var problems Problems
	names, err := ordered(p)
	if err != nil {
		return env, Problems{{File: file, Message: err.Error()}}
	}
	for _, name := range names {
		s, err := service(p.Services[name])
		if err != nil {
			problems = append(problems, Problem{File: file, Message: fmt.Sprintf("service %s: %v", name, err)})
		}
		problems = append(problems, env.dockerfile(path.Dir(file), s)...)
		add := f.Services[name]
		s.Ready, s.Apply = add.Ready, add.Apply
		env.Services = append(env.Services, s)
	}
	for name := range f.Services {
		if _, ok := p.Services[name]; !ok {
			problems = append(problems, Problem{File: file, Message: fmt.Sprintf("lab.yaml speaks of service %s, which is not here", name)})
		}
	}
	for name := range p.Volumes {
		env.Volumes = append(env.Volumes, name)
	}
	slices.Sort(env.Volumes)
	return env, problems.err()
}

// ordered lists the services, each after those that it depends on, by name where there is a choice.
func ordered(p *types.Project) ([]string, error) {
	var out, path []string
	var visit func(name string) error
	visit = func(name string) error {
		if slices.Contains(out, name) {
			return nil
		}
		if slices.Contains(path, name) {
			return fmt.Errorf("services depend on each other in a circle: %s", strings.Join(append(path, name), " → "))
		}
		path = append(path, name)
		deps := p.Services[name].GetDependencies()
		slices.Sort(deps)
		for _, d := range deps {
			if err := visit(d); err != nil {
				return err
			}
		}
		path = path[:len(path)-1]
		out = append(out, name)
		return nil
	}
	names := p.ServiceNames()
	slices.Sort(names)
	for _, name := range names {
		if err := visit(name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func service(c types.ServiceConfig) (Service, error) {
	s := Service{Name: c.Name, Image: c.Image, Command: c.Command, DependsOn: c.GetDependencies(), User: c.User,
		ReadOnly: c.ReadOnly, Tmpfs: c.Tmpfs, Mounts: map[string]string{}, CapAdd: c.CapAdd,
		Memory: int64(c.MemLimit), Pids: c.PidsLimit}
	slices.Sort(s.DependsOn)
	for key, value := range c.Environment {
		if value != nil {
			s.Env = append(s.Env, key+"="+*value)
		}
	}
	slices.Sort(s.Env)
	if c.StopGracePeriod != nil {
		s.StopGrace = time.Duration(*c.StopGracePeriod)
	}
	if c.Build != nil {
		s.Build = &Build{Dir: path.Clean(c.Build.Context), Dockerfile: c.Build.Dockerfile, Args: map[string]string{}}
		if s.Build.Dockerfile == "" {
			s.Build.Dockerfile = "Dockerfile"
		}
		for key, value := range c.Build.Args {
			if value != nil {
				s.Build.Args[key] = *value
			}
		}
	}
	for _, v := range c.Volumes {
		s.Mounts[v.Target] = v.Source
	}
	for _, p := range c.Ports {
		s.Ports = append(s.Ports, int(p.Target))
	}
	switch {
	case s.Memory > maxMemory:
		return s, fmt.Errorf("mem_limit is more than %d MiB", maxMemory>>20)
	case s.Pids < 0 || s.Pids > maxPids:
		return s, fmt.Errorf("pids_limit is not between 1 and %d", maxPids)
	case s.StopGrace > maxGrace:
		return s, fmt.Errorf("stop_grace_period is more than %s", maxGrace)
	case s.Build == nil && s.Image != "" && (len(s.Image) > longestImageName || !imageName.MatchString(s.Image)):
		return s, fmt.Errorf("%q is not the name of an image", s.Image)
	}
	if s.Build == nil && s.Image == "" {
		return s, fmt.Errorf("needs build or image (%s)", strconv.Quote(c.Name))
	}
	return s, nil
}
