package service

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Page is a page of a query's result while it is being accounted for.
type Page struct {
	rows
	page *reading.Page
}

// Rest tells where the page behind this one begins; see reading.Page.
func (p *Page) Rest() (reading.Place, bool) { return p.page.Rest() }

// Discard says that the answer did not arrive.
func (p *Page) Discard() { p.page.Discard() }

// Page reads a part of a bound query's rows. key are the result's columns, by
// position, that tell rows apart. Each page is admitted, limited and recorded
// as a query of its own, though one stream may give the rows of many.
func (s *Service) Page(ctx context.Context, connection, frontEnd, statement string, q *query.Query, key []int, w reading.Want) (*Page, error) {
	c, _, err := s.connection(ctx, connection)
	if err != nil {
		return nil, err
	}
	r, err := s.begin(ctx, c, work{"query", frontEnd, statement})
	if err != nil {
		return nil, err
	}
	r.bound(q)
	caller := auth.FromContext(ctx).Identity()
	p, err := s.config.Readings.Page(r.ctx, reading.Target{
		Scope: scopeOf(c, caller, q), Caller: caller, Source: c.Executor, Key: key,
		Open: func(ctx context.Context, at reading.Start) (reading.Stream, error) { return r.open(ctx, c, q, w, at) },
	}, w)
	if err != nil {
		return nil, r.finish(err)
	}
	if st, ok := p.Stream().(*stream); ok && !slices.Contains(r.streams, st) {
		r.streams = append(r.streams, st)
	}
	return &Page{rows: rows{Rows: p, run: r}, page: p}, nil
}

// open starts a stream for the page and those behind it.
func (r *run) open(ctx context.Context, c *Connection, q *query.Query, w reading.Want, at reading.Start) (reading.Stream, error) {
	st := &stream{calls: func() int64 { return 0 }}
	if c.Calls != nil {
		ctx, st.calls = c.Calls(ctx)
	}
	ctx, st.stats = exec.WithStats(ctx)
	r.streams = append(r.streams, st)
	o := exec.Options{Resume: at.Cursor, Path: at.Path}
	switch {
	case w.Optional:
		o.OrderedAbove = w.Rows
	case w.Rows > 0 || w.Skip > 0 || w.From != nil:
		o.Ordered = true
	}
	if w.Ending == reading.Skipped && w.From == nil {
		o.Expect = w.Skip + w.Rows
	}
	found, err := r.service.execute(ctx, c, q, o)
	if err != nil {
		return reading.Stream{}, err
	}
	st.Rows = found
	return reading.Stream{Rows: st, Ordered: found.Ordered, Path: found.Path}, nil
}

// stream is what pages are read from, with what it took so far.
type stream struct {
	scan.Rows
	calls func() int64
	stats *exec.Stats
	// settledCalls and settledRows are in the records of pages before.
	settledCalls, settledRows int64
}

// settle returns the calls, and the rows fetched, since it was called last.
func (s *stream) settle() (calls, rows int64) {
	allCalls, allRows := s.calls(), s.stats.Fetched()
	calls, rows = allCalls-s.settledCalls, allRows-s.settledRows
	s.settledCalls, s.settledRows = allCalls, allRows
	return calls, rows
}

// scopeOf is equal for requests of one caller that read the same rows in the
// same columns with the same rights. The limit doesn't matter: a query that has
// one is not read in pages.
func scopeOf(c *Connection, caller string, q *query.Query) string {
	h := sha256.New()
	fmt.Fprintf(h, "%p %q %q %q %v %v\n", c.Executor, c.Name, caller, q.SQL, q.Parameters, q.Columns)
	if p := q.Plain; p != nil {
		fmt.Fprintf(h, "%v %q\n", p.Project, p.FilterSQL)
	}
	for i := range q.Accesses {
		writeAccess(h, &q.Accesses[i])
	}
	return string(h.Sum(nil))
}

func writeAccess(h io.Writer, a *query.Access) {
	t := a.Table
	fmt.Fprintf(h, "%q %v", t.Name, a.Where)
	if t.Schema != nil {
		fmt.Fprintf(h, " %q %q", t.Schema.Name, t.Schema.ID)
	}
	for _, c := range a.Columns {
		fmt.Fprintf(h, " %q %v", t.Columns[c].Name, t.Columns[c].Type)
	}
	if r := t.Restriction; r != nil {
		var masks []string
		for name, m := range r.Masks {
			masks = append(masks, fmt.Sprintf("%q %v", name, m))
		}
		slices.Sort(masks)
		fmt.Fprintf(h, " %v %q %s %x", r.Where, r.FilterSQL, strings.Join(masks, ","), r.HashKey)
	}
	_, _ = io.WriteString(h, "\n")
}
