package odata

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// startCount counts beside the query, where that is asked for on a first page, and the
// rows don't tell. The channel gives one error or nil.
func (f *feed) startCount(ctx context.Context) (_ <-chan error, err error) {
	done := make(chan error, 1)
	switch {
	case f.from != nil:
		f.countedInRows = f.from.InRows && f.resource.CountInRows()
	case !f.resource.CountWanted || f.file != nil:
	case f.empty:
		f.count = 0
	case f.countsItself() && !f.resource.Sorted():
		f.countedLast = true
	default: // what is sorted has been read when its first row is sent
		f.count = 0
		if f.countedInRows, err = f.countsInRows(ctx); err != nil {
			return nil, err
		}
		switch {
		case f.countedInRows:
		case f.countsItself():
			f.countedLast, f.count = true, -1
		default:
			f.startCounting(ctx, done)
			return done, nil
		}
	}
	done <- nil
	return done, nil
}

func (f *feed) startCounting(ctx context.Context, done chan<- error) {
	count := f.counting(f.link)
	go func() {
		done <- safely.Do(ctx, f.h.cfg.Sink, observe.InCount, func() (err error) {
			f.count, err = count(ctx)
			return err
		})
	}()
}

// countsInRows has the rows of a page tell their number where the source doesn't: to
// count them takes reading them all.
func (f *feed) countsInRows(ctx context.Context) (bool, error) {
	if f.limit == 0 || f.page == 0 && f.limit < 0 {
		return false, nil
	}
	switch {
	case f.resource.CountReads():
		return f.resource.CountInRows(), nil
	case f.resource.CountedByEngine():
		return false, nil // it is the table's
	}
	told, err := f.CountTold(ctx, f.resource.CountQuery(f.link))
	return err == nil && !told && f.resource.CountInRows(), err
}

// takeCount reads the number of rows from the first of them.
func (f *feed) takeCount(ctx context.Context, first scan.Batch, none bool) (err error) {
	switch {
	case !f.countedInRows || f.from != nil:
	case !none:
		n, ok := first.Record.Column(int(first.Record.NumCols()) - 1).(*array.Int64)
		if !ok {
			return gwerr.New(gwerr.Internal, "The rows don't tell their number.", "")
		}
		f.count = n.Value(0)
	case f.resource.Skip != nil: // behind the last row
		f.count, err = f.counting(f.link)(ctx)
	}
	return err
}

// countsItself tells whether the rows sent are those counted, unless pages follow:
// a count of its own would test the condition on the same rows once more. A client
// that asks for streaming has the count first.
//
// Source: OData JSON Format 4.01, section 4.4 (payload ordering constraints).
func (f *feed) countsItself() bool {
	return f.limit < 0 && f.resource.Skip == nil && f.prefer.pageRows == 0 && !f.format.streaming && f.resource.Conditional()
}

// lateCount is the number of rows when those of this answer are sent: with them or, in
// pages, with what the source tells or the reading has behind them.
func (f *feed) lateCount(ctx context.Context) (int64, error) {
	if f.rows == nil || !f.rows.More() {
		return f.sent, nil
	}
	if !f.resource.CountedByEngine() {
		query := f.resource.CountQuery(f.link)
		told, err := f.CountTold(ctx, query)
		if err != nil {
			return 0, err
		}
		if told {
			return f.Count(ctx, query)
		}
	}
	rest, err := f.rows.CountRest(ctx)
	return f.sent + rest, err
}
