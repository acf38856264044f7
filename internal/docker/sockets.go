package docker

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/moby/moby/client"
)

// hosts lists where an engine may be, the likeliest first; never empty. A choice that was made, by DOCKER_HOST or a
// context, is the only one: an engine that the student did not choose is not taken in its place.
func (e *Engine) hosts() []string {
	if e.options.Host != "" {
		return []string{e.options.Host}
	}
	getenv := e.options.Getenv
	if h := getenv("DOCKER_HOST"); h != "" {
		return []string{hostOf(h)}
	}
	if h := contextHost(getenv); h != "" {
		return []string{h}
	}
	if runtime.GOOS == "windows" {
		return existing(client.DefaultDockerHost, pipes, "npipe://")
	}
	return existing("unix:///var/run/docker.sock", sockets(getenv, os.Getuid()), "unix://")
}

// pipes are named pipes of Windows: Docker Desktop's own beside the usual one, Rancher Desktop has the usual one, Podman.
var pipes = []string{"//./pipe/dockerDesktopLinuxEngine", "//./pipe/podman-machine-default"}

// sockets lists where engines put their sockets when no context says so, after /var/run/docker.sock: those of Docker
// first, then of programs that bring a Docker engine in a virtual machine, then Podman's. uid is the user's, for systems
// that do not say where the folder of running programs is.
func sockets(getenv func(string) string, uid int) []string {
	home, run := homeFolder(getenv), getenv("XDG_RUNTIME_DIR")
	if run == "" && uid > 0 {
		run = fmt.Sprintf("/run/user/%d", uid)
	}
	config, data := getenv("XDG_CONFIG_HOME"), getenv("XDG_DATA_HOME")
	if home != "" && config == "" {
		config = filepath.Join(home, ".config")
	}
	if home != "" && data == "" {
		data = filepath.Join(home, ".local/share")
	}
	var out []string
	under := func(folder string, names ...string) {
		for _, name := range names {
			if folder != "" {
				out = append(out, filepath.Join(folder, name))
			}
		}
	}
	under(run, "docker.sock")                                                                          // rootless Docker
	under(home, ".docker/run/docker.sock", ".docker/desktop/docker.sock")                              // Docker Desktop: macOS, Linux
	under(home, ".orbstack/run/docker.sock", ".rd/docker.sock")                                        // OrbStack, Rancher Desktop
	under(getenv("COLIMA_HOME"), "default/docker.sock")                                                // Colima, and its older places
	under(home, ".colima/default/docker.sock", ".colima/docker.sock")                                  //
	under(config, "colima/default/docker.sock")                                                        //
	under(home, ".lima/docker/sock/docker.sock")                                                       // Lima's template for Docker
	under(run, "podman/podman.sock")                                                                   // rootless Podman
	under("/run", "podman/podman.sock")                                                                // Podman
	under(getenv("TMPDIR"), "podman/podman-machine-default-api.sock")                                  // Podman on macOS
	under(data, "containers/podman/machine/podman.sock", "containers/podman/machine/qemu/podman.sock") // and as it was
	return out
}

// existing lists first, and those of the paths at which there is something.
func existing(first string, paths []string, scheme string) []string {
	hosts := []string{first}
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			hosts = append(hosts, scheme+path)
		}
	}
	return hosts
}

// hostOf reads an engine's address as the docker command does: without a scheme it is TCP's, and TCP's port is 2375
// unless it is said.
func hostOf(s string) string {
	s = strings.TrimSpace(s)
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		if strings.HasPrefix(s, "/") {
			return "unix://" + s
		}
		scheme, rest = "tcp", s
	}
	if scheme != "tcp" {
		return s
	}
	if strings.HasPrefix(rest, ":") {
		rest = "127.0.0.1" + rest
	}
	if name := strings.TrimSuffix(rest, "/"); !strings.Contains(name[strings.LastIndexByte(name, ']')+1:], ":") {
		rest = name + ":2375"
	}
	return "tcp://" + rest
}
