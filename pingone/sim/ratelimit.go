package sim

import (
	"fmt"
	"math"
	"net"
	"sync"
	"time"
)

// limiter enforces the rate-limit groups. Limits belong to the license, which
// all environments share; a part of each may be all that one source address has
// in one environment.
type limiter struct {
	clock func() time.Time
	rates map[string]Rate
	share func() float64 // of one source; 0: no such limit

	mu      sync.Mutex
	windows map[string]*window
}

// window holds the times of the last calls let through, oldest first.
type window struct {
	times []time.Time
	limit int
}

// admit asks for one call at this moment. Nil: it may go.
func (l *limiter) admit(group, environment, remote string) *apiError {
	rate, limited := l.rates[group]
	if !limited {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now, windows := l.clock(), []*window{l.window(group, rate.Limit)}
	if share := l.share(); share > 0 {
		host, _, _ := net.SplitHostPort(remote)
		limit := max(1, int(float64(rate.Limit)*share))
		windows = append(windows, l.window(fmt.Sprint(group, " ", environment, " ", host, " ", limit), limit))
	}
	for _, w := range windows {
		if wait := w.wait(now, rate.Per); wait > 0 {
			return tooMany(max(1, int(math.Ceil(wait.Seconds()))), rate.Limit)
		}
	}
	for _, w := range windows {
		w.add(now)
	}
	return nil
}

// maxWindows bounds the memory that made-up sources can take.
const maxWindows = 10_000

func (l *limiter) window(key string, limit int) *window {
	w, ok := l.windows[key]
	if !ok {
		if len(l.windows) >= maxWindows {
			clear(l.windows)
		}
		w = &window{limit: limit}
		l.windows[key] = w
	}
	return w
}

// wait is how long the next call has to wait; zero or less: it may go.
func (w *window) wait(now time.Time, per time.Duration) time.Duration {
	if len(w.times) < w.limit {
		return 0
	}
	return w.times[0].Add(per).Sub(now)
}

func (w *window) add(now time.Time) {
	w.times = append(w.times, now)
	w.times = w.times[max(0, len(w.times)-w.limit):]
}
