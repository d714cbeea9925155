//go:build duckdb_arrow

package duck

import (
	"context"
	"errors"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/pool"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
)

// planner is an engine process in which one statement is planned, over empty
// tables that no other caller's statement ever sees.
type planner struct{ lease *pool.Lease }

// planner takes a process; give it back with release.
func (e *Engine) planner(ctx context.Context, tables []*catalog.Table) (planner, error) {
	l, err := e.pool.Lease(ctx, tablesKey(tables), false)
	return planner{l}, err
}

func (p planner) release() { p.lease.Release() }

// call sends a request of strings.
func (p planner) call(ctx context.Context, kind wire.Kind, args ...string) ([][]byte, error) {
	return p.lease.Call(ctx, func(c *wire.Conn, number uint32) error { return c.SendStrings(kind, number, args...) })
}

// ask runs a statement of one parameter in one of the process's databases and
// returns the values of the last column of its result.
func (p planner) ask(ctx context.Context, database, sql, parameter string) ([][]byte, error) {
	return p.call(ctx, wire.Ask, database, sql, parameter)
}

// texts runs a statement and returns the values of the last column of its
// result, which must be text; nulls are "".
func (p planner) texts(ctx context.Context, sql string) ([]string, error) {
	out, err := p.call(ctx, wire.Texts, sql)
	return asStrings(out), err
}

func asStrings(parts [][]byte) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = string(p)
	}
	return out
}

// describe gives the names and SQL types of a statement's result.
func (p planner) describe(ctx context.Context, sql string) (names, types []string, err error) {
	parts, err := p.call(ctx, wire.Describe, sql)
	if err != nil {
		return nil, nil, err
	}
	out := asStrings(parts)
	if len(out)%2 != 0 {
		return nil, nil, errors.New("duck: a column without a type")
	}
	return out[:len(out)/2], out[len(out)/2:], nil
}

// show makes the process see the tables and only those.
func (p planner) show(ctx context.Context, tables []*catalog.Table) error {
	key := tablesKey(tables)
	if p.lease.Key() == key {
		return nil
	}
	told := make([]wire.Table, len(tables))
	for i, t := range tables {
		told[i] = wire.TableOf(t)
	}
	p.lease.Keep("") // until it is done
	_, err := p.lease.Call(ctx, func(c *wire.Conn, number uint32) error { return c.SendJSON(wire.Tables, number, told) })
	if err == nil {
		p.lease.Keep(key)
	}
	return err
}

// tablesKey is equal for sets of tables that look the same to the engine.
func tablesKey(tables []*catalog.Table) string {
	var b strings.Builder
	b.WriteByte('t')
	for _, t := range tables {
		b.WriteString(t.Schema.EngineName() + "\x00" + t.Name + "\x00")
		for i := range t.Columns {
			b.WriteString(t.Columns[i].Name)
			b.WriteByte(0)
			b.WriteByte(byte(t.Columns[i].Type))
		}
		b.WriteByte(1)
	}
	return b.String()
}
