package pool

import (
	"errors"
	"time"
)

// poke wakes the watch, unless it is awake: that would cost each lease a change of
// threads. The caller holds the lock.
func (p *Pool) poke() {
	if !p.watching {
		p.watching = true
		p.wake <- struct{}{}
	}
}

// watch holds processes to their bounds, as long as there is something to look
// at.
func (p *Pool) watch() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	ticker.Stop()
	last, every := time.Time{}, tick
	for {
		select {
		case <-p.ending.Done():
			return
		case <-p.wake:
			last, every = time.Now(), tick
			ticker.Reset(tick)
		case now := <-ticker.C:
			next, more := p.look(now, now.Sub(last))
			if !more {
				ticker.Stop()
			} else if next != every {
				every = next
				ticker.Reset(next)
			}
			last = now
		}
	}
}

// holdOffTime is the time between a start that failed and the next.
const holdOffTime = time.Second

// look is one look at all processes; it returns when the next is due, and false
// when there is nothing to look for. Idle processes cost nothing.
func (p *Pool) look(now time.Time, passed time.Duration) (next time.Duration, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var total int64
	var largest *Lease
	for _, pr := range p.idle {
		total += pr.memory
	}
	for l := range p.leases {
		used := l.look(now, passed)
		total += used
		if largest == nil || largest.used < used {
			largest = l
		}
	}
	if total > p.config.Total && largest != nil {
		largest.kill(errTotal(p.config.Total), "memory")
	}
	p.makeRoom(now)
	p.trim(now)
	if p.holdOff && p.starting == 0 {
		p.retry(passed)
	}
	if next = tick; largest != nil && largest.used > p.config.Memory/2 {
		next = closeTick
	}
	p.watching = len(p.leases) > 0 || len(p.idle) > p.config.Spare || p.holdOff || len(p.waiters) > 0
	return next, p.watching
}

// retry lets processes be started again, a while after one could not.
func (p *Pool) retry(passed time.Duration) {
	if p.heldFor += passed; p.heldFor > holdOffTime {
		p.heldFor, p.holdOff = 0, false
		p.refill()
	}
}

// makeRoom takes the process of the result that nobody has read for longest,
// for a statement that waits: of its own caller, where that has its share.
func (p *Pool) makeRoom(now time.Time) {
	waiting := p.places.Waiting()
	for _, caller := range waiting {
		if p.giveUp(now, func(l *Lease) bool { return l.caller == caller }) {
			return
		}
	}
	coming := p.starting > 0 || p.may(true) && (len(p.idle) > 0 || p.size() < p.config.Processes)
	if len(waiting) > 0 && p.places.Free() == 0 || len(p.waiters) > 0 && !coming {
		p.giveUp(now, func(*Lease) bool { return true })
	}
}

// giveUp ends the result that nobody has read for longest, of those that may be
// taken; false if there is none.
func (p *Pool) giveUp(now time.Time, may func(*Lease) bool) bool {
	var unread *Lease
	for l := range p.leases {
		if errors.Is(l.cause(), errNeeded) {
			return true // one at a time
		}
		since, ok := l.parked()
		if ok && now.Sub(since) > parkedTime && l.cause() == nil && may(l) && (unread == nil || unread.since().After(since)) {
			unread = l
		}
	}
	if unread != nil {
		unread.Stop(errNeeded)
	}
	return unread != nil
}

// trim ends processes that have long been idle beside the spare ones.
func (p *Pool) trim(now time.Time) {
	if len(p.idle) > p.config.Spare && now.Sub(p.idle[0].since) > idleTime {
		pr := p.idle[0]
		p.idle = p.idle[1:]
		pr.stop()
	}
}
