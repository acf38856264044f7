package docker

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// maxLine bounds one line of a log, in bytes; the rest of a longer one is dropped.
const maxLine = 64 << 10

// follow copies what a container writes into its log until it ends for good. The engine ends the stream with the
// container; it also does so when the engine itself restarts, and for services that are restarted on purpose.
func (v *environment) follow(ctx context.Context, s *service) {
	defer s.log.End()
	var since time.Time
	for {
		begun := time.Now()
		since = v.followOnce(ctx, s, since)
		if ctx.Err() != nil {
			return
		}
		v.mu.Lock()
		hold := s.hold
		v.mu.Unlock()
		if hold != nil { // it is being restarted
			select {
			case <-hold:
				continue
			case <-ctx.Done():
				return
			}
		}
		ask, cancel := context.WithTimeout(ctx, pingLimit)
		r, err := v.api.ContainerInspect(ask, s.container, client.ContainerInspectOptions{})
		cancel()
		if ctx.Err() != nil {
			return
		}
		running := err == nil && r.Container.State != nil && r.Container.State.Running
		if running && pause(ctx, time.Second-time.Since(begun)) {
			continue
		}
		if ctx.Err() != nil {
			return
		}
		close(s.ended)
		if err != nil {
			v.fell(v.trouble(err))
			return
		}
		v.fell(v.obituary(ctx, s))
		return
	}
}

// followOnce reads one stream to its end, skipping what was written up to since, and gives the newest time.
func (v *environment) followOnce(ctx context.Context, s *service, since time.Time) time.Time {
	o := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: true, Timestamps: true}
	if !since.IsZero() {
		o.Since = since.Format(time.RFC3339Nano)
	}
	r, err := v.api.ContainerLogs(ctx, s.container, o)
	if err != nil {
		return since
	}
	defer func() { _ = r.Close() }()
	newest := since
	add := func(at time.Time, text string) {
		if !at.After(since) {
			return
		}
		if at.After(newest) {
			newest = at
		}
		s.log.Append(at, text)
	}
	_ = demux(&lines{add: add}, &lines{add: add}, r)
	return newest
}

// lines makes lines of the frames of one output stream. The engine sends one frame for each line, headed by its
// time; a line of more than 16 KiB comes in several, of which only the last ends with a newline.
type lines struct {
	add  func(time.Time, string)
	at   time.Time
	text strings.Builder
	skip bool // the rest of a line that was too long is on its way
}

func (l *lines) Write(frame []byte) (int, error) {
	stamp, text, ok := strings.Cut(string(frame), " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if !ok || err != nil {
		at, text = time.Now(), string(frame)
	}
	line, whole := strings.CutSuffix(text, "\n")
	if l.skip {
		l.skip = !whole
		return len(frame), nil
	}
	if l.text.Len() == 0 {
		l.at = at
	}
	if room := maxLine - l.text.Len(); len(line) > room {
		line = line[:room]
	}
	l.text.WriteString(line)
	if whole || l.text.Len() >= maxLine {
		l.add(l.at, strings.TrimSuffix(l.text.String(), "\r"))
		l.text.Reset()
		l.skip = !whole
	}
	return len(frame), nil
}

var _ io.Writer = (*lines)(nil)
