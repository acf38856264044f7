package docker

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/probe"
)

// shell is an sh that stays open in a container for the commands by which files are validated. Most of what an exec
// takes is the engine's way into the container (50 of 60 ms with nginx -t); this way is gone only once.
type shell struct {
	stream client.HijackedResponse
	mark   string // ends each command's output; nobody else can know it

	run    sync.Mutex // held while a command runs
	mu     sync.Mutex
	out    [2]bytes.Buffer // standard output and standard error since the command began
	over   bool
	change chan struct{} // has room for one: something came
}

var errShellOver = errors.New("the shell has ended")

// openShell starts an sh in a container. The error is no trouble: there may be no sh.
func openShell(ctx context.Context, a api, container string) (*shell, error) {
	made, err := a.ExecCreate(ctx, container, client.ExecCreateOptions{Cmd: []string{"sh"}, AttachStdin: true,
		AttachStdout: true, AttachStderr: true})
	if err != nil {
		return nil, err
	}
	r, err := a.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return nil, err
	}
	s := &shell{stream: r.HijackedResponse, mark: rand.Text(), change: make(chan struct{}, 1)}
	return s, nil
}

// serve reads what comes until the shell ends or is closed.
func (s *shell) serve() {
	_ = demux(shellOutput{s, 0}, shellOutput{s, 1}, s.stream.Reader)
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	s.wake()
}

func (s *shell) wake() {
	select {
	case s.change <- struct{}{}:
	default:
	}
}

// close ends the shell: it reads the end of its input.
func (s *shell) close() { s.stream.Close() }

type shellOutput struct {
	shell *shell
	which int
}

func (o shellOutput) Write(p []byte) (int, error) {
	o.shell.mu.Lock()
	if o.shell.out[o.which].Len() < maxOutput {
		o.shell.out[o.which].Write(p)
	} else {
		o.shell.over = true // its mark would not be seen any more
	}
	o.shell.mu.Unlock()
	o.shell.wake()
	return len(p), nil
}

// exec runs one command to its end. After an error the shell is of no more use.
func (s *shell) exec(ctx context.Context, argv []string) (probe.ExecResult, error) {
	s.run.Lock()
	defer s.run.Unlock()
	s.mu.Lock()
	s.out[0].Reset()
	s.out[1].Reset()
	s.mu.Unlock()
	command := fmt.Sprintf("%s </dev/null\nprintf '%%s %%d\\n' %s $?; printf '%%s\\n' %s >&2\n", quote(argv), s.mark, s.mark)
	if _, err := s.stream.Conn.Write([]byte(command)); err != nil {
		return probe.ExecResult{}, err
	}
	for {
		if r, ok := s.result(); ok {
			return r, nil
		}
		s.mu.Lock()
		over := s.over
		s.mu.Unlock()
		if over {
			return probe.ExecResult{}, errShellOver
		}
		select {
		case <-s.change:
		case <-ctx.Done():
			s.close()
			return probe.ExecResult{}, ctx.Err()
		}
	}
}

// result gives the command's result once both outputs have come to their mark.
func (s *shell) result() (probe.ExecResult, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stdout, rest, ok := strings.Cut(s.out[0].String(), s.mark+" ")
	code, err := strconv.Atoi(strings.TrimSuffix(rest, "\n"))
	if !ok || err != nil || !strings.HasSuffix(rest, "\n") {
		return probe.ExecResult{}, false
	}
	stderr, _, ok := strings.Cut(s.out[1].String(), s.mark)
	return probe.ExecResult{Code: code, Stdout: stdout, Stderr: stderr}, ok
}

// quote writes argv so that sh reads it back as it is.
func quote(argv []string) string {
	var words []string
	for _, a := range argv {
		words = append(words, "'"+strings.ReplaceAll(a, "'", `'\''`)+"'")
	}
	return strings.Join(words, " ")
}

// warm opens the service's shell, unless there is one, without anybody waiting for it.
func (v *environment) warm(s *service) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(s.Service.Apply.Validate) == 0 || v.stopping || s.shell != nil {
		return
	}
	v.work.Go(func() {
		sh, err := openShell(v.life, v.api, s.container)
		if err != nil {
			return
		}
		stop := context.AfterFunc(v.life, sh.close)
		defer stop()
		v.mu.Lock()
		first := s.shell == nil // another one may have been opened at the same time
		if first {
			s.shell = sh
		}
		v.mu.Unlock()
		if !first {
			sh.close()
			return
		}
		sh.serve()
		v.drop(s, sh)
	})
}

// drop closes a shell that is of no more use.
func (v *environment) drop(s *service, sh *shell) {
	sh.close()
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.shell == sh {
		s.shell = nil
	}
}

// validate runs a service's command for that, in its shell if there is one, else by an exec.
func (v *environment) validate(ctx context.Context, s *service) (probe.ExecResult, error) {
	ctx, cancel := context.WithTimeout(ctx, v.engine.limit)
	defer cancel()
	argv := s.Service.Apply.Validate
	v.mu.Lock()
	sh := s.shell
	v.mu.Unlock()
	if sh == nil {
		return v.exec(ctx, s, argv)
	}
	r, err := sh.exec(ctx, argv)
	if err != nil {
		v.drop(s, sh)
		v.warm(s)
	}
	if err == nil || ctx.Err() != nil {
		return r, err
	}
	return v.exec(ctx, s, argv)
}
