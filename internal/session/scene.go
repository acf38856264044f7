package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/hint"
	"github.com/cwk-stream/lab/internal/probe"
)

const (
	// longWait is from when on a trial gets an environment of its own: what is applied for others must not disturb a
	// connection that is watched.
	longWait = 4 * time.Second
	// perTrial is about what applying and quick checks take; fullScene how much of that one environment is given, so
	// that environments that do not wait last about as long as those that do.
	perTrial  = 400 * time.Millisecond
	fullScene = 16 * time.Second
	// bootsAtOnce keeps a machine of few cores from being so busy with booting that what waits is disturbed.
	bootsAtOnce = 3
)

// house is a rehearsal at work.
type house struct {
	r         Rehearsal
	perEngine map[Engine]chan struct{} // environments at once
	boots     chan struct{}
	saying    sync.Mutex
	failed    map[string]error         // why a play's environment cannot be had; under saying
	ofLabs    []Trial                  // what was found of the labs themselves; under saying
	booted    map[string]chan struct{} // closed once a play's first environment has booted, or failed to; under saying
}

func (h *house) say(t Trial) {
	if h.r.Say != nil {
		h.saying.Lock()
		defer h.saying.Unlock()
		h.r.Say(t)
	}
}

// scene is what is played in one environment: acts, one after the other, each of trials with the same files, which
// are played at once.
type scene struct {
	play Play
	acts [][]*trial
}

// length is about how long the scene lasts.
func (s *scene) length() time.Duration {
	var d time.Duration
	for _, act := range s.acts {
		longest := time.Duration(0)
		for _, t := range act {
			longest = max(longest, t.wait())
		}
		d += longest + perTrial
	}
	return d
}

// arrange deals the trials to environments: those that wait long to one each, but for those of the same files, which
// may watch side by side; the others one after the other to as many as make about the same length.
func arrange(p Play, trials []*trial) []*scene {
	var scenes []*scene
	var quick *scene
	for _, t := range trials {
		if t.wait() < longWait {
			if quick == nil || quick.length() > fullScene {
				quick = &scene{play: p}
				scenes = append(scenes, quick)
			}
			quick.acts = append(quick.acts, []*trial{t})
			continue
		}
		if s := beside(scenes, t); s != nil {
			s.acts[0] = append(s.acts[0], t)
			continue
		}
		scenes = append(scenes, &scene{play: p, acts: [][]*trial{{t}}})
	}
	return scenes
}

// beside finds the scene in which t can be played at the same time as what is there.
func beside(scenes []*scene, t *trial) *scene {
	if t.acts() {
		return nil
	}
	for _, s := range scenes {
		first := s.acts[0][0]
		if len(s.acts) == 1 && first.wait() >= longWait && !first.acts() && first.files.Equal(t.files) {
			return s
		}
	}
	return nil
}

// perform plays a scene in an environment of its own, and in another one if that breaks.
func (h *house) perform(ctx context.Context, s *scene) {
	st := &stage{play: s.play}
	defer func() { st.strike(ctx) }()
	for _, act := range s.acts {
		if ctx.Err() != nil {
			return
		}
		h.performAct(ctx, st, act)
		for _, t := range act {
			if ctx.Err() == nil {
				h.say(t.Trial)
			}
		}
	}
}

