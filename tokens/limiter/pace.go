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

// A limit counted by the second leaves a twentieth of it for a burst, and one counted
// by the minute a quarter, so that a short query need not wait. A new meter may have
// lost its past, and begins with one call to spare, or half of a minute's burst.
const (
	secondBurst = 20
	minuteBurst = 4
	late        = 0.06 // seconds, permitLife and a little
)

// pace turns a usable limit in calls per second, which are counted over a window in
// seconds, into the rate and burst of a GCRA. Permits may be used up to permitLife
// after they were given, so the rate keeps that much back: in no window do more calls
// leave than the limit.
func pace(usable, window float64) (rate, burst, spare float64) {
	calls := usable * window
	burst, spare = math.Max(1, math.Floor(calls/secondBurst)), 1
	if window > 1 {
		burst = math.Max(1, math.Floor(calls/minuteBurst))
		spare = math.Ceil(burst / 2)
	}
	return math.Max((calls-burst)/(window+late), usable/2), burst, spare
}

// meter is a GCRA with a closing time and an adaptive factor. The script in
// shared.go computes the same on the Redis server; a test compares the two.
// Times are microseconds on the clock of whoever keeps the meter.
type meter struct {
	window float64 // seconds that the service counts over; 0 = 1
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
	interval, burst, behind := m.behind(now, limit, usable)
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

// behind is how far, in microseconds, the meter's arrival time lies ahead of now,
// with the time between two calls and the burst. It is brought back to an empty
// bucket where it lay further ahead. Once a 429 came, PingOne may count otherwise: until the whole limit
// is in force again, and where none is known, calls are spread over each second.
func (m *meter) behind(now int64, limit, usable float64) (interval, burst, behind float64) {
	window := math.Max(m.window, 1)
	if limit == 0 || usable < limit {
		window = 1
	}
	rate, burst, spare := pace(usable, window)
	interval = 1e6 / rate
	if m.tat == 0 {
		return interval, burst, (burst - spare) * interval
	}
	m.tat = min(m.tat, int64(math.Ceil(float64(now)+burst*interval)))
	return interval, burst, math.Max(float64(m.tat-now), 0)
}

// drain empties the bucket, for a change between meters.
func (m *meter) drain(now int64, limit float64) {
	if usable := m.inForce(now, limit); usable > 0 {
		interval, burst, _ := m.behind(now, limit, usable)
		m.tat = max(m.tat, now+int64(burst*interval))
	}
}

// spend records calls that another meter granted, so that this one is warm
// when it must take over. It never falls further behind than an empty bucket.
func (m *meter) spend(now int64, limit float64, n int) {
	usable := m.inForce(now, limit)
	if usable == 0 {
		return
	}
	interval, burst, behind := m.behind(now, limit, usable)
	m.tat = now + int64(math.Min(behind+float64(n)*interval, burst*interval))
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
	left := time.Duration(max(0, m.closed-now)) * time.Microsecond
	return reading{wait: left, closed: left, usable: m.inForce(now, limit)}
}
