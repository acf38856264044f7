package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/printable"
	"github.com/cwk-stream/lab/internal/probe"
	"github.com/cwk-stream/lab/internal/session"
)

// Exec runs a command in a container, as the container's user. At most 1 MiB of each output is kept.
func (v *environment) Exec(ctx context.Context, name string, argv ...string) (probe.ExecResult, error) {
	s, err := v.known(name)
	if err != nil {
		return probe.ExecResult{}, err
	}
	r, err := v.exec(ctx, s, argv)
	if err != nil {
		return r, v.trouble(fmt.Errorf("running %s in %s: %w", strings.Join(argv, " "), name, err))
	}
	return r, nil
}

func (v *environment) exec(ctx context.Context, s *service, argv []string) (probe.ExecResult, error) {
	made, err := v.api.ExecCreate(ctx, s.container, client.ExecCreateOptions{Cmd: argv, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return probe.ExecResult{}, err
	}
	stream, err := v.api.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return probe.ExecResult{}, err
	}
	defer stream.Close()
	stop := context.AfterFunc(ctx, stream.Close) // a hijacked connection knows nothing of ctx
	defer stop()
	var stdout, stderr tail
	if err = demux(&stdout, &stderr, stream.Reader); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return probe.ExecResult{}, err
	}
	for {
		// The output ends a moment before the engine knows the exit code.
		state, err := v.api.ExecInspect(ctx, made.ID, client.ExecInspectOptions{})
		if err != nil {
			return probe.ExecResult{}, err
		}
		if !state.Running {
			return probe.ExecResult{Code: state.ExitCode, Stdout: stdout.String(), Stderr: stderr.String()}, nil
		}
		if !pause(ctx, 2*time.Millisecond) {
			return probe.ExecResult{}, ctx.Err()
		}
	}
}

// Apply makes new files take effect the way the service's course.Apply says: see session.Environment. Errors carry
// a hint: reload-unclear where the service never said that the new configuration serves, service-died.
func (v *environment) Apply(ctx context.Context, name string) (session.Applied, error) {
	s, err := v.known(name)
	if err != nil {
		return session.Applied{}, err
	}
	s.apply.Lock()
	defer s.apply.Unlock()
	applied, err := v.applyTo(ctx, s)
	if err != nil {
		return applied, v.trouble(fmt.Errorf("applying the files of %s: %w", name, err))
	}
	return applied, nil
}

func (v *environment) applyTo(ctx context.Context, s *service) (session.Applied, error) {
	var applied session.Applied
	how, begun := s.Service.Apply, time.Now()
	if len(how.Validate) > 0 {
		r, err := v.validate(ctx, s)
		if err != nil {
			return applied, err
		}
		applied.Check = time.Since(begun)
		if r.Code != 0 {
			return refusal(applied, r.Stderr+r.Stdout), nil
		}
	}
	begun = time.Now()
	var err error
	refused := ""
	switch {
	case how.Signal != "":
		refused, err = v.signal(ctx, s)
	case len(how.Reload) > 0:
		var r probe.ExecResult
		bounded, cancel := context.WithTimeout(ctx, v.engine.limit)
		defer cancel()
		if r, err = v.exec(bounded, s, how.Reload); err == nil && r.Code != 0 {
			refused = r.Stderr + r.Stdout
		}
	case how.Restart:
		err = v.restart(ctx, s)
	}
	applied.Reload = time.Since(begun)
	if err != nil {
		return applied, err
	}
	if refused != "" {
		return refusal(applied, refused), nil
	}
	applied.OK = true
	return applied, nil
}

