package policy

import (
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/quota"
)

// Limits returns what the caller may ask for: of each limit, the most generous
// value that one of its roles names. A limit that no role names isn't bound
// here; the server's own bounds hold for everybody.
func (e *Enforcer) Limits(p *auth.Principal) quota.Limits {
	var l Limits
	for _, r := range e.roles(p) {
		if widens(l.RequestsPerSecond, r.Limits.RequestsPerSecond) {
			l.RequestsPerSecond, l.Burst = r.Limits.RequestsPerSecond, r.Limits.Burst
		}
		widen(&l.RowsPerQuery, r.Limits.RowsPerQuery)
		widen(&l.Concurrency, r.Limits.Concurrency)
		widen(&l.Time, r.Limits.Time)
	}
	return quota.Limits{
		RequestsPerSecond: value(l.RequestsPerSecond),
		Burst:             value(l.Burst),
		RowsPerQuery:      value(l.RowsPerQuery),
		Concurrency:       value(l.Concurrency),
		Time:              value(l.Time),
	}
}

type limit interface {
	int | int64 | float64 | time.Duration
}

// widens reports whether more is a wider limit than have; nil says nothing and
// 0 is without limit.
func widens[T limit](have, more *T) bool {
	return more != nil && (have == nil || *have != 0 && (*more == 0 || *more > *have))
}

func widen[T limit](have **T, more *T) {
	if widens(*have, more) {
		*have = more
	}
}

func value[T limit](v *T) T {
	if v == nil {
		return 0
	}
	return *v
}
