//go:build duckdb_arrow

package service_test

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// pile is a source of the rows of Books, all in one batch, which counts how often it
// is read.
type pile struct {
	mu    sync.Mutex
	rows  [][]string
	scans int
}

// Scan implements scan.Source.
func (p *pile) Scan(_ context.Context, r scan.Request) (scan.Batches, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scans++
	b := array.NewRecordBuilder(memory.DefaultAllocator, r.Table.ArrowSchema(r.Columns))
	defer b.Release()
	for _, row := range p.rows {
		for i, c := range r.Columns {
			b.Field(i).(*array.StringBuilder).Append(row[c])
		}
	}
	return &heap{of: b.NewRecordBatch()}, nil
}

// Count implements scan.Source.
func (p *pile) Count(context.Context, scan.Request) (int64, bool, error) {
	return int64(len(p.rows)), true, nil
}

// Describe implements scan.Source.
func (*pile) Describe(r scan.Request) []scan.Call {
	return []scan.Call{{Method: "GET", Address: r.Path.List, Times: 1}}
}

func (p *pile) read() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.scans
	p.scans = 0
	return n
}

// heap is one batch.
type heap struct{ of arrow.RecordBatch }

// Next implements scan.Batches.
func (h *heap) Next(context.Context) (scan.Batch, error) {
	if h.of == nil {
		return scan.Batch{}, io.EOF
	}
	b := scan.Batch{Record: h.of}
	h.of = nil
	return b, nil
}

// Close implements scan.Batches.
func (h *heap) Close() {
	if h.of != nil {
		h.of.Release()
		h.of = nil
	}
}

// counter is a desk whose binder knows statements: each is a query of Books.
type counter struct {
	*desk
	pile  *pile
	town  *catalog.Schema
	books *catalog.Table
	mu    sync.Mutex
	// knows has what statements become; those that it hasn't are refused unless lenient.
	knows   map[string]func(*query.Query)
	lenient bool
	asked   []string
	seen    func(catalog.Provider) // what statements are bound over
}

func newCounter(t *testing.T, change func(*counter, *service.Config)) *counter {
	t.Helper()
	c := &counter{pile: &pile{rows: [][]string{{"b1", "Emma"}, {"b2", "Ulysses"}, {"b3", "Walden"}}}, knows: map[string]func(*query.Query){}}
	c.shelve()
	c.desk = newDesk(t, func(cfg *service.Config) {
		cfg.Binder = c
		cfg.Pool = one{service.Database{Name: "main", Provider: inTown{c}, Executor: exec.New(exec.Config{Source: c.pile}), MaxRows: 100}}
		if change != nil {
			change(c, cfg)
		}
	})
	return c
}

// shelve makes the schema anew, as when what it was read from has changed.
func (c *counter) shelve() {
	c.town = &catalog.Schema{Name: "Town", ID: "t1"}
	c.books = &catalog.Table{
		Name: "Books", Schema: c.town, Size: &catalog.Size{Path: "list"},
		Columns: []catalog.Column{{Name: "Id", Key: true, Required: true, Doc: "Its number."}, {Name: "Title"}},
		Paths:   []catalog.Path{{Name: "list", List: "books", CountExact: true}},
	}
	c.town.Tables = []*catalog.Table{c.books}
}

// Names implements catalog.Provider.
func (c *counter) Names(context.Context) ([]catalog.SchemaName, error) {
	return []catalog.SchemaName{{Name: "Town", ID: "t1"}}, nil
}

// Schema implements catalog.Provider.
func (c *counter) Schema(_ context.Context, name string) (*catalog.Schema, error) {
	if name != "Town" && name != "t1" && name != "" {
		return nil, gwerr.Newf(gwerr.UnknownSchema, "There is no schema named %q.", name)
	}
	return c.town, nil
}

// inTown is the catalog of a counter.
type inTown struct{ *counter }

// Default implements catalog.Provider.
func (inTown) Default() string { return "Town" }

// Bind implements service.Binder.
func (c *counter) Bind(_ context.Context, r duck.BindRequest) (*query.Query, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, r.SQL)
	if c.seen != nil {
		c.seen(r.Provider)
	}
	change, ok := c.knows[r.SQL]
	if !ok && !c.lenient {
		return nil, gwerr.New(gwerr.Syntax, "That is not a statement.", "").At(len(r.SQL) - 1)
	}
	q := c.all()
	if change != nil {
		change(q)
	}
	return q, nil
}

// View implements service.Binder for statements whose last word is what they read.
func (c *counter) View(ctx context.Context, r duck.BindRequest) (*query.Query, *catalog.View, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, r.SQL)
	words := strings.Fields(r.SQL)
	from := words[len(words)-1]
	views, err := r.Provider.Schema(ctx, catalog.UserViews)
	if err != nil {
		return nil, nil, err
	}
	town, err := r.Provider.Schema(ctx, "Town")
	if err != nil {
		return nil, nil, err
	}
	_, view := views.Table(from)
	_, table := town.Table(from)
	if !view && !table {
		if from == "Down" {
			return nil, nil, gwerr.New(gwerr.UpstreamFailed, "PingOne is down.", "")
		}
		return nil, nil, gwerr.Newf(gwerr.UnknownTable, "There is no table %s.", from).On(from)
	}
	q := c.all()
	if change := c.knows[r.SQL]; change != nil {
		change(q)
	}
	return q, &catalog.View{Text: r.SQL, SQL: r.SQL}, nil
}

// all is the query of all books.
func (c *counter) all() *query.Query {
	return &query.Query{
		Columns:  []query.Column{{Name: "Id", Type: catalog.String}, {Name: "Title", Type: catalog.String}},
		Plain:    &query.Plain{Project: []int{0, 1}},
		Accesses: []query.Access{{Alias: "Books", Table: c.books, Columns: []int{0, 1}, Where: predicate.True, WhereComplete: true}},
	}
}

// take gives the statements that were bound since the last time.
func (c *counter) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.asked
	c.asked = nil
	return out
}

// as begins a request of a caller of that name.
func (c *counter) as(t *testing.T, name, statement string, roles ...string) (context.Context, *service.Request) {
	t.Helper()
	caller := auth.NewAnonymous(roles...)
	caller.ID = name
	ctx, r, err := c.Open(auth.WithPrincipal(t.Context(), caller), "", "sql").Begin(t.Context(), statement)
	require.NoError(t, err)
	return ctx, r
}

// ask runs a statement of a caller to its end.
func (c *counter) ask(t *testing.T, name string, st query.Statement) (rows [][]string, a *query.Answer, err error) {
	t.Helper()
	ctx, r := c.as(t, name, st.SQL)
	defer func() { r.End(err) }()
	if a, err = r.SQL(ctx, st); err != nil {
		return nil, nil, err
	}
	err = scan.Each(ctx, a.Rows, func(rec arrow.RecordBatch) error {
		rows = append(rows, testkit.Texts(rec)...)
		return nil
	})
	return rows, a, err
}
