package course_test

import (
	"os"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/labs"
)

func TestLoadLab03(t *testing.T) {
	c, err := course.Load(os.DirFS("../../lessons"), labs.FS)
	if err != nil {
		t.Fatal(err)
	}
	lab, err := c.Lab("03-reverse-proxy", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := len(lab.Steps); got != 4 {
		t.Errorf("steps: got %d, want 4", got)
	}
	idle := lab.Steps[2].Checks[0]
	if got, want := idle.Limit, 41500*time.Millisecond; got != want {
		t.Errorf("idle limit: got %s, want %s", got, want)
	}
	if got := idle.Idle.Via; got != "proxy" {
		t.Errorf("idle via: got %q, want proxy", got)
	}
	proxy, ok := lab.Env.Service("proxy")
	if !ok || proxy.Build.Dir != "proxy" || proxy.Ports[0] != 8080 || proxy.Mounts["/etc/nginx/lab"] != "conf" ||
		proxy.Apply.Signal != "HUP" || !proxy.ReadOnly {
		t.Errorf("proxy: got %+v", proxy)
	}
	if lab.Env.Services[0].Name != "backend" {
		t.Errorf("the backend must start before the proxy, got %+v", lab.Env.Services)
	}
}
