package change

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Writer makes calls that change something.
type Writer interface {
	// Write makes the call and returns the values that the answer has for columns
	// of the call's table, in their order; nil where it tells nothing of the row. A call
	// that Creates is never repeated once it may have been received. The error is
	// gwerr.OutcomeUnknown where no answer tells whether it was carried out. Others are gwerr.InvalidValue and gwerr.Conflict
	// for what the service refuses, and those of reading.
	Write(ctx context.Context, c Call, columns []int) ([]json.RawMessage, error)
}

// Limits bound a change.
type Limits struct {
	// Rows is the number of rows that may change; 0 means no bound.
	Rows int64
}

// Collect reads the rows to change. rows may be nil for an insert of Values. The
// error is gwerr.LimitExceeded, with their number, where there are too many.
func (c *Change) Collect(ctx context.Context, rows scan.Batches, l Limits) ([]Row, error) {
	if rows == nil {
		return []Row{{Becomes: c.Values}}, nil
	}
	var out []Row
	n := int64(0)
	err := scan.Each(ctx, rows, func(rec arrow.RecordBatch) error {
		for i := range int(rec.NumRows()) {
			if n++; l.Rows == 0 || n <= l.Rows {
				out = append(out, c.row(rec, i))
			}
		}
		return nil
	})
	if err != nil {
		return nil, c.Named(err)
	}
	if l.Rows > 0 && n > l.Rows {
		return nil, gwerr.Newf(gwerr.LimitExceeded, "The statement would change %d rows; %d are allowed. Nothing was changed.", n, l.Rows).
			WithHint("Narrow the condition, change the rows in portions, or raise MaxAffectedRows of the connection.")
	}
	return out, nil
}

// row takes a row out of a batch.
func (c *Change) row(rec arrow.RecordBatch, i int) Row {
	var r Row
	for at, column := range c.Reads {
		r.Is = append(r.Is, value(rec.Column(at), i, c.Table.Columns[column].Type))
	}
	if c.Values != nil {
		r.Becomes = c.Values
		return r
	}
	for at, column := range c.Assigned {
		r.Becomes = append(r.Becomes, value(rec.Column(len(c.Reads)+at), i, c.Table.Columns[column].Type))
	}
	return r
}

// Done is what became of a change.
type Done struct {
	// Rows are those that changed, with a value for each of Answer.
	Rows [][]json.RawMessage
	// Calls is the number of calls made.
	Calls int
}

// Answer are the columns of what a change answers: those asked for, or else the
// key.
func (c *Change) Answer() []int {
	if len(c.Returning) > 0 {
		return c.Returning
	}
	return c.Table.Key()
}

// Reader reads columns of the row with that key; nil if it is not there.
type Reader func(ctx context.Context, key map[string]string, columns []int) ([]json.RawMessage, error)

// Run changes the rows one after the other, once all of them were looked at. It
// stops at the first failure; the error says then what was done. read answers
// what RETURNING asks of updated rows, and tables is asked for the environments of
// rows of a union.
func (c *Change) Run(ctx context.Context, w Writer, rows []Row, read Reader, tables Tables) (*Done, error) {
	parts, err := c.parts(ctx, rows, tables)
	if err != nil {
		return nil, err
	}
	done := &Done{}
	for i := range parts {
		p := &parts[i]
		answer, made, err := p.one(ctx, w, p.row, p.calls)
		done.Calls += made
		if err != nil {
			return done, partly(err, i, len(rows), p.calls[:made], false)
		}
		answer = c.united(p, answer)
		if c.Kind == Update && len(c.Returning) > 0 {
			if answer, err = read(ctx, c.keys(rows[i]), c.Returning); err != nil {
				return done, partly(err, i+1, len(rows), nil, true)
			}
		}
		done.Rows = append(done.Rows, answer)
	}
	return done, nil
}

// one makes the calls for a row, and returns what is known of it and how many
// calls succeeded.
func (c *Change) one(ctx context.Context, w Writer, row Row, calls []Call) (answer []json.RawMessage, made int, err error) {
	known := c.known(row)
	columns := c.Answer()
	answer = make([]json.RawMessage, len(columns))
	for _, call := range calls {
		if c.Kind == Insert {
			for at, v := range known {
				call.Keys[c.Table.Columns[at].Name] = asText(v)
			}
		}
		var wanted []int
		if call.Creates {
			wanted = append(c.Table.Key(), c.Returning...)
		}
		told, err := w.Write(ctx, call, c.whole(wanted))
		if err != nil {
			return nil, made, err
		}
		made++
		for i := range told {
			if told[i] != nil {
				known[wanted[i]] = told[i]
			}
		}
		for i, at := range c.Assigned { // what this call has set since the row was made
			if call.AfterInsert && slices.Contains(call.Columns, c.Table.Columns[at].Name) {
				known[at] = row.Becomes[i]
			}
		}
	}
	for i, at := range columns {
		answer[i] = known[at]
	}
	return answer, made, nil
}

// whole gives positions in the whole table of columns that the caller sees.
func (c *Change) whole(columns []int) []int {
	out := make([]int, len(columns))
	for i, at := range columns {
		out[i] = c.Table.Whole().Index(c.Table.Columns[at].Name)
	}
	return out
}

// known are the values of a row that the change itself tells.
func (c *Change) known(row Row) map[int]json.RawMessage {
	out := map[int]json.RawMessage{}
	for i, at := range c.Reads {
		out[at] = row.Is[i]
	}
	if c.Kind == Insert {
		for i, at := range c.Assigned {
			out[at] = row.Becomes[i]
		}
	}
	return out
}

func nothingDone(err error, at, of int) error {
	if of > 1 {
		return gwerr.In(fmt.Sprintf("Nothing was changed, because of row %d of %d", at+1, of), err)
	}
	return gwerr.From(err)
}

// partly says what was done before the failure: of the row after those done or, where
// that one is only to be read again, of the last of them.
func partly(err error, done, of int, calls []Call, unread bool) error {
	if done == 0 && len(calls) == 0 && of == 1 {
		return err
	}
	e := *gwerr.From(err)
	row, what := done+1, "Row %d: %s"
	if unread {
		row, what = done, "Row %d can't be read again: %s"
	}
	said := fmt.Sprintf("%d of %d rows were changed.", done, of)
	if e.Code == gwerr.OutcomeUnknown { // the next one, too, perhaps
		said = fmt.Sprintf("%d of %d rows are known to be changed.", done, of)
	}
	if len(calls) > 0 {
		said += fmt.Sprintf(" Of row %d, %s was done.", row, calls)
	}
	switch left := of - row; {
	case left == 1:
		said += " The one after it was not tried."
	case left > 1:
		said += fmt.Sprintf(" The %d after it were not tried.", left)
	}
	return gwerr.Wrap(e.Code, err, said+" "+fmt.Sprintf(what, row, e.Message), e.Hint).On(e.Target).After(e.RetryAfter)
}

// columns are those of the answer.
func (c *Change) columns() []catalog.Column {
	var out []catalog.Column
	for _, at := range c.Answer() {
		out = append(out, c.Table.Columns[at])
	}
	return out
}
