package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
)

// maxRecord bounds the record of a run, in bytes, of which the older half goes when it is full: what a report is about
// came last. recordedLines bounds that of each service's log, in lines.
const (
	maxRecord     = 1 << 20
	recordedLines = 200
)

// record keeps the events and logs of one run in memory, and leaves them in a file at its end, for `lab doctor
// --report`. It is a courtesy: that it cannot be written is nobody's trouble.
type record struct {
	session.Engine
	file string

	mu   sync.Mutex
	data []byte
	env  session.Environment // the newest
}

func (a *app) lastRun() string { return filepath.Join(a.dataDir(), "last-run.jsonl") }

func (a *app) record(e session.Engine) *record { return &record{Engine: e, file: a.lastRun()} }

// Start is the engine's, and remembers the environment for its logs.
func (r *record) Start(ctx context.Context, id string, env course.Environment, files []session.File,
	say func(session.Stage)) (session.Environment, error) {
	e, err := r.Engine.Start(ctx, id, env, files, say)
	if err == nil {
		r.mu.Lock()
		r.env = e
		r.mu.Unlock()
	}
	return e, err
}

// Observe adds an event.
func (r *record) Observe(e session.Event, _ session.Progress) error {
	r.add(e)
	return nil
}

func (r *record) add(v any) {
	line, err := json.Marshal(v)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil || len(line) >= maxRecord/2 {
		return
	}
	if len(r.data)+len(line) >= maxRecord {
		_, newer, _ := bytes.Cut(r.data[len(r.data)/2:], []byte("\n"))
		r.data = r.data[:copy(r.data, newer)]
	}
	r.data = append(append(r.data, line...), '\n')
}

// logged is one line of a service's log in a record.
type logged struct {
	Service string    `json:"service"`
	Time    time.Time `json:"time"`
	Text    string    `json:"text"`
}

// end writes the record. failure is what the run ended with, nil for nothing.
func (r *record) end(failure error) {
	if r.env != nil {
		for _, name := range r.env.Services() {
			log := r.env.Log(name)
			if log == nil {
				continue
			}
			for _, l := range log.Since(log.Last() - recordedLines) {
				r.add(logged{name, l.Time, l.Text})
			}
		}
	}
	if failure != nil {
		r.add(map[string]string{"failure": failure.Error()})
	}
	if err := os.MkdirAll(filepath.Dir(r.file), 0o700); err != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(r.file), ".last-run-")
	if err != nil {
		return
	}
	_, err = f.Write(r.data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), r.file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
}
