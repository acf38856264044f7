package course

import (
	"fmt"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
)

var imageName = regexp.MustCompile(`^[a-z0-9][a-zA-Z0-9._/:@-]*$`)

const longestImageName = 255 // bytes; a count in the pattern would be compiled into as many states, at each start

// from takes what the engines need out of a Compose project.
func (env Environment) from(p *types.Project, f labFile, texts []validator) (Environment, error) {
	file := texts[0].file
	problems := unknownTo(file, p)
	names, err := ordered(p)
	if err != nil {
		return env, append(problems, Problem{File: file, Message: err.Error()})
	}
	if len(names) > maxServices {
		problems = append(problems, placed(texts, fmt.Sprintf("services: a lab has at most %d services, not %d", maxServices, len(names))))
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
	return s, s.check()
}

// check looks at a service as the engines are going to be told of it, whatever was merged into it: what is refused in
// the text, with its place, must not come about in another way either.
func (s Service) check() error {
	switch {
	case s.Build == nil && s.Image == "":
		return fmt.Errorf("needs build or image (%s)", strconv.Quote(s.Name))
	case s.Build == nil && (len(s.Image) > longestImageName || !imageName.MatchString(s.Image)):
		return fmt.Errorf("%q is not the name of an image", s.Image)
	case s.Build != nil && (!insideLab(s.Build.Dir) || !insideLab(path.Join(s.Build.Dir, s.Build.Dockerfile)) ||
		!insideLab(path.Clean(s.Build.Dockerfile))):
		return fmt.Errorf("build %q is outside the lab's folder", path.Join(s.Build.Dir, s.Build.Dockerfile))
	case s.Memory != 0 && (s.Memory < minMemory || s.Memory > maxMemory):
		return fmt.Errorf("mem_limit is not between %d and %d MiB", minMemory>>20, maxMemory>>20)
	case s.Pids < 0 || s.Pids > maxPids:
		return fmt.Errorf("pids_limit is not between 1 and %d", maxPids)
	case s.StopGrace < 0 || s.StopGrace > maxGrace:
		return fmt.Errorf("stop_grace_period is not between 0s and %s", maxGrace)
	case len(s.Ports) > maxPorts:
		return fmt.Errorf("publishes more than %d ports", maxPorts)
	case len(s.Mounts)+len(s.Tmpfs) > maxMounts:
		return fmt.Errorf("has more than %d volumes and tmpfs", maxMounts)
	}
	for _, c := range s.CapAdd {
		if !slices.Contains(allowedCaps, c) {
			return fmt.Errorf("cap_add: %s is not one of %s", c, strings.Join(allowedCaps, ", "))
		}
	}
	for target, volume := range s.Mounts {
		if !mountable(target) || !identifier.MatchString(volume) {
			return fmt.Errorf("volumes: %s:%s is not NAME:/PATH with a volume of the lab", volume, target)
		}
	}
	for _, target := range s.Tmpfs {
		if !mountable(target) {
			return fmt.Errorf("tmpfs: %q is not an absolute path, or has options", target)
		}
	}
	for _, port := range s.Ports {
		if port < 1 || port > 65535 {
			return fmt.Errorf("%d is not a port", port)
		}
	}
	return nil
}

// What Compose's model may hold: the fields that the keys of allowedKeys set, and those that Compose fills in itself.
var (
	projectFields = []string{"Name", "WorkingDir", "Services", "Networks", "Volumes", "Extensions", "ComposeFiles", "Environment"}
	serviceFields = []string{"Name", "Build", "Image", "Command", "Environment", "Ports", "DependsOn", "User", "ReadOnly", "Tmpfs",
		"Volumes", "CapDrop", "CapAdd", "SecurityOpt", "MemLimit", "PidsLimit", "StopGracePeriod", "Networks", "Init", "Extensions"}
	buildFields   = []string{"Context", "Dockerfile", "Args", "Extensions"}
	portFields    = []string{"Target", "HostIP", "Protocol", "Mode", "Extensions"}
	mountFields   = []string{"Type", "Source", "Target", "ReadOnly", "Volume", "Extensions"}
	volumeFields  = []string{"Name", "Extensions"}
	networkFields = []string{"Name", "DriverOpts", "Internal", "Ipam", "Extensions"}
)

// unknownTo reports what the merged model holds beyond what a lab may have.
func unknownTo(file string, p *types.Project) Problems {
	var problems Problems
	look := func(what string, v any, known []string) {
		for _, name := range filled(reflect.ValueOf(v)) {
			if !slices.Contains(known, name) {
				problems = append(problems, Problem{File: file, Message: fmt.Sprintf("%s has %s, which a lab may not use", what, name)})
			}
		}
	}
	look("the project", *p, projectFields)
	for name, s := range p.Services {
		look("service "+name, s, serviceFields)
		if s.Build != nil {
			look("the build of service "+name, *s.Build, buildFields)
		}
		for _, port := range s.Ports {
			look("a port of service "+name, port, portFields)
			if port.HostIP != "127.0.0.1" || port.Protocol != "tcp" {
				problems = append(problems, Problem{File: file, Message: fmt.Sprintf("service %s publishes a port otherwise than on 127.0.0.1", name)})
			}
		}
		for _, m := range s.Volumes {
			look("a volume of service "+name, m, mountFields)
			if m.Type != types.VolumeTypeVolume {
				problems = append(problems, Problem{File: file, Message: fmt.Sprintf("service %s mounts a %s, which a lab may not use", name, m.Type)})
			}
		}
	}
	for name, v := range p.Volumes {
		look("volume "+name, v, volumeFields)
	}
	for name, n := range p.Networks {
		look("network "+name, n, networkFields)
	}
	return problems
}

// filled names the fields of a struct, embedded ones included, that hold something.
func filled(v reflect.Value) []string {
	var names []string
	for i := range v.NumField() {
		f, field := v.Type().Field(i), v.Field(i)
		kind := field.Kind()
		switch {
		case f.Anonymous && kind == reflect.Struct:
			names = append(names, filled(field)...)
		case field.IsZero(), (kind == reflect.Map || kind == reflect.Slice) && field.Len() == 0:
		default:
			names = append(names, f.Name)
		}
	}
	return names
}
