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
	var link predicate.Expr // the link so far is the only condition on a row without key
	for i := range q.resource.Hops {
		hop := &q.resource.Hops[i]
		if hop.Known != nil {
			link = model.Link(hop.Link, *hop.Known)
			continue
		}
		if on, ok := link.(predicate.Cmp); ok && hop.OnlyLinked() && on.Column == hop.Link.Column {
			link = model.Link(hop.Link, on.Value)
			continue
		}
		text, null, err := q.readHop(ctx, hop, link)
		if err != nil {
			return nil, err
		}
		if null {
			return nil, errNoTarget
		}
		column := hop.Link.Target.Column(hop.Link.TargetColumn)
		link = model.Link(hop.Link, model.TypedValue(column.Type, text))
	}
	return link, nil
}

// readHop reads the value of a hop's link; the error is gwerr.NotFound if
// there is no such row.
func (q *request) readHop(ctx context.Context, hop *model.Hop, link predicate.Expr) (text string, null bool, err error) {
	r := hop.Resource(q.schema)
	rows, err := q.Query(ctx, r.Query(link, -1))
	if err != nil {
		return "", false, err
	}
	defer rows.Close()
	for {
		batch, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return "", false, errNoEntity
		}
		if err != nil {
			return "", false, err
		}
		if batch.Record.NumRows() > 0 {
			text, null, err = encode.KeyText(hop.Table.Column(hop.Link.Column).Type, batch.Record, 0, 0)
			batch.Record.Release()
			return text, null, err
		}
		batch.Record.Release()
	}
}

// exists checks, for a resource without rows, that the entity before it is
// there, if it was not read. Without it the answer is "not found".
func (q *request) exists(ctx context.Context) error {
	hops := q.resource.Hops
	if len(hops) == 0 || hops[len(hops)-1].Known == nil {
		return nil
	}
	_, _, err := q.readHop(ctx, &hops[len(hops)-1], nil)
	return err
}
