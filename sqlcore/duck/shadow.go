//go:build duckdb_arrow

package duck

import (
	"container/list"
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// maxShadows bounds the sets of shadow tables that are kept.
const maxShadows = 64

// shadows keeps sets of empty tables to plan queries over: one catalog for
// each set of tables that some query names. The set is found by names and
// types, so that two callers who see different columns never share one.
type shadows struct {
	db    *instance
	conns chan *conn // idle connections; nil stands for one not yet made

	mu     sync.Mutex
	byKey  map[string]*list.Element // of *shadow
	recent *list.List               // the last used first
	serial int
}

// shadow is one set of tables, in a catalog of its own.
type shadow struct {
	key, name string
	users     int
	ready     chan struct{} // closed once the tables stand or err is set
	err       error
}

func newShadows(db *instance) *shadows {
	s := &shadows{db: db, byKey: map[string]*list.Element{}, recent: list.New()}
	s.conns = make(chan *conn, max(2, runtime.GOMAXPROCS(0)))
	for range cap(s.conns) {
		s.conns <- nil
	}
	return s
}

// close waits for the connections in use.
func (s *shadows) close() {
	for range cap(s.conns) {
		if c := <-s.conns; c != nil {
			c.close()
		}
	}
	s.db.close()
}

// acquire takes a connection; give it back with release.
func (s *shadows) acquire(ctx context.Context) (*conn, error) {
	select {
	case c := <-s.conns:
		if c != nil {
			return c, nil
		}
		c, err := s.db.connect()
		if err != nil {
			s.conns <- nil
		}
		return c, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *shadows) release(c *conn) { s.conns <- c }

// use makes the connection see the tables and only those, until its next use:
// most queries are over the tables of the one before.
func (s *shadows) use(ctx context.Context, c *conn, tables []*catalog.Table) error {
	sh, mine, evicted := s.claim(shadowKey(tables))
	// Others may wait for these tables or have left the old ones behind, so
	// this caller's cancellation doesn't decide.
	keep := context.WithoutCancel(ctx)
	for _, old := range evicted {
		if err := c.exec(keep, "DETACH "+old); err != nil {
			s.leave(sh)
			return err
		}
	}
	if mine {
		sh.err = sh.build(keep, c, tables)
		close(sh.ready)
	}
	<-sh.ready
	if sh.err != nil {
		s.leave(sh)
		return sh.err
	}
	if sh == c.using { // which counts as one use already
		s.leave(sh)
		return nil
	}
	if err := c.exec(ctx, "USE "+sh.name); err != nil {
		s.leave(sh)
		return err
	}
	if c.using != nil {
		s.leave(c.using)
	}
	c.using = sh
	return nil
}

// claim finds or makes the entry of a set of tables; mine is true when the
// caller must build it. evicted names catalogs to detach.
func (s *shadows) claim(key string) (sh *shadow, mine bool, evicted []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if el, ok := s.byKey[key]; ok {
		s.recent.MoveToFront(el)
		sh = el.Value.(*shadow)
		sh.users++
		return sh, false, nil
	}
	s.serial++
	sh = &shadow{key: key, name: fmt.Sprintf("shadow_%d", s.serial), users: 1, ready: make(chan struct{})}
	s.byKey[key] = s.recent.PushFront(sh)
	for el := s.recent.Back(); el != nil && s.recent.Len() > maxShadows; {
		prev, old := el.Prev(), el.Value.(*shadow)
		if old.users == 0 {
			delete(s.byKey, old.key)
			s.recent.Remove(el)
			evicted = append(evicted, old.name)
		}
		el = prev
	}
	return sh, true, evicted
}

// leave ends one use; a set that could not be built is forgotten.
func (s *shadows) leave(sh *shadow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh.users--
	if el, ok := s.byKey[sh.key]; ok && sh.err != nil && el.Value == sh {
		delete(s.byKey, sh.key)
		s.recent.Remove(el)
	}
}

// build makes the catalog and its tables.
func (sh *shadow) build(ctx context.Context, c *conn, tables []*catalog.Table) error {
	if err := c.exec(ctx, "ATTACH ':memory:' AS "+sh.name); err != nil {
		return err
	}
	for _, t := range tables {
		schema := sh.name + "." + sqltext.Quote(t.Schema.Name)
		if err := c.exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+schema); err != nil {
			return sh.undo(ctx, c, err)
		}
		if err := c.exec(ctx, "CREATE TABLE "+schema+"."+sqltext.Quote(t.Name)+" "+columnList(t)); err != nil {
			return sh.undo(ctx, c, err)
		}
	}
	return nil
}

func (sh *shadow) undo(ctx context.Context, c *conn, err error) error {
	if again := c.exec(ctx, "DETACH "+sh.name); again != nil {
		return fmt.Errorf("%w; and detaching: %w", err, again)
	}
	return err
}

// columnList writes a table's columns as in CREATE TABLE.
func columnList(t *catalog.Table) string {
	var b strings.Builder
	for i := range t.Columns {
		b.WriteString(map[bool]string{true: "(", false: ", "}[i == 0])
		b.WriteString(sqltext.Quote(t.Columns[i].Name) + " " + t.Columns[i].Type.SQL())
	}
	return b.String() + ")"
}

func shadowKey(tables []*catalog.Table) string {
	var b strings.Builder
	for _, t := range tables {
		b.WriteString(t.Schema.Name + "\x00" + t.Name + "\x00")
		for i := range t.Columns {
			b.WriteString(t.Columns[i].Name)
			b.WriteByte(0)
			b.WriteByte(byte(t.Columns[i].Type))
		}
		b.WriteByte(1)
	}
	return b.String()
}
