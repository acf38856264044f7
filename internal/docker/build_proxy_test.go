package docker

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBuildProxies: a build is told of the proxies that the docker command would tell it of, and of the environment's.
func TestBuildProxies(t *testing.T) {
	const host = "unix:///var/run/docker.sock"
	both := func(pairs ...string) map[string]string {
		out := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i]], out[map[string]string{"HTTP_PROXY": "http_proxy", "HTTPS_PROXY": "https_proxy", "NO_PROXY": "no_proxy",
				"ALL_PROXY": "all_proxy", "FTP_PROXY": "ftp_proxy"}[pairs[i]]] = pairs[i+1], pairs[i+1]
		}
		return out
	}
	for name, test := range map[string]struct {
		config string
		env    map[string]string
		want   map[string]string
	}{
		"none":        {"", nil, nil},
		"environment": {"", map[string]string{"http_proxy": "http://p:3128"}, both("HTTP_PROXY", "http://p:3128")},
		"capitals":    {"", map[string]string{"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "a,b"}, both("HTTPS_PROXY", "http://p:3128", "NO_PROXY", "a,b")},
		"configuration": {`{"proxies":{"default":{"httpProxy":"http://c:1","httpsProxy":"http://c:2","noProxy":"x","allProxy":"socks5://c:3"}}}`, nil,
			both("HTTP_PROXY", "http://c:1", "HTTPS_PROXY", "http://c:2", "NO_PROXY", "x", "ALL_PROXY", "socks5://c:3")},
		"this engine's": {`{"proxies":{"default":{"httpProxy":"http://c:1"},"` + host + `":{"ftpProxy":"http://e:1"}}}`, nil, both("FTP_PROXY", "http://e:1")},
		"both":          {`{"proxies":{"default":{"httpProxy":"http://c:1"}}}`, map[string]string{"HTTP_PROXY": "http://p:1"}, both("HTTP_PROXY", "http://p:1")},
		// Nothing but this machine's own programs reach it.
		"loopback":                  {`{"proxies":{"default":{"httpProxy":"http://c:1"}}}`, map[string]string{"HTTP_PROXY": "http://127.0.0.1:1", "https_proxy": "localhost:8080"}, both("HTTP_PROXY", "http://c:1")},
		"loopback, another family":  {"", map[string]string{"HTTP_PROXY": "http://[::1]:1"}, nil},
		"exceptions alone":          {"", map[string]string{"NO_PROXY": "localhost"}, nil},
		"not JSON":                  {"{", map[string]string{"HTTP_PROXY": "http://p:1"}, both("HTTP_PROXY", "http://p:1")},
		"values of another kind":    {`{"proxies":{"default":{"httpProxy":7,"httpsProxy":"http://c:2"}}}`, nil, both("HTTPS_PROXY", "http://c:2")},
		"proxies of another kind":   {`{"proxies":["http://c:1"]}`, nil, nil},
		"a proxy without a scheme":  {"", map[string]string{"http_proxy": "proxy.example:3128"}, both("HTTP_PROXY", "proxy.example:3128")},
		"a name that only looks so": {"", map[string]string{"http_proxy": "http://localhost.example:1"}, both("HTTP_PROXY", "http://localhost.example:1")},
	} {
		folder := t.TempDir()
		if test.config != "" {
			if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(test.config), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		env := map[string]string{"DOCKER_CONFIG": folder}
		for k, v := range test.env {
			env[k] = v
		}
		if diff := cmp.Diff(test.want, buildProxies(envOf(env), host)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestProxySecrets: who may use a proxy is not shown in what a build says.
func TestProxySecrets(t *testing.T) {
	r := secretsOf(map[string]string{"HTTP_PROXY": "http://me:s3cret@p:3128", "NO_PROXY": "x"})
	for in, want := range map[string]string{
		"Err: http://me:s3cret@p:3128 407": "Err: http://…@p:3128 407",
		"user me, password s3cret":         "user me, password …",
		"nothing":                          "nothing",
	} {
		if got := r.Replace(in); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
