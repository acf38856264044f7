package docker

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/cwk-stream/lab/internal/hint"
)

// contextHost gives the address of the docker command's current context; "" for the default one or if it cannot be
// read, as the docker command keeps those files and nothing here depends on them.
func contextHost(getenv func(string) string) string {
	folder := configFolder(getenv)
	name := getenv("DOCKER_CONTEXT")
	if name == "" {
		var config struct {
			CurrentContext string `json:"currentContext"`
		}
		readJSON(filepath.Join(folder, "config.json"), &config)
		name = config.CurrentContext
	}
	if name == "" || name == "default" {
		return ""
	}
	var meta struct {
		Endpoints map[string]struct{ Host string }
	}
	readJSON(filepath.Join(folder, "contexts", "meta", contextFolder(name), "meta.json"), &meta)
	return meta.Endpoints["docker"].Host
}

// contextFolder is what the docker command calls the folder of a context.
func contextFolder(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

func readJSON(path string, into any) {
	if data, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(data, into)
	}
}

// reachable refuses engines whose loopback is not ours: ports are published on 127.0.0.1 and nowhere else.
func reachable(host string) error {
	u, err := url.Parse(host)
	if err != nil {
		return hint.With(fmt.Errorf("reading the engine's address: %w", err), "docker-unreachable", host)
	}
	switch u.Scheme {
	case "unix", "npipe":
		return nil
	case "tcp", "http", "https":
		name := u.Hostname()
		if ip := net.ParseIP(name); name == "localhost" || ip != nil && ip.IsLoopback() {
			return nil
		}
	}
	return hint.With(fmt.Errorf("the engine at %s is on another machine", host), "docker-remote", host)
}
