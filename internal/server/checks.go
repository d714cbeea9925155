package server

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
)

// Need says what a check means for readiness.
type Need uint8

// The needs.
const (
	// Always must pass for the gateway to be ready, every time.
	Always Need = iota
	// OneOnce is for connections: at least one check of this kind must have
	// passed since the start. A directory that is down later does not make
	// every replica unready, which would help nobody.
	OneOnce
	// Never is shown, but does not decide.
	Never
)

// Check looks at one thing that the gateway needs.
type Check struct {
	// Name is shown and becomes a label: from the configuration, such as
	// connection:pingone.
	Name string
	Need Need
	// Every is how long an outcome without error holds, for what is dear to look
	// at or rarely changes; 0 looks each round.
	Every time.Duration
	// Run returns nil if all is well; the error's sentence and hint are shown
	// in /readyz?verbose.
	Run func(context.Context) error
}

// ChecksConfig configures NewChecks.
type ChecksConfig struct {
	Checks []Check
	// Degraded counts the gateway as ready though no check of OneOnce passed.
	Degraded bool
	// Interval between rounds; before the first success rounds come sooner.
	// 15 s by default.
	Interval time.Duration
	// Timeout for one check; 10 s by default.
	Timeout time.Duration
}

// Checks runs checks and remembers their outcome, so that asking for readiness
// costs nothing.
type Checks struct {
	cfg ChecksConfig

	mu     sync.Mutex
	rounds int
	states []CheckState
	once   bool // a check of OneOnce has passed
	ready  bool
}

// CheckState is the last outcome of a check.
type CheckState struct {
	Name string
	Need Need
	// Known is false before the first round.
	Known bool
	Err   error
	At    time.Time
}

// NewChecks returns checks that have not run. Server.Run runs them.
func NewChecks(cfg ChecksConfig) *Checks {
	cfg.Interval = cmp.Or(cfg.Interval, 15*time.Second)
	cfg.Timeout = cmp.Or(cfg.Timeout, 10*time.Second)
	c := &Checks{cfg: cfg, states: make([]CheckState, len(cfg.Checks))}
	for i, k := range cfg.Checks {
		c.states[i] = CheckState{Name: k.Name, Need: k.Need}
	}
	return c
}

// Ready reports readiness and every check's last outcome.
func (c *Checks) Ready() (bool, []CheckState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ready, append([]CheckState(nil), c.states...)
}

// run repeats rounds until ctx ends.
func (c *Checks) run(ctx context.Context, cfg Config) {
	wait := time.Second
	for {
		c.Round(ctx, cfg.Sink, cfg.Now)
		if ready, _ := c.Ready(); ready {
			wait = c.cfg.Interval
		} else {
			wait = min(2*wait, c.cfg.Interval)
		}
		select {
		case <-ctx.Done():
			return
		case <-cfg.After(wait):
		}
	}
}

// outcome is what a check came to in a round; held ones did not run.
type outcome struct {
	err  error
	held bool
}

// Round runs every check once whose last outcome holds no longer, all at a time,
// and observes what changed.
func (c *Checks) Round(ctx context.Context, sink observe.Sink, now func() time.Time) {
	results := make([]outcome, len(c.cfg.Checks))
	_, states := c.Ready()
	var wg sync.WaitGroup
	for i, k := range c.cfg.Checks {
		if s := states[i]; s.Known && s.Err == nil && now().Sub(s.At) < k.Every {
			results[i].held = true
			continue
		}
		wg.Go(func() {
			checkCtx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
			defer cancel()
			results[i].err = safely.Do(checkCtx, sink, observe.InCheck, func() error { return k.Run(checkCtx) })
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return // the checks failed because the service ends
	}
	c.take(ctx, results, sink, now())
}

func (c *Checks) take(ctx context.Context, results []outcome, sink observe.Sink, at time.Time) {
	c.mu.Lock()
	first, was := c.rounds == 0, c.ready
	c.rounds++
	var events []observe.Event
	failing := ""
	for i, r := range results {
		if r.held {
			continue
		}
		s, err := &c.states[i], r.err
		if changed := !s.Known || (s.Err == nil) != (err == nil); changed {
			events = append(events, observe.ReadyCheck{Name: s.Name, OK: err == nil, Err: err})
		}
		s.Known, s.Err, s.At = true, err, at
		c.once = c.once || (s.Need == OneOnce && err == nil)
		if s.Need == Always && err != nil {
			failing = s.Name
		}
	}
	c.ready = failing == "" && (c.once || c.cfg.Degraded || !c.has(OneOnce))
	if c.ready != was || (first && !c.ready) {
		step := "not_ready"
		if c.ready {
			step = "ready"
		}
		events = append(events, observe.Lifecycle{Step: step, Detail: failing})
	}
	c.mu.Unlock()
	for _, e := range events {
		sink.Observe(ctx, e)
	}
}

func (c *Checks) has(n Need) bool {
	return slices.ContainsFunc(c.cfg.Checks, func(k Check) bool { return k.Need == n })
}

// Outcome tells how the check went: if not well, what is wrong and what to do.
func (s CheckState) Outcome() (ok bool, message, hint string) {
	switch {
	case !s.Known:
		return false, "has not run yet", ""
	case s.Err == nil:
		return true, "", ""
	}
	e := gwerr.From(s.Err)
	if errors.Is(s.Err, context.DeadlineExceeded) && e.Code == gwerr.Timeout {
		e = gwerr.New(gwerr.Timeout, "The check took too long.", "Check the network between the gateway and what the check is about.")
	}
	return false, e.Message, e.Hint
}

// report is a check as /readyz?verbose shows it.
type report struct {
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Message string `json:"message,omitempty"`
	Hint    string `json:"hint,omitempty"`
	At      string `json:"at,omitempty"`
}

func (s CheckState) report() report {
	r := report{Name: s.Name}
	r.OK, r.Message, r.Hint = s.Outcome()
	if s.Known {
		r.At = s.At.UTC().Format(time.RFC3339)
	}
	return r
}
