package pingone

import (
	"context"
	"sync"

	"github.com/pingone-gateway/gateway/internal/observe"
)

// progressStep is the number of parents read after which a scan tells how far it is.
const progressStep = 250

// progress counts the parents of a fan-out and tells of them now and then.
type progress struct {
	sink          observe.Sink
	table, parent string

	mu          sync.Mutex
	found, read int64
	told        observe.FanOut
}

// foundMore counts parents whose rows are to be read.
func (p *progress) foundMore(ctx context.Context, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.found += int64(n)
	p.tell(ctx, false)
}

// readMore counts parents whose rows were read.
func (p *progress) readMore(ctx context.Context, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.read += int64(n); p.read/progressStep > p.told.Read/progressStep {
		p.tell(ctx, false)
	}
}

// end tells the last.
func (p *progress) end(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tell(ctx, true)
}

func (p *progress) tell(ctx context.Context, ended bool) {
	p.told = observe.FanOut{
		Table: p.table, Parent: p.parent, Found: p.found, Read: p.read,
		NewlyFound: p.found - p.told.Found, NewlyRead: p.read - p.told.Read, Ended: ended,
	}
	p.sink.Observe(ctx, p.told)
}
