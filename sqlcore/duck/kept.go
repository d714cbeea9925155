//go:build duckdb_arrow

package duck

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/dialect"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// The bounds of what is kept: statements, the bytes of one text, and the views
// of callers on one text.
const (
	maxKept      = 512
	maxKeptBytes = 16 << 10
	maxViews     = 8
)

// kept holds statements that the engine has planned. A statement is found by
// its text, with the values in place of those parameters on which the plan
// depends, and holds as long as the caller sees the same schemas: a catalogue
// that was read again has other ones, and so has a caller with other rights.
type kept struct {
	texts   *lru.Cache[keptText, []*keptQuery]
	planned atomic.Int64 // how often the engine was asked
}

// keptText is what a statement says; names without a schema belong to the
// default one.
type keptText struct{ sql, defaults, catalogs string }

// keptQuery is a planned statement as one view of the catalogue has it.
type keptQuery struct {
	names   []catalog.SchemaName
	schemas map[string]*catalog.Schema // by the names by which they were asked for
	query   *query.Query               // nil where a parameter may not stay open
	types   []catalog.Type             // of the open parameters
}

func newKept() (*kept, error) {
	texts, err := lru.New[keptText, []*keptQuery](maxKept)
	return &kept{texts: texts}, err
}

// changing are the functions whose value changes from run to run. The plan has
// some of them as constants, so that a statement with one is planned each time.
var changing = []string{
	"age", "current_date", "current_localtime", "current_localtimestamp", "current_time", "current_timestamp",
	"gen_random_uuid", "get_current_time", "get_current_timestamp", "localtime", "localtimestamp", "now", "random",
	"setseed", "today", "transaction_timestamp", "uuid", "uuidv4", "uuidv7",
}

// changes reports whether the statement may call one of those functions.
func (b *binder) changes() bool {
	for i, t := range b.tokens {
		name := strings.ToLower(t.Name())
		if dialect.Changing(name) {
			return true
		}
		if _, found := slices.BinarySearch(changing, name); !found {
			continue
		}
		called := i+1 < len(b.tokens) && b.tokens[i+1].Is("(")
		if called || strings.HasPrefix(name, "current_") || strings.HasPrefix(name, "localtime") {
			return true
		}
	}
	return false
}

// bind gives the query that is kept for the statement, or else what plan gives.
func (k *kept) bind(ctx context.Context, b *binder, plan func() (*query.Query, error)) (*query.Query, error) {
	if len(b.sql) > maxKeptBytes || b.changes() {
		k.planned.Add(1)
		return plan()
	}
	text := keptText{b.sql, b.req.Provider.Default(), strings.ToLower(strings.Join(b.req.Catalogs, "\x00"))}
	views, _ := k.texts.Get(text)
	for _, v := range views {
		if v.holds(ctx, b) {
			return v.bound(b.open)
		}
	}
	k.planned.Add(1)
	q, err := plan()
	switch {
	case err == nil && b.changed:
		return (&keptQuery{query: q, types: b.types}).bound(b.open)
	case err == nil:
	case len(b.open) > 0 && refuses(err):
		q = nil // it may be the parameters' fault
	default:
		return nil, err
	}
	v := &keptQuery{names: b.names, schemas: maps.Clone(b.schemas), query: q, types: b.types}
	k.texts.Add(text, append([]*keptQuery{v}, views[:min(len(views), maxViews-1)]...))
	return v.bound(b.open)
}

// refuses tells of an error that says that the statement can't be planned,
// rather than that it could not be tried.
func refuses(err error) bool {
	status := gwerr.From(err).Kind().HTTP
	return errors.Is(err, errOpen) || status >= http.StatusBadRequest && status < http.StatusTooManyRequests || status == http.StatusNotImplemented
}

// bound gives the query with the values of the open parameters, or errOpen where
// the statement must be planned with a value in its text.
func (v *keptQuery) bound(open []Parameter) (*query.Query, error) {
	if v.query == nil {
		return nil, errOpen
	}
	q := clone(v.query)
	if len(open) == 0 {
		return q, nil
	}
	values, ok := openValues(v.types, open)
	if !ok {
		return nil, errOpen
	}
	for i := range q.Accesses {
		q.Accesses[i].Where = predicate.Filled(q.Accesses[i].Where, values)
	}
	if q.SQL != "" {
		q.Parameters = values
	}
	return q, nil
}

// holds reports whether the caller sees what the statement was planned over.
func (v *keptQuery) holds(ctx context.Context, b *binder) bool {
	if !slices.Equal(v.names, b.names) {
		return false
	}
	for name, was := range v.schemas {
		// What fails here fails again when the statement is planned, which says so.
		if now, err := b.schema(ctx, name); err != nil || now != was {
			return false
		}
	}
	return true
}

// clone copies what callers of Bind may change.
func clone(q *query.Query) *query.Query {
	c := *q
	c.Accesses, c.Joins = slices.Clone(q.Accesses), slices.Clone(q.Joins)
	c.Columns, c.Late, c.Notes = slices.Clone(q.Columns), slices.Clone(q.Late), slices.Clone(q.Notes)
	if q.Plain != nil {
		plain := *q.Plain
		c.Plain = &plain
	}
	return &c
}
