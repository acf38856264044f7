package docker

import (
	"net/http"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
)

// TestActions takes services away and gives them back; in between the environment must not count as broken.
func TestActions(t *testing.T) {
	e := real(t)
	env, err := e.Start(t.Context(), newID(), lab03(t).Env, files(t)(""), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := env.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	actor := env.(probe.Actor)
	serves := func(service string) bool {
		addr, err := env.Addr(service, 0)
		if err != nil {
			return false
		}
		c := http.Client{Timeout: 500 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := c.Get("http://" + addr + "/health")
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	}
	for _, step := range []struct {
		away, back course.Action
		service    string
	}{
		{course.Action{Kill: "backend"}, course.Action{Start: "backend"}, "backend"},
		{course.Action{Stop: "backend"}, course.Action{Restart: "backend"}, "backend"},
		{course.Action{Pause: "backend"}, course.Action{Unpause: "backend"}, "backend"},
		{course.Action{Disconnect: "proxy"}, course.Action{Connect: "proxy"}, "proxy"},
		{course.Action{Kill: "proxy"}, course.Action{Start: "proxy"}, "proxy"},
	} {
		verb, _ := step.away.Verb()
		for range 2 { // what is so already stays so
			if err := actor.Do(t.Context(), step.away); err != nil && verb != "pause" && verb != "disconnect" {
				t.Fatalf("%s: %v", verb, err)
			}
		}
		if serves(step.service) {
			t.Errorf("after %s, %s still serves", verb, step.service)
		}
		if err := actor.Do(t.Context(), step.back); err != nil {
			t.Fatalf("after %s: %v", verb, err)
		}
		if !serves(step.service) {
			t.Errorf("after %s and back, %s does not serve", verb, step.service)
		}
	}
	if err := actor.Do(t.Context(), course.Action{Reload: "proxy"}); err != nil {
		t.Errorf("reload: %v", err)
	}
	if err := actor.Do(t.Context(), course.Action{Kill: "nobody"}); err == nil {
		t.Error("an unknown service gives no error")
	}
	select {
	case <-env.Died():
		t.Errorf("the environment is taken for broken: %v", env.Cause())
	default:
	}
}
