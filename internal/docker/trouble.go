package docker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/cwk-stream/lab/internal/hint"
)

// trouble adds advice to what the engine answered, where there is some. host is the engine's address.
func trouble(err error, host string) error {
	if err == nil {
		return nil
	}
	if _, ok := hint.Find(err); ok {
		return err
	}
	if code, args := classify(err, host); code != "" {
		return hint.With(err, code, args...)
	}
	return err
}

// classify names the trouble that err means; "" for none that there is advice for.
func classify(err error, host string) (code string, args []any) {
	text := err.Error()
	switch {
	case errors.Is(err, context.Canceled):
		return "", nil
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EACCES), strings.Contains(text, "permission denied while trying"):
		return "docker-permission", []any{host}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "docker-hangs", []any{host}
	case strings.Contains(text, "client version") && strings.Contains(text, "too new"),
		strings.Contains(text, "is not supported by this client"):
		return "docker-api-old", []any{"", minAPI}
	case client.IsErrConnectionFailed(err), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrNotExist),
		errors.Is(err, syscall.ECONNRESET):
		return "docker-unreachable", []any{host}
	case strings.Contains(text, "no space left on device"):
		return "docker-disk-full", nil
	case strings.Contains(text, "non-overlapping IPv4 address pool"), strings.Contains(text, "all predefined address pools"):
		return "docker-networks-full", nil
	case errors.Is(err, errNotIsolated):
		return "docker-not-isolated", []any{host}
	case garbled(err), errdefs.IsInternal(err):
		return "docker-garbled", []any{host}
	}
	return "", nil
}

// garbled tells whether err means that an answer was none: without an end, cut off, or not what the engine's API says.
func garbled(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	text := err.Error()
	return errors.Is(err, errTooMuch) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.As(err, &syntax) || errors.As(err, &kind) || strings.Contains(text, "malformed HTTP") ||
		strings.Contains(text, "invalid character") || strings.Contains(text, "unrecognized stream") ||
		strings.Contains(text, "unable to upgrade") || strings.Contains(text, "unable to decode")
}

// gone tells whether a removal that ended with err has nothing more to do: it succeeded, or what it was about is not
// there.
func gone(err error) bool { return err == nil || errdefs.IsNotFound(err) }
