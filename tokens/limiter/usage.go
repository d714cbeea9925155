package limiter

import (
	"cmp"
	"slices"
	"strings"
)

// Usage is what this process uses of a budget.
type Usage struct {
	License, Group string
	// PerSecond are the calls of the last one to two seconds; Rate is how many are in
	// force for all replicas, 0 where no limit is known.
	PerSecond, Rate float64
	// InFlight are calls under way, Waiting those that wait for their turn.
	InFlight, Waiting int
}

// Usage returns every budget that was used lately, the busiest first.
func (b *Budget) Usage() []Usage {
	b.mu.Lock()
	buckets := make([]*bucket, 0, len(b.buckets))
	for _, k := range b.buckets {
		buckets = append(buckets, k)
	}
	b.mu.Unlock()
	out := make([]Usage, 0, len(buckets))
	for _, k := range buckets {
		out = append(out, k.usage(now()))
	}
	slices.SortFunc(out, func(x, y Usage) int {
		return cmp.Or(cmp.Compare(y.PerSecond, x.PerSecond), strings.Compare(x.License, y.License), strings.Compare(x.Group, y.Group))
	})
	return out
}

func (k *bucket) usage(t int64) Usage {
	k.mu.Lock()
	defer k.mu.Unlock()
	return Usage{
		License: k.k.license, Group: k.k.group, PerSecond: k.seen.perSecond(t), Rate: k.inForceLocked(t),
		InFlight: k.inFlight, Waiting: k.queue.length,
	}
}
