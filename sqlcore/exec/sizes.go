package exec

import (
	"context"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// sizer asks the source for tables' sizes and believes the answers for a
// while. Sizes only choose between paths, so an old one does no harm.
type sizer struct {
	source scan.Source
	ttl    time.Duration
	now    func() time.Time

	mu    sync.Mutex
	known map[sizeKey]sized
}

// sizeKey tells a table apart from its namesakes in other environments.
type sizeKey struct{ schema, table string }

type sized struct {
	rows  int64
	known bool
	at    time.Time
}

// Size implements plan.Sizer.
func (s *sizer) Size(ctx context.Context, t *catalog.Table) (int64, bool) {
	if t.Size == nil || t.Schema == nil {
		return 0, false
	}
	if rows, ok := s.Peek(t); ok {
		return rows, ok
	}
	rows, known, err := s.source.Count(ctx, sizeRequest(t))
	if err != nil {
		// The query itself will meet the error, if it is one that stays.
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) > 10_000 {
		clear(s.known)
	}
	s.known[keyOf(t)] = sized{rows: rows, known: known, at: s.now()}
	return rows, known
}

// Peek implements plan.Sizer.
func (s *sizer) Peek(t *catalog.Table) (int64, bool) {
	if t.Schema == nil {
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.known[keyOf(t)]
	if !ok || s.now().Sub(k.at) > s.ttl {
		return 0, false
	}
	return k.rows, k.known
}

func keyOf(t *catalog.Table) sizeKey {
	return sizeKey{schema: t.Schema.Name + "\x00" + t.Schema.ID, table: t.Name}
}

// sizeRequest asks for the number of all rows of a table.
func sizeRequest(t *catalog.Table) scan.Request {
	path := t.Path(t.Size.Path)
	for i := range t.Paths {
		if path == nil && len(t.Paths[i].Keys) == 0 {
			path = &t.Paths[i]
		}
	}
	return scan.Request{Table: t, Path: path}
}
