package embedded_test

import (
	"context"
	"crypto/rand"
	"flag"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/docker"
	"github.com/cwk-stream/lab/internal/embedded"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/google/go-cmp/cmp"
)

// -update and -only are for people; the tests run all cases.
var update = flag.Bool("update", false, "write what real nginx does into testdata/differential (needs Docker)")
var only = flag.String("only", "", "regular expression of the cases to run, for -update of some")

// TestDifferentialEmbedded holds the stand-ins to what was recorded of the real software. It needs no Docker.
func TestDifferentialEmbedded(t *testing.T) {
	engine := embedded.New(embedded.Options{})
	if *update {
		for _, c := range loadCases(t) {
			if strings.HasPrefix(c.name, "refused-") {
				c.set("stand-in", runAll(t, engine, []diffCase{c})[c.name])
				c.save(t)
			}
		}
		return
	}
	compare(t, engine, func(c diffCase) string {
		if want, ok := c.section("stand-in"); ok {
			return want
		}
		want, _ := c.section("want")
		return want
	}, "the stand-in differs from real nginx (-real +stand-in)")
}

// TestDifferentialDocker runs the same cases on real nginx and FastAPI, and compares with what is recorded; -update
// records.
func TestDifferentialDocker(t *testing.T) {
	engine := realEngine(t)
	if *update {
		cases := loadCases(t)
		outcomes := runAll(t, engine, cases)
		for _, c := range cases {
			c.set("want", outcomes[c.name])
			c.save(t)
		}
		return
	}
	compare(t, engine, func(c diffCase) string {
		want, _ := c.section("want")
		return want
	}, "real nginx differs from what is recorded of it (-recorded +real); -update records anew")
}

// compare runs all cases on an engine. Those that differ get two more chances, by themselves: outcomes have times in them,
// and a machine that does a dozen other things at once can be half a second late.
func compare(t *testing.T, engine session.Engine, want func(diffCase) string, complaint string) {
	t.Helper()
	cases := loadCases(t)
	outcomes := runAll(t, engine, cases)
	for range 2 {
		var again []diffCase
		for _, c := range cases {
			if outcomes[c.name] != want(c) {
				again = append(again, c)
			}
		}
		if len(again) == 0 {
			break
		}
		maps.Copy(outcomes, runAll(t, engine, again))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(want(c), outcomes[c.name]); diff != "" {
				t.Errorf("%s:\n%s", complaint, diff)
			}
		})
	}
}

// realEngine gives the Docker engine, or skips the test.
func realEngine(t *testing.T) session.Engine {
	t.Helper()
	engine := docker.New(docker.Options{})
	t.Cleanup(func() { _ = engine.Close() })
	if err := engine.Available(t.Context()); err != nil {
		if os.Getenv("LAB_REQUIRE_DOCKER") == "1" {
			t.Fatalf("LAB_REQUIRE_DOCKER=1, and no engine: %v", err)
		}
		t.Skipf("no Docker engine: real nginx was not asked (%v)", err)
	}
	return engine
}

// runAll runs every case in one environment of the engine.
func runAll(t *testing.T, engine session.Engine, cases []diffCase) map[string]string {
	t.Helper()
	lab := lesson03(t)
	env, err := engine.Start(t.Context(), "differential"+strings.ToLower(rand.Text()[:8]), lab.Env, filesAfter(t, lab, ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := env.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	b := &bench{env: env, waiting: make(chan struct{}, 20)} // the proxy's container may have 32 processes
	if engine.Name() == "embedded" {
		b.waiting = make(chan struct{}, 1000)
	}
	if err := b.test(t.Context(), cases, engine.Name() == "docker"); err != nil {
		t.Fatal(err)
	}
	finish := map[string]func() string{}
	for _, c := range cases {
		f, err := b.begin(t.Context(), c)
		if err != nil {
			t.Fatalf("%s on %s: %v", c.name, engine.Name(), err)
		}
		finish[c.name] = f
	}
	outcomes := map[string]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, c := range cases {
		all.Go(func() {
			outcome := finish[c.name]()
			mu.Lock()
			defer mu.Unlock()
			outcomes[c.name] = outcome
		})
	}
	all.Wait()
	return outcomes
}
