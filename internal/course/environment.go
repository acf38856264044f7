package course

import (
	"io/fs"
	"strings"
	"time"
)

// Environment is what a lab runs in, read from its Compose files and from the services of its lab.yaml. It is the
// subset that an untrusted lab may have: no host mounts, no host network, no privileges.
type Environment struct {
	Lab      string    // lab id, for labels
	Images   string    // begins the names of images that are built for it; "" for Lab
	Variant  string    //
	Services []Service // each after those that it depends on
	FS       fs.FS     // the lab's folder, for build contexts and initial files
	Volumes  []string  // names of the volumes that services mount; made for one session, removed with it
}

// Service is one part of an environment.
type Service struct {
	Name      string
	Build     *Build // nil where Image is given
	Image     string
	Command   []string // nil for the image's own
	Env       []string // KEY=value, sorted
	Ports     []int    // container ports to publish on loopback, at numbers that the engine chooses; the first is the main one
	DependsOn []string // services that must be started (not: ready) before
	User      string
	ReadOnly  bool
	Tmpfs     []string          // paths
	Mounts    map[string]string // absolute path → volume name
	CapAdd    []string          // what is added to none
	StopGrace time.Duration     // until SIGTERM becomes SIGKILL; 0 means at once, which suits a lab
	Memory    int64             // bytes; 0 means the engine's default for labs
	Pids      int64             // 0 means the engine's default for labs

	Ready Ready
	Apply Apply
}

// Build says how an image is made, from inside the lab's folder.
type Build struct {
	Dir        string // slash-separated, inside the lab's folder
	Dockerfile string // inside Dir; "Dockerfile" by default
	Args       map[string]string
}

// Ready says when a service is of use: when Port answers an HTTP GET of Path, with whatever status, or when it has
// written a line. The zero value: as soon as its process runs.
type Ready struct {
	Port int    `yaml:"port"`
	Path string `yaml:"path"`
	Log  string `yaml:"log"` // RE2; for what speaks no HTTP in the clear, such as Redis or a server with TLS alone
}

// Apply says how new files take effect in a service. The zero value: they do so by themselves.
type Apply struct {
	Stub     string   `yaml:"stub"`     // what stands in for the service in the embedded engine: "nginx", "fastapi"; "" for none
	Validate []string `yaml:"validate"` // command whose exit code 0 says that the files are valid; its output is shown if not
	Signal   string   `yaml:"signal"`   // sent to the main process to make it reload, such as "HUP"
	Reload   []string `yaml:"reload"`   // or: command that reloads, and returns when the new configuration serves
	Restart  bool     `yaml:"restart"`  // or: the service is restarted
	Until    string   `yaml:"until"`    // RE2: after Signal, the log line by which the new configuration alone serves
}

// Service gives the service of that name.
func (e Environment) Service(name string) (Service, bool) {
	for _, s := range e.Services {
		if s.Name == name {
			return s, true
		}
	}
	return Service{}, false
}

// firstPort gives the service's main port, 0 where it publishes none.
func (env Environment) firstPort(service string) int {
	if s, ok := env.Service(service); ok && len(s.Ports) > 0 {
		return s.Ports[0]
	}
	return 0
}

// mounted tells whether a path is on one of the service's volumes.
func (s Service) mounted(file string) bool {
	for dir := range s.Mounts {
		if strings.HasPrefix(file, strings.TrimSuffix(dir, "/")+"/") {
			return true
		}
	}
	return false
}
