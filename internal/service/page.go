package service

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// page is a page of a query's result whose cost goes into the request's account.
type page struct {
	*reading.Page
	request *Request
	// streams are what it is read from, until their cost is settled.
	streams []*stream
}

// Page reads a part of a bound query's rows. key are the result's columns, by
// position, that tell rows apart. One stream may give the rows of many requests;
// each of them is charged with what its own page took.
func (r *Request) Page(ctx context.Context, q *query.Query, key []int, w reading.Want) (reading.Rows, error) {
	r.reads(q)
	p := &page{request: r}
	c, caller := r.connection, r.session.caller.Identity()
	var err error
	p.Page, err = r.session.service.config.Readings.Page(ctx, reading.Target{
		Scope: func() string { return scopeOf(c, caller, q) }, Caller: caller, Source: c.Executor, Key: key,
		Open: func(ctx context.Context, at reading.Start) (reading.Stream, error) { return p.open(ctx, q, w, at) },
	}, w)
	if err != nil {
		p.settle()
		return nil, err
	}
	p.charge()
	return p, nil
}

// charge has what the page's stream takes go into the request's account.
func (p *page) charge() {
	if st, ok := p.Stream().(*stream); ok && !slices.Contains(p.streams, st) {
		p.streams = append(p.streams, st)
	}
}

// Next implements scan.Batches. The cost is settled before the stream can be
// parked, for another request may take it from then on.
func (p *page) Next(ctx context.Context) (scan.Batch, error) {
	b, err := p.Page.Next(ctx)
	if err != nil {
		p.settle()
	}
	return b, err
}

// CountRest implements reading.Rows.
func (p *page) CountRest(ctx context.Context) (int64, error) {
	p.charge()
	defer p.settle()
	return p.Page.CountRest(ctx)
}

// Close implements scan.Batches.
func (p *page) Close() {
	p.Page.Close()
	p.settle()
}

func (p *page) settle() {
	p.request.mu.Lock()
	defer p.request.mu.Unlock()
	for _, st := range p.streams {
		st.settle(&p.request.paged)
	}
	p.streams = nil
}

// open starts a stream for the page and those behind it.
func (p *page) open(ctx context.Context, q *query.Query, w reading.Want, at reading.Start) (reading.Stream, error) {
	st := &stream{}
	ctx, st.calls = observe.WithCalls(ctx)
	ctx, st.stats = exec.WithStats(ctx)
	p.streams = append(p.streams, st)
	p.request.mu.Lock()
	p.request.pages = append(p.request.pages, st.stats)
	p.request.mu.Unlock()
	o := exec.Options{Resume: at.Cursor, Path: at.Path}
	switch {
	case w.Optional:
		o.OrderedAbove = w.Rows
	case w.Rows > 0 || w.Skip > 0 || w.From != nil:
		o.Ordered = true
	}
	if w.Ending == reading.Skipped && w.From == nil {
		o.Expect = max(w.Skip+w.Rows, w.Expect)
	}
	found, err := p.request.execute(ctx, q, o)
	if err != nil {
		return reading.Stream{}, err
	}
	st.Rows = found
	return reading.Stream{Rows: st, Ordered: found.Ordered, Path: found.Path}, nil
}

// stream is what pages are read from, with what it took so far.
type stream struct {
	scan.Rows
	calls *observe.Calls
	stats *exec.Stats
	// settled is in the records of pages before.
	settled tally
}

// settle adds what the stream took since it was called last.
func (s *stream) settle(to *tally) {
	now := tally{s.calls.Made(), s.stats.Fetched(), s.stats.Pushed(), s.stats.Residual()}
	to.calls += now.calls - s.settled.calls
	to.fetched += now.fetched - s.settled.fetched
	to.pushed += now.pushed - s.settled.pushed
	to.residual += now.residual - s.settled.residual
	s.settled = now
}

// scopeOf is equal for requests of one caller that read the same rows in the
// same columns with the same rights.
func scopeOf(c *Database, caller string, q *query.Query) string {
	h := sha256.New()
	fmt.Fprintf(h, "%p %q %q %q %v %v\n", c.Executor, c.Name, caller, q.SQL, q.Parameters, q.Columns)
	if p := q.Plain; p != nil {
		fmt.Fprintf(h, "%v %q %d %d %t\n", p.Project, p.FilterSQL, p.Offset, p.Limit, p.Empty)
	}
	for i := range q.Accesses {
		writeAccess(h, &q.Accesses[i])
	}
	for _, l := range q.Late {
		fmt.Fprintf(h, "%d %q %q %t", l.At, l.Key, l.Column, l.List)
		writeTable(h, l.Table)
	}
	return string(h.Sum(nil))
}

func writeAccess(h io.Writer, a *query.Access) {
	fmt.Fprintf(h, "%v", a.Where)
	for _, c := range a.Columns {
		fmt.Fprintf(h, " %q %v", a.Table.Columns[c].Name, a.Table.Columns[c].Type)
	}
	writeTable(h, a.Table)
}

// writeTable tells a table and what restricts the caller there.
func writeTable(h io.Writer, t *catalog.Table) {
	fmt.Fprintf(h, " %q", t.Name)
	if t.Schema != nil {
		fmt.Fprintf(h, " %q %q", t.Schema.Name, t.Schema.ID)
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
	for _, m := range t.Members {
		writeTable(h, m)
	}
}
