package limiter

import (
	"cmp"
	"math"
	"time"
)

// Factors of the adaptive part: a 429 cuts the pace to cutTo of what it was,
// never below minFactor, and at most once in cutEvery, because the calls
// already on their way get 429 too. Afterwards the pace rises evenly, from
// nothing to the full limit in recoverIn.
const (
	cutTo        = 0.7
	minFactor    = 0.05
	cutEvery     = time.Second
	recoverIn    = time.Minute
	forgetAt     = 4.0 // a limit learned from 429 alone is dropped at 4 times its first value
	permitLife   = 50 * time.Millisecond
	learnAtLeast = 5.0              // least limit learned; PingOne's smallest are 10 a second
	longestHit   = 10 * time.Minute // longest Retry-After that is believed
)

// pace turns a usable limit in calls per second into the rate and burst of a
// GCRA. Permits may be used up to permitLife after they were given, so the
// rate keeps back 6 %: in no second do more calls leave than the limit.
func pace(usable float64) (rate, burst float64) {
	burst = math.Max(1, math.Floor(usable/20))
	return math.Max((usable-burst)/1.06, usable/2), burst
}

// meter is a GCRA with a closing time and an adaptive factor. The script in
// shared.go computes the same on the Redis server; a test compares the two.
// Times are microseconds on the clock of whoever keeps the meter.
type meter struct {
	tat    int64   // theoretical arrival time of the next call
	closed int64   // no call before this time
	factor float64 // part of the limit in force, 0 = not set = 1
	since  int64   // when factor was set
	cut    int64   // when a 429 last cut it
	base   float64 // limit learned from 429s where none is known
}

// reading is a meter's answer.
type reading struct {
	granted int
	wait    time.Duration // until the next call may be granted, if granted is 0
	closed  time.Duration // how long PingOne's Retry-After still lasts
	usable  float64       // calls per second in force, 0 = unlimited
}

// inForce returns the calls per second in force at now for a known limit, or 0.
func (m *meter) inForce(now int64, limit float64) float64 {
	f := m.factor
	if f == 0 {
		f = 1
	} else {
		f += float64(now-m.since) / float64(recoverIn.Microseconds())
	}
	if limit > 0 {
		return limit * math.Min(f, 1)
	}
	if m.base > 0 && f >= forgetAt {
		m.base, m.factor = 0, 0
	}
	return m.base * f
}

// take grants up to want calls at now.
func (m *meter) take(now int64, limit float64, want int) reading {
	usable := m.inForce(now, limit)
	r := reading{usable: usable}
	if m.closed > now {
		r.closed = time.Duration(m.closed-now) * time.Microsecond
		r.wait = r.closed
		return r
	}
	if usable == 0 {
		r.granted = want
		return r
	}
	rate, burst := pace(usable)
	interval := 1e6 / rate
	behind := m.behind(now, burst, interval)
	n := math.Max(0, math.Min(float64(want), math.Floor(burst-behind/interval+1e-6)))
	if n > 0 {
		m.tat = int64(math.Ceil(float64(now) + behind + n*interval))
	}
	r.granted = int(n)
	if r.granted == 0 && want > 0 {
		r.wait = time.Duration(math.Ceil(behind-(burst-1)*interval)) * time.Microsecond
	}
	return r
}

// behind is how far, in microseconds, the meter's arrival time lies ahead of
// now. A new meter starts with one call to spare, not with a full burst: it
// may have lost its past in a flush.
func (m *meter) behind(now int64, burst, interval float64) float64 {
	if m.tat == 0 {
		return (burst - 1) * interval
	}
	return math.Max(float64(m.tat-now), 0)
}

// drain empties the bucket, for a change between meters.
func (m *meter) drain(now int64, limit float64) {
	if usable := m.inForce(now, limit); usable > 0 {
		rate, burst := pace(usable)
		m.tat = max(m.tat, now+int64(burst*1e6/rate))
	}
}

// spend records calls that another meter granted, so that this one is warm
// when it must take over. It never falls further behind than an empty bucket.
func (m *meter) spend(now int64, limit float64, n int) {
	usable := m.inForce(now, limit)
	if usable == 0 {
		return
	}
	rate, burst := pace(usable)
	interval := 1e6 / rate
	behind := m.behind(now, burst, interval) + float64(n)*interval
	m.tat = now + int64(math.Min(behind, burst*interval))
}

// hit records a 429. observed is the calls per second that led to it: it
// becomes the limit where none is known.
func (m *meter) hit(now int64, limit float64, retryAfter time.Duration, observed float64) reading {
	usable := m.inForce(now, limit)
	m.closed = max(m.closed, now+min(retryAfter, longestHit).Microseconds())
	switch {
	case now-m.cut < cutEvery.Microseconds() && m.cut > 0:
	case usable == 0:
		m.base, m.factor, m.since, m.cut = math.Max(observed, learnAtLeast), cutTo, now, now
	default:
		whole := cmp.Or(limit, m.base)
		m.factor, m.since, m.cut = math.Max(usable/whole*cutTo, minFactor), now, now
	}
	return m.take(now, limit, 0)
}
