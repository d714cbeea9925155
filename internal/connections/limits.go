package connections

import (
	"context"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/tokens/limiter"
)

// limitsFor is how long limits that PingOne told are believed.
const limitsFor = time.Hour

// Limits tell the rate budget PingOne's own limits.
type Limits struct {
	directory interface {
		RateLimits(ctx context.Context) (map[string]float64, error)
	}
	budget  limiter.Limiter
	license string

	mu   sync.Mutex
	next time.Time // when to read again
}

// Read asks PingOne for its limits, if that is due. Between two readings, and
// for groups that PingOne says nothing about, the budget learns from 429.
func (l *Limits) Read(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Now().Before(l.next) {
		return nil
	}
	limits, err := l.directory.RateLimits(ctx)
	if err != nil {
		return err
	}
	for group, perSecond := range limits {
		l.budget.SetLimit(l.license, group, perSecond)
	}
	l.next = time.Now().Add(limitsFor)
	return nil
}
