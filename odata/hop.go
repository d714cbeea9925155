package odata

import (
	"context"
	"errors"
	"io"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

var (
	errNoEntity = gwerr.New(gwerr.NotFound, "There is no such entity.", "")
	// errNoTarget says that a single-valued navigation leads nowhere.
	errNoTarget = errors.New("odata: the navigation property is null")
)

// follow reads the rows that the address goes through and returns the
// condition that the last of them puts on the resource, nil if there are
// none. Rows whose value the address tells are not read.
func (q *request) follow(ctx context.Context) (predicate.Expr, error) {
	var link predicate.Expr
	var values []predicate.Value
	for i := range q.resource.Hops {
		hop := &q.resource.Hops[i]
		switch {
		case hop.Known != nil:
			values = hop.Known
		case i > 0 && hop.OnlyLinked() && q.resource.Hops[i-1].Link.TargetColumn == hop.Link.Column: // the values that led here lead on
		default:
			var err error
			if values, err = q.readHop(ctx, hop, link); err != nil {
				return nil, err
			}
			if values == nil {
				return nil, errNoTarget
			}
		}
		link = model.Link(hop.Link, values...)
	}
	return link, nil
}

// readHop reads the values of a hop's link, nil where one is null; the error is
// gwerr.NotFound if there is no such row.
func (q *request) readHop(ctx context.Context, hop *model.Hop, link predicate.Expr) ([]predicate.Value, error) {
	r := hop.Resource(q.schema)
	bound, err := r.Rows(ctx, q, link, -1)
	if err != nil {
		return nil, err
	}
	rows, err := q.Query(ctx, bound)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	batch, err := firstRow(ctx, rows)
	if errors.Is(err, io.EOF) {
		return nil, errNoEntity
	}
	if err != nil {
		return nil, err
	}
	defer batch.Record.Release()
	var values []predicate.Value
	for i, column := range hop.Link.With(hop.Link.TargetColumn) {
		text, null, err := encode.KeyText(r.Type(i), batch.Record, i, 0)
		if err != nil || null {
			return nil, err
		}
		values = append(values, model.TypedValue(hop.Link.Target.Column(column).Type, text))
	}
	return values, nil
}

// exists checks, for a resource without rows, that the entity before it is
// there, if it was not read. Without it the answer is "not found".
func (q *request) exists(ctx context.Context) error {
	hops := q.resource.Hops
	if len(hops) == 0 || hops[len(hops)-1].Known == nil {
		return nil
	}
	_, err := q.readHop(ctx, &hops[len(hops)-1], nil)
	return err
}
