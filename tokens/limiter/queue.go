package limiter

import "container/list"

// bulkEvery lets one bulk call pass after this many interactive ones, so that
// bulk work slows down under load but never stands still.
const bulkEvery = 8

// waiter is one blocked Acquire.
type waiter struct {
	caller   string
	priority Priority
	ready    chan error // closed or sent to once, by the bucket
	turn     *list.Element
	place    *list.Element
}

// turns holds the waiters of one priority: a ring of callers, each with its
// own line.
type turns struct {
	ring    *list.List // of *line
	callers map[string]*list.Element
}

type line struct {
	caller  string
	waiters *list.List
}

// fairQueue orders waiters: interactive before bulk, and callers of the same
// priority in turns. It is not safe for concurrent use.
type fairQueue struct {
	turns  [priorities]turns
	length int
	inRow  int // interactive grants since the last bulk one
}

func newFairQueue() *fairQueue {
	q := &fairQueue{}
	for i := range q.turns {
		q.turns[i] = turns{ring: list.New(), callers: map[string]*list.Element{}}
	}
	return q
}

func (q *fairQueue) push(w *waiter) {
	t := &q.turns[w.priority]
	turn, ok := t.callers[w.caller]
	if !ok {
		turn = t.ring.PushBack(&line{caller: w.caller, waiters: list.New()})
		t.callers[w.caller] = turn
	}
	w.turn, w.place = turn, turn.Value.(*line).waiters.PushBack(w)
	q.length++
}

// remove takes a waiter out; it reports false if it has left already.
func (q *fairQueue) remove(w *waiter) bool {
	if w.place == nil {
		return false
	}
	t := &q.turns[w.priority]
	l := w.turn.Value.(*line)
	l.waiters.Remove(w.place)
	if l.waiters.Len() == 0 {
		t.ring.Remove(w.turn)
		delete(t.callers, l.caller)
	}
	w.turn, w.place = nil, nil
	q.length--
	return true
}

// pop returns the next waiter, or nil.
func (q *fairQueue) pop() *waiter {
	first, second := Interactive, Bulk
	if q.inRow >= bulkEvery {
		first, second = Bulk, Interactive
	}
	w := q.popOf(first)
	if w == nil {
		w = q.popOf(second)
	}
	switch {
	case w == nil:
	case w.priority == Bulk:
		q.inRow = 0
	case q.turns[Bulk].ring.Len() > 0:
		q.inRow++
	}
	return w
}

func (q *fairQueue) popOf(p Priority) *waiter {
	turn := q.turns[p].ring.Front()
	if turn == nil {
		return nil
	}
	w := turn.Value.(*line).waiters.Front().Value.(*waiter)
	q.turns[p].ring.MoveToBack(turn)
	q.remove(w)
	return w
}