func (h *house) performAct(ctx context.Context, st *stage, act []*trial) {
	began := time.Now()
	key := playKey(st.play)
	rejected, err := (*Rejection)(nil), h.failedStart(key, nil)
	if err == nil {
		err = hint.Safely(func() (err error) { rejected, err = h.prepare(ctx, st, act[0]); return err })
	}
	if found, ok := hint.Find(err); ok && found.Code == "reload-unclear" && ctx.Err() == nil {
		err = h.failedStart(key, err) // it would be waited for in vain each time
	}
	var all hint.Workers
	for _, t := range act {
		all.Go(func() {
			bug := hint.Safely(func() error {
				switch {
				case err != nil:
					t.Finding, t.Args, t.Trouble = "no-environment", []string{err.Error()}, err
				case rejected != nil:
					t.Rejected = rejected
					t.judge()
				default:
					broke := t.play(ctx, st.env)
					if broke == nil {
						t.judge()
						if len(act) == 1 { // others beside it would be disturbed
							broke = t.wavers(ctx, st.env)
						}
					}
					if broke != nil {
						if errors.Is(broke, probe.ErrUndo) {
							st.bent.Store(true)
						}
						t.Finding, t.Args = "environment-broke", []string{broke.Error()}
					}
				}
				if found, ok := hint.Find(t.Trouble); ok && found.Code == "reload-unclear" && len(found.Args) > 0 {
					t.Place = st.play.Lab.Place(fmt.Sprintf("$.services.%v.apply.until", found.Args[0]))
				} else if t.Finding != "" && t.Trouble == nil {
					t.Place = t.place(st.play.Lab)
				}
				return nil
			})
			if bug != nil { // it costs this trial
				t.Finding, t.Args, t.Trouble = "environment-broke", []string{bug.Error()}, bug
			}
			t.Seconds = time.Since(began).Seconds()
		})
	}
	all.Wait()
}

// prepare sees to it that an environment runs and that a trial's files are in force there, unless they are refused.
func (h *house) prepare(ctx context.Context, st *stage, t *trial) (*Rejection, error) {
	if st.broken() {
		st.strike(ctx)
	}
	if st.env == nil {
		if err := h.start(ctx, st); err != nil {
			return nil, err
		}
	}
	rejected, err := st.apply(ctx, t.files)
	if err != nil || rejected == nil || st.inForce.Equal(t.begins) {
		return rejected, err
	}
	// The refusal may be about what another trial had in force: nginx lets no zone change its key, for instance. What
	// counts is what becomes of the files where a student comes from.
	if refused, err := st.apply(ctx, t.begins); err != nil || refused != nil {
		return rejected, err
	}
	return st.apply(ctx, t.files)
}

