package enginetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// Fake is an engine without containers for the tests of those who use engines: real listeners on loopback, a backend
// that echoes, and a proxy that understands the few lines of an nginx configuration that lab 03 turns on. It passes
// Conform. The zero value is ready for use.
type Fake struct {
	Boot time.Duration // how long Start takes
	Err  error         // what Start ends with, after Boot; nil for success
	Slow time.Duration // how long each Apply takes

	mu  sync.Mutex
	ids map[string]bool // of running environments
}

// Name is "fake".
func (f *Fake) Name() string { return "fake" }

// Start listens for every service of env.
func (f *Fake) Start(ctx context.Context, id string, env course.Environment, files []session.File,
	say func(session.Stage)) (session.Environment, error) {
	if say == nil {
		say = func(session.Stage) {}
	}
	say(session.Stage{Name: "start"})
	if err := sleep(ctx, f.Boot); err != nil {
		return nil, err
	}
	if f.Err != nil {
		return nil, f.Err
	}
	if err := f.take(id); err != nil {
		return nil, err
	}
	v := &FakeEnvironment{fake: f, id: id, died: make(chan struct{}), files: map[string][]byte{}}
	for _, s := range env.Services {
		if err := v.listen(s); err != nil {
			return nil, errors.Join(err, v.Stop(ctx))
		}
	}
	if err := v.Put(ctx, files); err != nil {
		return nil, errors.Join(err, v.Stop(ctx))
	}
	for _, s := range v.services {
		config, refused := s.read(v.files)
		if refused.Message != "" {
			return nil, errors.Join(errors.New(refused.Message), v.Stop(ctx))
		}
		s.config = config
	}
	say(session.Stage{Name: "start", End: true})
	return v, nil
}

// Running says how many environments are not stopped.
func (f *Fake) Running() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.ids)
}

func (f *Fake) take(id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ids[id] {
		return fmt.Errorf("there is an environment %s", id)
	}
	if f.ids == nil {
		f.ids = map[string]bool{}
	}
	f.ids[id] = true
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// FakeEnvironment is an environment of a Fake.
type FakeEnvironment struct {
	fake     *Fake
	id       string
	services []*fakeService
	work     sync.WaitGroup

	mu      sync.Mutex
	files   map[string][]byte // by service and path
	died    chan struct{}
	cause   error
	stopped bool
}

type fakeService struct {
	course.Service
	addr   string
	server *http.Server
	log    probe.Log

	mu     sync.Mutex
	config fakeConfig
	conns  map[net.Conn]bool // those taken over from the server
	down   bool
}

func (v *FakeEnvironment) listen(s course.Service) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	x := &fakeService{Service: s, addr: l.Addr().String(), conns: map[net.Conn]bool{}}
	handler := http.Handler(http.HandlerFunc(x.backend))
	if s.Apply.Stub == "nginx" {
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { x.proxy(w, r, v) })
	}
	x.server = &http.Server{Handler: handler}
	v.services = append(v.services, x)
	v.work.Go(func() { _ = x.server.Serve(l) })
	return nil
}

func (v *FakeEnvironment) service(name string) (*fakeService, error) {
	for _, s := range v.services {
		if s.Name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("there is no service %q", name)
}

// Services, Addr, Log, ReadFile, Put, Died and Cause are as session.Environment says.
func (v *FakeEnvironment) Services() (names []string) {
	for _, s := range v.services {
		names = append(names, s.Name)
	}
	return names
}

// Addr gives the listener's address: each service has one port.
func (v *FakeEnvironment) Addr(name string, port int) (string, error) {
	s, err := v.service(name)
	if err != nil {
		return "", err
	}
	if port != 0 && !slices.Contains(s.Ports, port) {
		return "", fmt.Errorf("port %d of %s is not published", port, name)
	}
	return s.addr, nil
}

// Log gives a service's log.
func (v *FakeEnvironment) Log(name string) *probe.Log {
	s, err := v.service(name)
	if err != nil {
		return nil
	}
	return &s.log
}

// ReadFile gives what was put.
func (v *FakeEnvironment) ReadFile(_ context.Context, name, path string) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if data, ok := v.files[name+path]; ok {
		return data, nil
	}
	return nil, fmt.Errorf("there is no %s in %s", path, name)
}

// Put keeps the files.
func (v *FakeEnvironment) Put(_ context.Context, files []session.File) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, f := range files {
		if _, err := v.service(f.Service); err != nil {
			return err
		}
		v.files[f.Service+f.Path] = slices.Clone(f.Data)
	}
	return nil
}

// Exec knows nginx -t, -T and -s stop.
func (v *FakeEnvironment) Exec(ctx context.Context, name string, argv ...string) (probe.ExecResult, error) {
	s, err := v.service(name)
	if err := errors.Join(err, ctx.Err()); err != nil {
		return probe.ExecResult{}, err
	}
	v.mu.Lock()
	_, refused := s.read(v.files)
	var text strings.Builder
	for key, data := range v.files {
		if strings.HasPrefix(key, name+"/") {
			fmt.Fprintf(&text, "# configuration file %s:\n%s", strings.TrimPrefix(key, name), data)
		}
	}
	v.mu.Unlock()
	command := strings.Join(argv, " ")
	switch {
	case command == "nginx -s stop":
		v.Kill(name)
		return probe.ExecResult{}, nil
	case command != "nginx -t" && command != "nginx -T":
		return probe.ExecResult{Code: 127, Stderr: argv[0] + ": not found\n"}, nil
	case refused.Message != "":
		return probe.ExecResult{Code: 1, Stderr: "nginx: " + refused.Message + "\n"}, nil
	case command == "nginx -T":
		return probe.ExecResult{Stdout: text.String()}, nil
	}
	return probe.ExecResult{Stderr: "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"}, nil
}

// Apply takes the files that were put, if the fake grammar has nothing against them.
func (v *FakeEnvironment) Apply(ctx context.Context, name string) (session.Applied, error) {
	s, err := v.service(name)
	if err != nil {
		return session.Applied{}, err
	}
	if err := sleep(ctx, v.fake.Slow); err != nil {
		return session.Applied{}, err
	}
	v.mu.Lock()
	config, refused := s.read(v.files)
	v.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return session.Applied{}, fmt.Errorf("%s has ended", name)
	}
	if refused.Message != "" {
		return refused, nil
	}
	s.config = config
	return session.Applied{OK: true, Check: 1, Reload: 1}, nil
}

// Kill ends a service as if it had crashed.
func (v *FakeEnvironment) Kill(name string) {
	s, err := v.service(name)
	if err != nil {
		return
	}
	s.end()
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.stopped && v.cause == nil {
		v.cause = fmt.Errorf("%s ended", name)
		close(v.died)
	}
}

// Died is closed by Kill.
func (v *FakeEnvironment) Died() <-chan struct{} { return v.died }

// Cause is nil before Kill.
func (v *FakeEnvironment) Cause() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.cause
}

// Stop closes all.
func (v *FakeEnvironment) Stop(context.Context) error {
	v.mu.Lock()
	v.stopped = true
	v.mu.Unlock()
	for _, s := range v.services {
		s.end()
	}
	v.work.Wait()
	v.fake.mu.Lock()
	defer v.fake.mu.Unlock()
	delete(v.fake.ids, v.id)
	return nil
}

func (s *fakeService) end() {
	_ = s.server.Close()
	s.mu.Lock()
	s.down = true
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.log.End()
}
