package docker

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeEngine answers at a socket as an engine that can run labs.
func fakeEngine(t *testing.T, socket string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(socket), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.Header().Set("Ostype", "linux")
		_, _ = w.Write([]byte("{}"))
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
}

// shortDir is a folder whose name leaves room for a socket's in the 100 bytes that a system has for it.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "h")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func envOf(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

// TestSockets: an engine is found at each of the places where programs put its socket, without a context, in this order.
func TestSockets(t *testing.T) {
	home := shortDir(t)
	getenv := envOf(map[string]string{"HOME": home, "XDG_RUNTIME_DIR": home + "/run", "TMPDIR": home + "/tmp", "COLIMA_HOME": home + "/c"})
	var hosts []string
	for _, place := range []string{
		"run/docker.sock", ".docker/run/docker.sock", ".docker/desktop/docker.sock", ".orbstack/run/docker.sock", ".rd/docker.sock",
		"c/default/docker.sock", ".colima/default/docker.sock", ".colima/docker.sock", ".config/colima/default/docker.sock",
		".lima/docker/sock/docker.sock", "run/podman/podman.sock", "tmp/podman/podman-machine-default-api.sock",
		".local/share/containers/podman/machine/podman.sock", ".local/share/containers/podman/machine/qemu/podman.sock",
	} {
		socket := filepath.Join(home, place)
		fakeEngine(t, socket)
		hosts = append(hosts, "unix://"+socket)
		e := New(Options{Getenv: getenv})
		if _, err := e.find(t.Context(), []string{"unix://" + home + "/nothing.sock", "unix://" + socket}); err != nil || e.Host() != "unix://"+socket {
			t.Errorf("%s: found %s, %v", place, e.Host(), err)
		}
		_ = e.Close()
	}
	var got []string
	for _, host := range New(Options{Getenv: getenv}).hosts() {
		if strings.HasPrefix(host, "unix://"+home) {
			got = append(got, host)
		}
	}
	if diff := cmp.Diff(hosts, got); diff != "" {
		t.Error(diff)
	}
	// Where the system does not say where running programs keep their sockets, it is where systemd has it.
	if got := sockets(envOf(nil), 1000); got[0] != "/run/user/1000/docker.sock" {
		t.Errorf("without HOME: %v", got)
	}
}

// TestChosenHost: a choice that was made is the only one, in the order in which the docker command takes it.
func TestChosenHost(t *testing.T) {
	home := shortDir(t)
	fakeEngine(t, home+"/.docker/run/docker.sock")
	const meta = `{"Name":"mine","Endpoints":{"docker":{"Host":"unix:///mine.sock"}}}`
	folder := filepath.Join(home, ".docker/contexts/meta", contextFolder("mine"))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder+"/meta.json", []byte(meta), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		vars map[string]string
		want string
	}{
		{map[string]string{"HOME": home, "DOCKER_CONTEXT": "mine"}, "unix:///mine.sock"},
		{map[string]string{"HOME": home, "DOCKER_CONTEXT": "mine", "DOCKER_HOST": "unix:///other.sock"}, "unix:///other.sock"},
		{map[string]string{"HOME": home, "DOCKER_HOST": "127.0.0.1"}, "tcp://127.0.0.1:2375"},
		{map[string]string{"HOME": home, "DOCKER_HOST": ":2376"}, "tcp://127.0.0.1:2376"},
		{map[string]string{"HOME": home, "DOCKER_HOST": "tcp://localhost"}, "tcp://localhost:2375"},
		{map[string]string{"HOME": home, "DOCKER_HOST": "tcp://[::1]:2375"}, "tcp://[::1]:2375"},
		{map[string]string{"HOME": home, "DOCKER_HOST": "tcp://[::1]/"}, "tcp://[::1]:2375"},
		{map[string]string{"HOME": home, "DOCKER_HOST": "/x/docker.sock"}, "unix:///x/docker.sock"},
		{map[string]string{"HOME": home, "DOCKER_HOST": "npipe:////./pipe/docker_engine"}, "npipe:////./pipe/docker_engine"},
		{map[string]string{"HOME": home, "DOCKER_HOST": "ssh://me@host"}, "ssh://me@host"},
	} {
		if got := New(Options{Getenv: envOf(test.vars)}).hosts(); len(got) != 1 || got[0] != test.want {
			t.Errorf("%v: %v, want %s", test.vars, got, test.want)
		}
	}
}
