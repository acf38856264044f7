package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/hint"
)

// Terminal is where a shell reads and writes.
type Terminal struct {
	In         io.Reader
	Out, Err   io.Writer
	TTY        bool   // In and Out are a terminal, in raw mode
	Type       string // TERM
	Cols, Rows int    // its size; 0 for not known
}

// Shell runs a shell in a service of a lab that this user is running, until it ends, and gives its exit code. Where
// several are running, the newest is meant. The error carries the hint not-running if none is.
func (e *Engine) Shell(ctx context.Context, lab, name string, t Terminal) (code int, err error) {
	a, err := e.connect(ctx)
	if err != nil {
		return 0, err
	}
	container, err := e.running(ctx, a, lab, name)
	if err != nil {
		return 0, err
	}
	o := client.ExecCreateOptions{Cmd: []string{"sh"}, AttachStdin: true, AttachStdout: true, AttachStderr: true, TTY: t.TTY}
	if t.TTY {
		o.Env = []string{"TERM=" + t.Type, "COLUMNS=" + strconv.Itoa(t.Cols), "LINES=" + strconv.Itoa(t.Rows)}
	}
	x, err := a.ExecCreate(ctx, container, o)
	if err != nil {
		return 0, fmt.Errorf("making a shell in %s: %w", name, trouble(err, e.Host()))
	}
	c, err := a.ExecAttach(ctx, x.ID, client.ExecAttachOptions{TTY: t.TTY})
	if err != nil {
		return 0, fmt.Errorf("starting a shell in %s: %w", name, trouble(err, e.Host()))
	}
	defer c.Close()
	defer context.AfterFunc(ctx, c.Close)()
	hint.Go(func() { // ends with the program: a read from the keyboard cannot be called off
		_, _ = io.Copy(c.Conn, t.In)
		_ = c.CloseWrite()
	}, func(error) { c.Close() })
	if t.TTY {
		_, err = io.Copy(t.Out, c.Reader)
	} else {
		err = demux(t.Out, t.Err, c.Reader)
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("talking to the shell in %s: %w", name, err)
	}
	end, err := a.ExecInspect(ctx, x.ID, client.ExecInspectOptions{})
	return end.ExitCode, err
}

// running gives the container of a service in this user's newest running environment of a lab.
func (e *Engine) running(ctx context.Context, a api, lab, name string) (string, error) {
	list, err := a.ContainerList(ctx, client.ContainerListOptions{
		Filters: make(client.Filters).Add("label", labelLab+"="+lab)})
	if err != nil {
		return "", fmt.Errorf("listing containers: %w", trouble(err, e.Host()))
	}
	mine := false
	for _, c := range list.Items { // newest first, by the API's documentation
		owner, ok := ParseOwner(c.Labels[labelOwner])
		if !ok || !owner.SameUser(e.owner) {
			continue
		}
		mine = true
		if c.Labels[labelService] == name {
			return c.ID, nil
		}
	}
	if mine {
		return "", hint.With(fmt.Errorf("lab %s has no service %q", lab, name), "service-unknown", lab, name)
	}
	return "", hint.With(fmt.Errorf("lab %s is not running", lab), "not-running", lab)
}
