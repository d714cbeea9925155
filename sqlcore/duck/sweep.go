//go:build duckdb_arrow

package duck

import (
	"context"
	"sync"
)

// orphans are catalogs of ended jobs that could not be detached at once.
type orphans struct {
	mu    sync.Mutex
	names []string
}

func (o *orphans) add(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.names = append(o.names, name)
}

func (o *orphans) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	names := o.names
	o.names = nil
	return names
}

// detach drops a job's catalog with all its rows; what fails is tried again by
// later jobs.
func (e *Engine) detach(c *conn, name string, attached bool) {
	if !attached {
		return
	}
	ctx := context.Background() // also after a cancelled job
	err := c.exec(ctx, "USE memory")
	if err == nil {
		err = c.exec(ctx, "DETACH "+name)
	}
	if err != nil {
		e.orphans.add(name)
	}
}

// sweep drops catalogs that earlier jobs left behind.
func (e *Engine) sweep(ctx context.Context, c *conn) {
	for _, name := range e.orphans.take() {
		if err := c.exec(context.WithoutCancel(ctx), "DETACH DATABASE IF EXISTS "+name); err != nil {
			e.orphans.add(name)
		}
	}
}
