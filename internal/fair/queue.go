// Package fair shares a bounded number of places among callers, so that none of
// them keeps the others out, however many requests it sends and however long
// they take.
package fair

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
)

// ErrFull is why a request can't even wait.
var ErrFull = errors.New("fair: too many wait")

// Queue gives out places. A caller may take a further place as long as enough
// are free beside those it has: the more callers there are, the fewer each of
// them gets, and a newcomer finds one. A place that becomes free goes to the
// caller that holds fewest. Beside others, a caller comes to at most half of what it
// could have alone. It is safe for concurrent use.
//
// Source of the rule: A. K. Choudhury, E. L. Hahne, "Dynamic queue length
// thresholds for shared-memory packet switches", IEEE/ACM Trans. Networking 6(2).
type Queue struct {
	// ratio of the places that a caller holds to those that are free.
	ratio float64
	// beside is the most places that a caller comes to while there are others.
	beside float64
	room   int // of those who wait

	mu sync.Mutex
	// free is below 0 where work got more than there was.
	free, waiting int
	clock         uint64
	callers       map[string]*caller
}

// caller is one that holds places or waits for them.
type caller struct {
	held int
	// since is when the caller came, or last got or gave back a place.
	since   uint64
	waiters []chan error
}

// New returns a queue of places for which waiting more requests may wait. share
// is the part of the places that a caller can have if it is alone, from 0 to 1.
// Where n callers want as many as they can get, each has share/(1+(n-1)·share)
// of them, and at most share/2: a quarter each for two or three callers and a share
// of one half, a fifth for four.
func New(places, waiting int, share float64) *Queue {
	q := &Queue{
		ratio: math.Inf(1), beside: max(1, share/2*float64(places)), room: waiting, free: places,
		callers: map[string]*caller{},
	}
	if share < 1 {
		q.ratio = share / (1 - share)
	}
	return q
}

// Take waits for a place; done gives it back, once. The error is ErrFull, at once
// or when a caller that has fewer waiting needs the room, or the context's cause.
func (q *Queue) Take(ctx context.Context, name string) (done func(), err error) {
	ready := q.enter(name)
	select {
	case err = <-ready: // at best without a wait
	default:
		select {
		case err = <-ready:
		case <-ctx.Done():
			q.leave(name, ready)
			return nil, context.Cause(ctx)
		}
	}
	if err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() { q.giveBack(name) }), nil
}

// TakeFree is Take where a place can be had without a wait; else ok is false.
func (q *Queue) TakeFree(name string) (done func(), ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.free <= 0 || q.waiting > 0 {
		return nil, false
	}
	c := q.caller(name)
	if !q.may(c) {
		q.forget(name)
		return nil, false
	}
	q.give(c)
	return sync.OnceFunc(func() { q.giveBack(name) }), true
}

// Free is the number of places that nobody has. Those who wait nevertheless have
// their share.
func (q *Queue) Free() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(q.free, 0)
}

// Waiting names the callers that wait for a place.
func (q *Queue) Waiting() (names []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for name, c := range q.callers {
		if len(c.waiters) > 0 {
			names = append(names, name)
		}
	}
	return names
}

// enter lines up a request. Its channel tells what came of it.
func (q *Queue) enter(name string) chan error {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.caller(name)
	ready := make(chan error, 1)
	c.waiters = append(c.waiters, ready)
	q.waiting++
	q.grant()
	if q.waiting > q.room {
		q.refuse(c)
		q.forget(name)
	}
	return ready
}

// caller finds a caller, or notes a new one.
func (q *Queue) caller(name string) *caller {
	c := q.callers[name]
	if c == nil {
		c = &caller{since: q.tick()}
		q.callers[name] = c
	}
	return c
}

// further gives a caller one more place, whoever waits.
func (q *Queue) further(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.give(q.caller(name))
}

func (q *Queue) give(c *caller) {
	c.held++
	c.since = q.tick()
	q.free--
}

// leave takes out a request that waits no longer.
func (q *Queue) leave(name string, ready chan error) {
	q.mu.Lock()
	c := q.callers[name]
	at := -1
	if c != nil {
		at = slices.Index(c.waiters, ready)
	}
	if at >= 0 {
		c.waiters = slices.Delete(c.waiters, at, at+1)
		q.waiting--
		q.forget(name)
	}
	q.mu.Unlock()
	if at < 0 && <-ready == nil { // it got a place in the meantime
		q.giveBack(name)
	}
}

func (q *Queue) giveBack(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.callers[name]
	c.held--
	c.since = q.tick()
	q.free++
	q.forget(name)
}

func (q *Queue) tick() uint64 {
	q.clock++
	return q.clock
}

// grant hands out what is free, to those who hold fewest; these take turns.
func (q *Queue) grant() {
	for {
		var next *caller
		for _, c := range q.callers {
			if len(c.waiters) > 0 && (next == nil || c.held < next.held || c.held == next.held && c.since < next.since) {
				next = c
			}
		}
		if next == nil || q.free <= 0 || !q.may(next) {
			return
		}
		next.waiters[0] <- nil
		next.waiters = next.waiters[1:]
		q.waiting--
		q.give(next)
	}
}

// may reports whether a caller that waits may have one more of the free places.
func (q *Queue) may(c *caller) bool {
	alone := len(q.callers) == 1
	return float64(c.held) < q.ratio*float64(q.free) && (alone || float64(c.held)+1 <= q.beside)
}

// refuse sends away the last request of the caller that has most waiting; the
// newcomer's, if there are several such.
func (q *Queue) refuse(most *caller) {
	for _, c := range q.callers {
		if len(c.waiters) > len(most.waiters) {
			most = c
		}
	}
	last := len(most.waiters) - 1
	most.waiters[last] <- ErrFull
	most.waiters = most.waiters[:last]
	q.waiting--
}

// forget drops a caller that has nothing here any more, and gives out what that
// leaves to others.
func (q *Queue) forget(name string) {
	if c := q.callers[name]; c.held == 0 && len(c.waiters) == 0 {
		delete(q.callers, name)
	}
	q.grant()
}
