package reading

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/observe"
)

// Options bound what is parked. The zero value has the defaults.
type Options struct {
	// Readings is the number for all callers (64), PerCaller for each (8).
	Readings, PerCaller int
	// Ahead bounds the rows of all readings that were read before they are asked for, to be
	// counted, in bytes (64 MiB).
	Ahead int64
	// Idle is how long a reading waits for its next request (5 minutes).
	Idle time.Duration
	// Sink is told how many wait, and how each wait ends; nil for nobody.
	Sink observe.Sink
}

// Store holds readings between two requests. Where there is no room, the one
// that waited longest is closed. It is safe for concurrent use.
type Store struct {
	options Options
	ahead   ahead

	mu     sync.Mutex
	parked []*parked // the one that waited longest first
	timer  *time.Timer
	closed bool
	// expiring counts runs of the timer.
	expiring sync.WaitGroup
}

// parked is a reading that waits.
type parked struct {
	name, caller string
	source       any
	since        time.Time
	r            *reading
}

// NewStore returns an empty store. Close it in the end.
func NewStore(o Options) *Store {
	if o.Readings <= 0 {
		o.Readings = 64
	}
	if o.PerCaller <= 0 {
		o.PerCaller = 8
	}
	if o.Idle <= 0 {
		o.Idle = 5 * time.Minute
	}
	if o.Ahead <= 0 {
		o.Ahead = 64 << 20
	}
	o.Sink = cmp.Or(o.Sink, observe.Discard)
	return &Store{options: o, ahead: ahead{limit: o.Ahead}}
}

func linkedName(t Target, id string) string { return t.Scope() + "\x00link " + id }

func skippedName(t Target, position int64) string {
	return t.Scope() + "\x00skip " + strconv.FormatInt(position, 10)
}

// Len is the number of readings that wait.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.parked)
}

// Drop closes the readings of a source that is about to close.
func (s *Store) Drop(source any) {
	s.remove(observe.ReadingClosed, func(p *parked) bool { return p.source == source })
}

// Close closes all readings, and those that would be parked later.
func (s *Store) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.remove(observe.ReadingClosed, func(*parked) bool { return true })
	s.expiring.Wait()
}

// park keeps a reading under the name, in the place of one that has it.
func (s *Store) park(name string, t Target, r *reading) *parked {
	if !r.seeking {
		r.sent = nil
	}
	p := &parked{name: name, caller: t.Caller, source: t.Source, since: time.Now(), r: r}
	s.mu.Lock()
	refused := s.closed
	if !refused {
		s.parked = append(s.parked, p)
	}
	surplus := s.surplus(p)
	s.mu.Unlock()
	if refused {
		r.close()
		return p
	}
	s.options.Sink.Observe(context.Background(), observe.InFlight{What: "readings", Delta: 1})
	s.remove(observe.ReadingReplaced, func(other *parked) bool { return other.name == name && other != p })
	s.remove(observe.ReadingCrowdedOut, func(other *parked) bool { return other == surplus })
	return p
}

// surplus is the reading that has to make room for p; nil if there is room.
func (s *Store) surplus(p *parked) *parked {
	var oldest *parked
	mine := 0
	for _, other := range s.parked {
		if other.caller != p.caller || other.name == p.name && other != p {
			continue
		}
		if mine++; oldest == nil {
			oldest = other
		}
	}
	switch {
	case mine > s.options.PerCaller:
		return oldest
	case len(s.parked) > s.options.Readings:
		return s.parked[0]
	default:
		return nil
	}
}

// take gives the reading of the name to the caller alone; nil if there is none.
func (s *Store) take(name string) *reading {
	taken := s.pick(func(p *parked) bool { return p.name == name })
	if len(taken) == 0 {
		return nil
	}
	s.ended(observe.ReadingContinued, 1)
	return taken[0].r
}

func (s *Store) discard(p *parked) {
	s.remove(observe.ReadingClosed, func(other *parked) bool { return other == p })
}

// remove closes the readings that are chosen.
func (s *Store) remove(how string, chosen func(*parked) bool) {
	gone := s.pick(chosen)
	for _, p := range gone {
		p.r.close()
	}
	s.ended(how, len(gone))
}

func (s *Store) ended(how string, n int) {
	for range n {
		s.options.Sink.Observe(context.Background(), observe.InFlight{What: "readings", Delta: -1})
		s.options.Sink.Observe(context.Background(), observe.ReadingEnded{How: how})
	}
}

// pick takes the readings out that are chosen.
func (s *Store) pick(chosen func(*parked) bool) []*parked {
	s.mu.Lock()
	var gone []*parked
	s.parked = slices.DeleteFunc(s.parked, func(p *parked) bool {
		if chosen(p) {
			gone = append(gone, p)
			return true
		}
		return false
	})
	s.schedule()
	s.mu.Unlock()
	return gone
}

// schedule sets the timer for the reading that waited longest.
func (s *Store) schedule() {
	if s.timer != nil {
		if s.timer.Stop() {
			s.expiring.Done()
		}
		s.timer = nil
	}
	if len(s.parked) == 0 {
		return
	}
	s.expiring.Add(1)
	s.timer = time.AfterFunc(s.options.Idle-time.Since(s.parked[0].since), func() {
		defer s.expiring.Done()
		s.remove(observe.ReadingExpired, func(p *parked) bool { return time.Since(p.since) >= s.options.Idle })
	})
}
