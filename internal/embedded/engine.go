package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path"
	"strings"
	"sync"
	"time"

	_ "embed"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// mimeTypes is Debian's /etc/nginx/mime.types.
//
//go:embed mime.types
var mimeTypes []byte

// Options has nothing to choose yet; its zero value is what there is.
type Options struct{}

// Engine runs environments in this process. It implements session.Engine.
type Engine struct{}

// New makes an engine.
func New(Options) *Engine { return &Engine{} }

// Name is "embedded".
func (*Engine) Name() string { return "embedded" }

// Start makes a stand-in for each service by its Apply.Stub: see session.Engine. The files that the student does not
// edit are taken from the build folder of the service: nginx.conf becomes /etc/nginx/nginx.conf, other *.conf files go
// to /etc/nginx/lab. Errors carry a hint: embedded-no-stub for a service that nothing stands in for, embedded-refused for
// files that the service does not start with.
func (e *Engine) Start(ctx context.Context, id string, env course.Environment, files []session.File,
	say func(session.Stage)) (session.Environment, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v, err := newEnvironment(env)
	if err != nil {
		return nil, err
	}
	if err := v.begin(ctx, env, files, say); err != nil {
		_ = v.Stop(context.WithoutCancel(ctx))
		return nil, err
	}
	return v, nil
}

// environment implements session.Environment.
type environment struct {
	net      *network
	names    []string // of the services, as the environment lists them
	services map[string]*service
	stop     sync.Once
}

// service is one service: exactly one of the stand-ins is set.
type service struct {
	course.Service
	log     *probe.Log
	nginx   *nginx
	fastAPI *fastAPI
	files   map[string][]byte // of the backend; nginx keeps its own
}

func newEnvironment(env course.Environment) (*environment, error) {
	var names []string
	for _, s := range env.Services {
		names = append(names, s.Name)
	}
	v := &environment{net: newNetwork(names), names: names, services: map[string]*service{}}
	for _, s := range env.Services {
		made := &service{Service: s, log: &probe.Log{}, files: map[string][]byte{}}
		switch s.Apply.Stub {
		case "nginx":
			made.nginx = &nginx{service: s.Name, net: v.net, out: made.log, files: map[string][]byte{
				"/etc/nginx/mime.types": mimeTypes}}
			if err := initialFiles(env.FS, s, made.nginx.files); err != nil {
				return nil, err
			}
		case "fastapi":
			made.fastAPI = &fastAPI{out: made.log}
		default:
			return nil, hint.With(fmt.Errorf("nothing stands in for service %s (stub %q)", s.Name, s.Apply.Stub),
				"embedded-no-stub", s.Name)
		}
		v.services[s.Name] = made
	}
	return v, nil
}

// initialFiles reads what the service's image would have.
func initialFiles(lab fs.FS, s course.Service, files map[string][]byte) error {
	if s.Build == nil || lab == nil {
		return nil
	}
	names, err := fs.Glob(lab, path.Join(s.Build.Dir, "*.conf"))
	if err != nil {
		return fmt.Errorf("listing %s: %w", s.Build.Dir, err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(lab, name)
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		target := "/etc/nginx/lab/" + path.Base(name)
		if path.Base(name) == "nginx.conf" {
			target = mainConf
		}
		files[target] = data
	}
	return nil
}

// begin lays the files and starts the services in order, backends before what looks their names up.
func (v *environment) begin(ctx context.Context, env course.Environment, files []session.File,
	say func(session.Stage)) (err error) {
	defer v.net.faults.caught(strings.Join(v.names, ", "), &err)
	if say == nil {
		say = func(session.Stage) {}
	}
	if err := v.Put(ctx, files); err != nil {
		return err
	}
	for _, s := range env.Services {
		say(session.Stage{Name: "start", Subject: s.Name})
		if err := v.services[s.Name].start(v.net); err != nil {
			return hint.With(fmt.Errorf("starting %s: %w", s.Name, err), "embedded-refused", s.Name, err.Error())
		}
		say(session.Stage{Name: "start", Subject: s.Name, End: true})
	}
	say(session.Stage{Name: "ready", End: true})
	return ctx.Err()
}

// start opens the service's published ports, and for nginx those of its configuration.
func (s *service) start(n *network) error {
	if s.nginx != nil {
		if err := s.nginx.start(); err != nil {
			return err
		}
		for _, port := range s.Ports {
			if err := s.nginx.open(port, false); err != nil {
				return err
			}
		}
		return nil
	}
	ports := s.Ports
	if s.Ready.Port != 0 {
		ports = append([]int{s.Ready.Port}, ports...)
	}
	for _, port := range ports {
		if _, err := n.listen(door{service: s.Name, port: port}, func() bool { return true }, s.fastAPI.serve); err != nil {
			return err
		}
	}
	return nil
}

func (v *environment) service(name string) (*service, error) {
	if s, ok := v.services[name]; ok {
		return s, nil
	}
	return nil, fmt.Errorf("there is no service %q", name)
}

// Services lists the services: see probe.Target.
func (v *environment) Services() []string { return append([]string(nil), v.names...) }

// Addr gives the loopback address that stands for a port of a service: see probe.Target. Ports that only the
// configuration listens on have one, too.
func (v *environment) Addr(name string, port int) (string, error) {
	s, err := v.service(name)
	if err != nil {
		return "", err
	}
	if port == 0 {
		if len(s.Ports) == 0 {
			return "", fmt.Errorf("service %s publishes no port", name)
		}
		port = s.Ports[0]
	}
	f, ok := v.net.front(door{service: name, port: port})
	if !ok {
		return "", fmt.Errorf("service %s has no port %d", name, port)
	}
	return f.Addr().String(), nil
}

// Exec understands nginx -t, -T and -v: see probe.Target. Everything else ends with code 127.
func (v *environment) Exec(ctx context.Context, name string, argv ...string) (_ probe.ExecResult, err error) {
	defer v.net.faults.caught(name, &err)
	s, err := v.service(name)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return probe.ExecResult{}, err
	}
	if s.nginx != nil {
		if r, ok := s.nginx.exec(argv); ok {
			return r, nil
		}
	}
	return probe.ExecResult{Code: 127, Stderr: fmt.Sprintf("the embedded stand-in for %s has no command %q; it has nginx -t and "+
		"nginx -T (real containers have the rest: use Docker, --engine docker)\n", name, strings.Join(argv, " "))}, nil
}

