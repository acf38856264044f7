package docker

import (
	"encoding/json"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// proxyNames are the variables by which programs are told of proxies, as the builder knows them without an ARG. Each is
// spelled in both ways, as programs read the one or the other.
var proxyNames = map[string]string{
	"httpProxy": "HTTP_PROXY", "httpsProxy": "HTTPS_PROXY", "ftpProxy": "FTP_PROXY", "allProxy": "ALL_PROXY", "noProxy": "NO_PROXY",
}

// buildProxies gives the proxies that a build is told of: those of the docker command's configuration for the engine at
// host, else its default ones; and over them those of the environment. A proxy of the environment that listens on this
// machine's loopback is left out, as no container reaches it. They are no part of what an image is named after, and do not
// stay in it.
func buildProxies(getenv func(string) string, host string) map[string]string {
	var config struct {
		Proxies map[string]map[string]json.RawMessage `json:"proxies"`
	}
	readJSON(filepath.Join(configFolder(getenv), "config.json"), &config)
	configured, ok := config.Proxies[host]
	if !ok {
		configured = config.Proxies["default"]
	}
	out := map[string]string{}
	for key, name := range proxyNames {
		var value string
		_ = json.Unmarshal(configured[key], &value)
		for _, spelling := range []string{strings.ToLower(name), name} {
			if v := getenv(spelling); v != "" && (key == "noProxy" || !onLoopback(v)) {
				value = v
			}
		}
		if value != "" {
			out[name], out[strings.ToLower(name)] = value, value
		}
	}
	if out["HTTP_PROXY"] == "" && out["HTTPS_PROXY"] == "" && out["FTP_PROXY"] == "" && out["ALL_PROXY"] == "" {
		return nil // exceptions from nothing
	}
	return out
}

// onLoopback tells whether a proxy's address is one that only programs of this machine itself reach.
func onLoopback(proxy string) bool {
	if !strings.Contains(proxy, "://") {
		proxy = "http://" + proxy
	}
	u, err := url.Parse(proxy)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return strings.EqualFold(u.Hostname(), "localhost") || ip != nil && ip.IsLoopback()
}

// secretsOf replaces the names and passwords in proxies' addresses wherever they stand in a text.
func secretsOf(proxies map[string]string) *strings.Replacer {
	var pairs []string
	for _, value := range proxies {
		u, err := url.Parse(value)
		if err != nil || u.User == nil {
			continue
		}
		// As it was written, and as programs print it.
		if _, rest, ok := strings.Cut(value, "://"); ok {
			pairs = append(pairs, rest[:strings.LastIndexByte(rest, '@')+1], "…@")
		}
		if password, ok := u.User.Password(); ok && len(password) > 3 {
			pairs = append(pairs, password, "…")
		}
	}
	return strings.NewReplacer(pairs...)
}

// configFolder is where the docker command keeps its configuration.
func configFolder(getenv func(string) string) string {
	if folder := getenv("DOCKER_CONFIG"); folder != "" {
		return folder
	}
	return filepath.Join(homeFolder(getenv), ".docker")
}

// homeFolder is the user's folder as the docker command finds it; "" if there is none.
func homeFolder(getenv func(string) string) string {
	if os.PathSeparator == '\\' {
		if home := getenv("USERPROFILE"); home != "" {
			return home
		}
	}
	return getenv("HOME")
}
