package session

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/cwk-stream/lab/internal/course"
)

// What a rehearsal finds of a lab itself, whatever the files.
const (
	TrialLint  TrialKind = "lint"  // what is written: checks that hold whatever happens, or never
	TrialReady TrialKind = "ready" // how a service says that it is ready
)

// lint makes trials of what LintChecks finds in the labs, each told of once.
func (h *house) lint() []Trial {
	var out []Trial
	seen := map[string]bool{}
	for _, p := range h.r.Plays {
		key := p.Lab.ID + " " + p.Lab.Variant
		if seen[key] {
			continue
		}
		seen[key] = true
		for _, problem := range p.Lab.LintChecks() {
			t := of(p, TrialLint, fmt.Sprintf("%s:%d", p.Lab.File, problem.Line))
			t.Finding, t.Args, t.Place = "lint", []string{problem.Message}, t.Name
			if problem.Hint != "" {
				t.Args = append(t.Args, problem.Hint)
			}
			out = append(out, t)
			h.say(t)
		}
	}
	return out
}

func of(p Play, kind TrialKind, name string) Trial {
	return Trial{Lab: p.Lab.ID, Variant: p.Lab.Variant, Engine: p.Engine.Name(), Kind: kind, Name: name}
}

// readyTimeout bounds one question whether a service is ready.
const readyTimeout = 3 * time.Second

// ready asks each service of a fresh environment for the page that it is ready by. A page that is not there is answered as
// soon as anything listens, so that nobody waits for what was meant. "/" is what one names to mean just that.
func (h *house) ready(ctx context.Context, p Play, env Environment) {
	for _, s := range p.Lab.Env.Services {
		if s.Ready.Port == 0 || s.Ready.Path == "" || s.Ready.Path == "/" {
			continue
		}
		status, ok := answer(ctx, env, s)
		if !ok || status != http.StatusNotFound && status != http.StatusGone {
			continue
		}
		t := of(p, TrialReady, s.Name)
		t.Finding, t.Args = "ready-not-found", []string{s.Name, s.Ready.Path, strconv.Itoa(status)}
		t.Place = p.Lab.Place("$.services." + s.Name + ".ready.path")
		h.saying.Lock()
		h.ofLabs = append(h.ofLabs, t)
		h.saying.Unlock()
		h.say(t)
	}
}

func answer(ctx context.Context, env Environment, s course.Service) (status int, ok bool) {
	addr, err := env.Addr(s.Name, s.Ready.Port)
	if err != nil {
		return 0, false // it publishes no port: only the engine can ask
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+s.Ready.Path, nil)
	if err != nil {
		return 0, false
	}
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		return 0, false
	}
	_ = res.Body.Close()
	return res.StatusCode, true
}