// signal has the main process reload and waits for the line by which the new configuration alone serves, from each of
// the processes that served the old one. It gives what the service said if it refused to.
func (v *environment) signal(ctx context.Context, s *service) (refused string, err error) {
	until, err := regexp.Compile(s.Service.Apply.Until)
	if err != nil {
		return "", fmt.Errorf("reading what to wait for: %w", err)
	}
	done := func(l probe.Line) bool { return until.MatchString(l.Text) || emergency.MatchString(l.Text) }
	if s.pending >= 0 {
		// An earlier Apply was given up after its signal: its line must not be taken for that of the new one.
		settle, cancel := context.WithTimeout(ctx, 2*time.Second)
		_, err := s.log.Wait(settle, s.pending, done)
		cancel()
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if errors.Is(err, probe.ErrLogEnded) {
			return "", v.ended(ctx, s)
		}
	}
	s.pending = s.log.Last()
	s.workers.read(&s.log, until)
	old := maps.Clone(s.workers.pids)
	if _, err := v.api.ContainerKill(ctx, s.container, client.ContainerKillOptions{Signal: s.Service.Apply.Signal}); err != nil {
		return "", fmt.Errorf("sending SIG%s: %w", s.Service.Apply.Signal, err)
	}
	if s.Service.Apply.Until == "" {
		s.pending = -1
		return "", nil
	}
	wait, cancel := context.WithTimeout(ctx, reloadLimit)
	defer cancel()
	line, err := s.log.Wait(wait, s.pending, done)
	switch {
	case err == nil && until.MatchString(line.Text):
		if err = v.allLeave(ctx, s, old, s.pending, until); err == nil {
			s.pending = -1
		}
		return "", err
	case err == nil:
		s.pending = -1
		return line.Text, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, probe.ErrLogEnded):
		return "", v.ended(ctx, s)
	}
	return "", hint.With(fmt.Errorf("%s did not say within %v that it reloaded", s.Name, reloadLimit), "reload-unclear", s.Name)
}

// ended is why a service that has ended did so.
func (v *environment) ended(ctx context.Context, s *service) error {
	if err := v.Cause(); err != nil {
		return err
	}
	return v.obituary(ctx, s)
}

// restart ends the main process and starts it anew; the engine may choose other ports.
func (v *environment) restart(ctx context.Context, s *service) error {
	hold := make(chan struct{})
	v.mu.Lock()
	s.hold, s.readyFrom = hold, s.log.Last()
	v.mu.Unlock()
	grace := int((s.StopGrace + time.Second - 1) / time.Second)
	_, err := v.api.ContainerRestart(ctx, s.container, client.ContainerRestartOptions{Timeout: &grace})
	v.mu.Lock()
	s.hold = nil
	v.mu.Unlock()
	close(hold)
	if err != nil {
		return fmt.Errorf("restarting: %w", err)
	}
	return v.ready(ctx, s)
}

var (
	// emergency is how nginx begins to say that it goes on with the old configuration.
	emergency = regexp.MustCompile(`\[emerg\]`)
	// place is where nginx, at the end of a message, and Caddy, at its beginning or its end, say what they mean.
	place = regexp.MustCompile(`(?:^|\s)(/[^/\s:][^\s:]*):(\d+)`)
	// frame is where Python does; the last one is the innermost.
	frame = regexp.MustCompile(`File "(/[^"]+)", line (\d+)`)
	// noise is what nginx puts before its words: the time, or its name, and the process.
	noise = regexp.MustCompile(`^(?:nginx: |\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )?(\[[a-z]+\]) (?:\d+#\d+: )?(?:\*\d+ )?`)
)

// refusal fills in what the service said against the files: its own words, the file and the line.
func refusal(a session.Applied, output string) session.Applied {
	a.OK = false
	var kept []string
	for line := range strings.Lines(output) {
		line = noise.ReplaceAllString(printable.Uncoloured(line), "$1 ")
		if line == "" || strings.HasPrefix(line, "nginx: configuration file") || len(kept) > 0 && kept[len(kept)-1] == line {
			continue
		}
		kept = append(kept, line)
	}
	a.Message = strings.Join(kept, "\n")
	if a.Message == "" {
		a.Message = "it refused the files and gave no reason"
	}
	m := place.FindStringSubmatch(a.Message)
	if frames := frame.FindAllStringSubmatch(a.Message, -1); len(frames) > 0 {
		m = frames[len(frames)-1]
	}
	if m != nil {
		a.File = m[1]
		a.Line, _ = strconv.Atoi(m[2])
	}
	return a
}
