// Package docker runs environments in containers: it is the session.Engine for Docker, Docker Desktop, rootless
// Docker and Podman's socket, through the Docker Engine API. It is the only package that knows that Docker exists.
//
// It does not know what a check, a step or a student is, and never reads the lab's YAML: it is given a
// course.Environment. Everything that it makes is labelled before it can be lost, and is found again by its labels.
package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/moby/moby/client"
	"github.com/moby/moby/client/pkg/versions"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
)

const (
	defaultMemory = 256 << 20 // bytes, for a service that names no limit
	defaultPids   = 128
	defaultCPUs   = 2

	minAPI      = "1.41"          // Engine 20.10
	pingLimit   = 5 * time.Second // of one candidate engine
	stopLimit   = 20 * time.Second
	graceLimit  = 3 * time.Second // for a creating call in flight when its Start is given up
	readyLimit  = 60 * time.Second
	reloadLimit = 10 * time.Second
)

// Options says how to reach the engine. The zero value finds it as the docker command does.
type Options struct {
	// Host is the engine's address, such as "unix:///run/podman/podman.sock". "" means DOCKER_HOST, then the current
	// docker context, then the usual sockets: see sockets.
	Host string
	// Locks is the folder in which processes take turns at building images. "" means one in the user's cache folder.
	Locks string
	// Shipped tells whether an environment came with the program. The services of any other have nothing to write to but
	// memory, and less than a quarter of a gigabyte of disk each, at the price of a slower start. nil means: none did.
	Shipped func(course.Environment) bool
	// Getenv reads the environment; nil means os.Getenv.
	Getenv func(string) string
}

// Engine runs environments in containers. It is safe for use by several goroutines. Close frees its connections.
type Engine struct {
	options Options
	owner   Owner
	limit   time.Duration // for one call
	limits  buildLimits   // of a build

	mu     sync.Mutex
	api    api // nil until the engine was found
	host   string
	podman bool
	open   bool           // labs cannot be shut off
	proved bool           // that they are shut off
	soiled map[string]int // sessions of which something may be left, and how often removing failed
}

// New makes an Engine. It touches nothing: Available finds out whether there is one.
func New(o Options) *Engine {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	return &Engine{options: o, owner: Self(), limit: callLimit, limits: defaultBuildLimits()}
}

// Name is "docker", whichever engine speaks its API.
func (e *Engine) Name() string { return "docker" }

// Host is the address of the engine that was found; "" before.
func (e *Engine) Host() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.host
}

// Owner is whose things this engine makes: this process.
func (e *Engine) Owner() Owner { return e.owner }

// Available tells whether an engine answers that can run labs. The error carries a hint: docker-unreachable,
// docker-permission, docker-api-old, docker-hangs, docker-remote, docker-windows.
func (e *Engine) Available(ctx context.Context) error {
	_, err := e.connect(ctx)
	return err
}

// Version describes the engine for people: its name, version and API version.
func (e *Engine) Version(ctx context.Context) (string, error) {
	a, err := e.connect(ctx)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	v, err := a.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return "", trouble(err, e.Host())
	}
	name := "Docker"
	if podmanIn(v) {
		name = "Podman"
	}
	return fmt.Sprintf("%s %s, API %s", name, v.Version, v.APIVersion), nil
}

// Close frees the connections to the engine. Environments that still run are not stopped.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.api == nil {
		return nil
	}
	err := e.api.Close()
	e.api = nil
	return err
}

// connect gives the engine's API, finding the engine the first time.
func (e *Engine) connect(ctx context.Context) (api, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.api != nil {
		return e.api, nil
	}
	return e.find(ctx, e.hosts())
}

// find takes the first of hosts at which an engine answers.
func (e *Engine) find(ctx context.Context, hosts []string) (api, error) {
	var worst error
	for _, host := range hosts {
		a, podman, err := dial(ctx, host, e.options.Getenv)
		if err == nil {
			e.api, e.host, e.podman = patient{a, e.limit}, host, podman
			return e.api, nil
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, ctx.Err()
		}
		// A socket that is there and refuses says more than one that is not there.
		if found, ok := hint.Find(err); worst == nil || ok && found.Code != "docker-unreachable" {
			worst = err
		}
	}
	return nil, worst
}

// dial makes a client for host and asks the engine there whether it can run labs, and whether it is Podman.
func dial(ctx context.Context, host string, getenv func(string) string) (a api, podman bool, err error) {
	if err := reachable(host); err != nil {
		return nil, false, err
	}
	c, err := newClient(host, getenv("DOCKER_TLS_VERIFY") != "")
	if err != nil {
		return nil, false, hint.With(err, "docker-unreachable", host)
	}
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	pong, err := c.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	if err == nil {
		err = suits(pong, host)
	}
	if err != nil {
		_ = c.Close()
		return nil, false, trouble(err, host)
	}
	return c, isPodman(ctx, c, pong), nil
}

// suits tells by an engine's answer whether it can run labs.
func suits(pong client.PingResult, host string) error {
	if pong.APIVersion != "" && versions.LessThan(pong.APIVersion, minAPI) {
		return hint.With(fmt.Errorf("the engine at %s speaks API %s", host, pong.APIVersion), "docker-api-old",
			pong.APIVersion, minAPI)
	}
	if pong.OSType == "windows" {
		return hint.With(fmt.Errorf("the engine at %s runs Windows containers", host), "docker-windows")
	}
	return nil
}