// start boots an environment. The first one of a play boots alone, so that images are made once. An engine that is
// busy with many may fail to: it gets another chance.
func (h *house) start(ctx context.Context, st *stage) error {
	key := playKey(st.play)
	first, over := h.first(key)
	if first {
		defer close(over)
	} else {
		<-over // the first one honours ctx
	}
	h.boots <- struct{}{}
	defer func() { <-h.boots }()
	if err := h.failedStart(key, nil); err != nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	err := st.start(ctx)
	if err != nil && ctx.Err() == nil {
		select {
		case <-time.After(2 * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
		if err = st.start(ctx); err != nil && ctx.Err() == nil {
			return h.failedStart(key, err)
		}
	}
	if first && err == nil {
		h.ready(ctx, st.play, st.env)
	}
	return err
}

func playKey(p Play) string { return p.Lab.ID + " " + p.Lab.Variant + " " + p.Engine.Name() }

// first tells whether nobody has begun to boot an environment of a play yet; over is closed when the first one has.
func (h *house) first(key string) (first bool, over chan struct{}) {
	h.saying.Lock()
	defer h.saying.Unlock()
	over, known := h.booted[key]
	if !known {
		over = make(chan struct{})
		h.booted[key] = over
	}
	return !known, over
}

// failedStart remembers that a play's environment cannot be had, so that it is not tried again for each trial; with a
// nil err it tells what is remembered.
func (h *house) failedStart(key string, err error) error {
	h.saying.Lock()
	defer h.saying.Unlock()
	if err != nil {
		h.failed[key] = err
	}
	return h.failed[key]
}

// stage is an environment with the files that are in force there.
type stage struct {
	play    Play
	env     Environment
	inForce course.Files // nil for not known
	good    course.Files // what env last accepted
	bent    atomic.Bool  // a check could not undo what it did to env
}

func (st *stage) start(ctx context.Context) error {
	initial, err := st.play.Lab.Initial()
	if err != nil {
		return err
	}
	st.env, err = st.play.Engine.Start(ctx, newID(), st.play.Lab.Env, filesOf(st.play.Lab, initial), nil)
	if err != nil {
		st.env = nil
		return fmt.Errorf("starting the environment: %w", err)
	}
	st.inForce, st.good = initial, initial
	return nil
}

func (st *stage) broken() bool {
	if st.env == nil {
		return false
	}
	select {
	case <-st.env.Died():
		return true
	default:
		return st.bent.Load()
	}
}

// strike removes the environment, whatever became of ctx.
func (st *stage) strike(ctx context.Context) {
	if st.env == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	_ = st.env.Stop(ctx) // what is left carries labels; the next start sweeps it
	st.env, st.inForce = nil, nil
	st.bent.Store(false)
}

// apply puts files in force as a session does.
func (st *stage) apply(ctx context.Context, files course.Files) (*Rejection, error) {
	if st.inForce.Equal(files) {
		return nil, nil
	}
	before := st.inForce
	st.inForce = nil // until this comes to an end, nobody knows what is in force
	if err := st.env.Put(ctx, filesOf(st.play.Lab, files)); err != nil {
		return nil, fmt.Errorf("putting the files in place: %w", err)
	}
	refused, still, err := applyAll(ctx, st.env, st.play.Lab, before, files)
	switch {
	case err != nil:
		return nil, err
	case refused != nil:
		st.inForce = still
		r := &Rejection{Message: refused.Message, File: editable(st.play.Lab, refused.File), Line: refused.Line}
		return r, st.env.Put(ctx, filesOf(st.play.Lab, st.good))
	}
	st.inForce, st.good = files, files
	return nil, nil
}

// play runs the trial's checks. An error says that the environment broke, or that ctx ended.
func (t *trial) play(ctx context.Context, env Environment) error {
	probes := probe.NewRun(env, nil)
	t.Outcome = probe.Met
	checks := t.step.Checks
	for i := 0; i < len(checks); {
		n := sideBySide(checks[i:])
		results := make([]result, n)
		var all hint.Workers
		for j := range results {
			all.Go(func() { results[j] = look(ctx, env, probes.With(nil), checks[i+j]) })
		}
		all.Wait()
		for j, r := range results {
			if r.err != nil {
				return errors.Join(r.err, ctx.Err())
			}
			t.Verdicts = append(t.Verdicts, Judgement{Check: i + j + 1, Kind: checks[i+j].Kind, Outcome: r.Outcome,
				Want: r.Want, Got: r.Got, Seconds: r.Took.Seconds()})
			if r.Outcome != probe.Met && t.Outcome == probe.Met {
				t.Outcome = r.Outcome
			}
			// Before the solution every check is looked at, so that each is seen to fail.
			if t.Outcome != probe.Met && t.Kind != TrialBefore {
				return nil
			}
		}
		i += n
	}
	return nil
}

// filesOf makes a lab's editables into files for their services.
func filesOf(l course.Lab, contents course.Files) []File {
	var out []File
	for _, e := range l.Edit {
		if data, ok := contents[e.Path]; ok {
			out = append(out, File{Service: e.Service, Path: e.Target, Data: data})
		}
	}
	return out
}

// changed lists the services that read a file which differs, in the lab's order; all of them if it is not known what
// is in force.
func changed(l course.Lab, before, now course.Files) []string {
	var out []string
	seen := map[string]bool{}
	for _, e := range l.Edit {
		differs := before == nil || string(before[e.Path]) != string(now[e.Path])
		if differs && !seen[e.Service] {
			seen[e.Service] = true
			out = append(out, e.Service)
		}
	}
	return out
}

// editable is the student's name of a file in a service, "" if it is none of the student's.
func editable(l course.Lab, target string) string {
	for _, e := range l.Edit {
		if e.Target == target {
			return e.Path
		}
	}
	return ""
}
