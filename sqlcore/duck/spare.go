//go:build duckdb_arrow

package duck

import (
	"context"
	"sync"
)

// spare is the second planner, opened when a query first needs it.
type spare struct {
	mu   sync.Mutex
	open *shadows
}

func (s *spare) get(ctx context.Context) (*shadows, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		db, err := openPlanning(context.WithoutCancel(ctx), disabledSparing)
		if err != nil {
			return nil, err
		}
		s.open = newShadows(db)
	}
	return s.open, nil
}

func (s *spare) close() {
	if s.open != nil {
		s.open.close()
	}
}

// planAgain asks the second planner. Its answer is an error of the kind
// "internal" if it fails too.
func (b *binder) planAgain(ctx context.Context, s *spare) (*planReply, error) {
	second, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	c, err := second.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer second.release(c)
	if err := second.use(ctx, c, b.tables); err != nil {
		return nil, err
	}
	return b.askPlan(ctx, c)
}