// ReadFile reads a file of a service: see probe.Target.
func (v *environment) ReadFile(ctx context.Context, name, file string) ([]byte, error) {
	s, err := v.service(name)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	unlock := s.lock()
	defer unlock()
	data, ok := s.all()[file]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: file, Err: fs.ErrNotExist}
	}
	return append([]byte(nil), data...), nil
}

// all are the service's files. The caller holds its lock.
func (s *service) all() map[string][]byte {
	if s.nginx != nil {
		return s.nginx.files
	}
	return s.files
}

func (s *service) lock() (unlock func()) {
	if s.nginx == nil {
		return func() {} // a backend's files are only ever written before anything reads them
	}
	s.nginx.mu.Lock()
	return s.nginx.mu.Unlock
}

// Log is what a service has written: see probe.Target.
func (v *environment) Log(name string) *probe.Log {
	if s, ok := v.services[name]; ok {
		return s.log
	}
	return nil
}

// Put writes files: see session.Environment.
func (v *environment) Put(ctx context.Context, files []session.File) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, f := range files {
		s, err := v.service(f.Service)
		if err != nil {
			return fmt.Errorf("writing %s: %w", f.Path, err)
		}
		unlock := s.lock()
		s.all()[path.Clean(f.Path)] = append([]byte(nil), f.Data...)
		unlock()
	}
	return nil
}

// Apply makes new files take effect: see session.Environment.
func (v *environment) Apply(ctx context.Context, name string) (_ session.Applied, err error) {
	defer v.net.faults.caught(name, &err)
	s, err := v.service(name)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return session.Applied{}, err
	}
	if s.nginx == nil {
		return session.Applied{OK: true}, nil
	}
	n := s.nginx
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopped {
		return session.Applied{}, net.ErrClosed
	}
	began := time.Now()
	conf, err := n.read()
	applied := session.Applied{OK: err == nil, Check: time.Since(began)}
	if err != nil {
		for _, w := range conf.warnings {
			applied.Message += "[warn] " + w + "\n"
		}
		applied.Message += "[" + severityOf(err).String() + "] " + err.Error()
		applied.File, applied.Line = at(err)
		return applied, nil
	}
	began = time.Now()
	if err := n.reload(conf); err != nil {
		return session.Applied{}, err
	}
	applied.Reload = time.Since(began)
	return applied, nil
}

// Died fires when a stand-in panicked, which is a bug of this program's: see session.Environment.
func (v *environment) Died() <-chan struct{} { return v.net.faults.died }

// Cause is what a report of the bug needs: see session.Environment.
func (v *environment) Cause() error { return v.net.faults.cause() }

// Stop closes every connection and port: see session.Environment.
func (v *environment) Stop(ctx context.Context) error {
	v.stop.Do(func() {
		v.net.close()
		for _, s := range v.services {
			if s.nginx != nil {
				s.nginx.stop()
			} else {
				s.fastAPI.conns.close()
			}
		}
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		v.net.wait.Wait()
		for _, s := range v.services {
			if s.nginx != nil {
				s.nginx.workers.Wait()
			}
			s.log.End()
		}
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("stopping the stand-ins"), ctx.Err())
	}
}
